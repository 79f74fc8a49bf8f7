#include "build/build_systems_internal.h"

#include "base/hash_map.h"
#include "build/compiler_wrappers_internal.h"
#include "build/paths.h"
#include "build/program_list_internal.h"
#include "build/step_internal.h"
#include "build/tree_copy_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

char *build_cache_path(char *const *environment)
{
	struct environment copy;
	const char *cache, *home;
	char *path = NULL;

	environment_init(&copy, environment);
	cache = environment_value(&copy, "XDG_CACHE_HOME");
	home = environment_value(&copy, "HOME");
	/* XDG Base Directory Specification: relative paths are to be ignored. */
	if (cache && cache[0] == '/')
		path = memory_format_text("%s/perf-profile/build", cache);
	else if (home && home[0] == '/')
		path = memory_format_text("%s/.cache/perf-profile/build", home);
	environment_deinit(&copy);
	return path;
}

struct build_step *build_plan_add_step(struct build_plan *plan, const char *folder_path,
				       const char *const *words)
{
	struct build_step *step = build_step_vector_append_new(&plan->steps);

	step->folder_path = memory_duplicate_text(folder_path);
	for (; *words; words++)
		build_step_add(step, *words);
	return step;
}

void build_step_add(struct build_step *step, const char *word)
{
	text_vector_append_copy(&step->argv, word);
}

void build_step_add_option(struct build_step *step, const char *option, const char *value)
{
	if (!value)
		return;
	build_step_add(step, option);
	build_step_add(step, value);
}

void build_step_add_jobs(struct build_step *step, const struct build_request *request)
{
	char number[16];

	if (!request->n_jobs)
		return;
	snprintf(number, sizeof(number), "%u", request->n_jobs);
	build_step_add_option(step, "-j", number);
}

void build_plan_note(struct build_plan *plan, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_vector_append_copy(&plan->notes, text);
}

char *build_plan_use_copy(struct build_plan *plan, const struct build_project *project)
{
	/* A project may use its neighbours in the repository. */
	char *top = path_find_upwards(project->source_path, ".git");

	plan->tree_path = top ? top : memory_duplicate_text(project->source_path);
	plan->copy_path = path_join(plan->folder_path, "source");
	return path_join(plan->copy_path, path_inside(project->source_path, plan->tree_path));
}

char *build_plan_compiler_flags(const struct build_plan *plan)
{
	/* The options are split at blanks later, and no quoting survives every build system. */
	if (!plan->copy_path || strpbrk(plan->copy_path, " \t\n'\"\\$") ||
	    strpbrk(plan->tree_path, " \t\n'\"\\$"))
		return memory_duplicate_text(BUILD_COMPILER_FLAGS);
	return memory_format_text("%s -ffile-prefix-map=%s=%s", BUILD_COMPILER_FLAGS,
				  plan->copy_path, plan->tree_path);
}

void build_plan_add_flags_to_environment(struct build_plan *plan)
{
	_cleanup_free_ char *flags = build_plan_compiler_flags(plan);

	environment_add(&plan->environment, "CFLAGS", ' ', flags);
	environment_add(&plan->environment, "CXXFLAGS", ' ', flags);
}

struct error *build_plan_create(const struct build_request *request,
				const struct build_project *project, struct build_plan **ret)
{
	struct build_plan *plan = memory_allocate(1, sizeof(*plan));
	struct error *error;

	plan->system = project->system;
	plan->folder_path =
		memory_format_text("%s/%s-%016" PRIx64, request->cache_path, project->system->name,
				   hash_text(project->source_path));
	plan->log_path = request->log_path ? memory_duplicate_text(request->log_path)
					   : path_join(plan->folder_path, "build.log");
	environment_init(&plan->environment, request->environment);
	if (project->program_path)
		plan->wanted_name = memory_duplicate_text(path_name(project->program_path));
	else if (request->program)
		plan->wanted_name = memory_duplicate_text(request->program);
	if (path_inside(plan->folder_path, project->source_path))
		error = error_with_hint(error_new(ERROR_UNSUPPORTED,
						  "the build folder '%s' would be inside the "
						  "project",
						  plan->folder_path),
					"set XDG_CACHE_HOME to a folder elsewhere");
	else
		error = project->system->plan(request, project, plan);
	if (error) {
		build_plan_destroy(plan);
		return error;
	}
	*ret = plan;
	return NULL;
}

void build_plan_destroy(struct build_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->steps.count; i++) {
		struct build_step *step = &plan->steps.items[i];

		text_vector_destroy_items(&step->argv);
		free(step->folder_path);
		free(step->stdout_path);
		free(step->unless_path);
	}
	build_step_vector_deinit(&plan->steps);
	text_vector_destroy_items(&plan->notes);
	environment_deinit(&plan->environment);
	free(plan->folder_path);
	free(plan->log_path);
	free(plan->tree_path);
	free(plan->copy_path);
	free(plan->wrapper_path);
	free(plan->output_path);
	free(plan->wanted_name);
	free(plan->wanted_path);
	free(plan);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path) != 0 && errno != ENOENT;
}

struct error *build_plan_clear(const struct build_plan *plan)
{
	if (nftw(plan->folder_path, remove_entry, /* nopenfd= */ 16, FTW_DEPTH | FTW_PHYS) != 0 &&
	    errno != ENOENT)
		return error_from_errno(errno, "cannot remove '%s'", plan->folder_path);
	return NULL;
}

/** Hold the plan's folder for us alone as long as @p descriptor_ret is open. */
static struct error *lock_folder(const struct build_plan *plan,
				 const struct build_listener *listener, int *descriptor_ret)
{
	_cleanup_free_ char *path = path_join(plan->folder_path, "lock");
	int descriptor;

	RETURN_IF_ERROR(path_make_folders(plan->folder_path));
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return error_from_errno(errno, "cannot make '%s'", path);
	if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
		if (listener->on_wait)
			listener->on_wait(listener->context);
		while (flock(descriptor, LOCK_EX) != 0) {
			if (errno == EINTR)
				continue;
			struct error *error = error_from_errno(errno, "cannot lock '%s'", path);

			close(descriptor);
			return error;
		}
	}
	*descriptor_ret = descriptor;
	return NULL;
}

static struct error *run_steps(struct build_plan *plan, const struct build_listener *listener)
{
	FILE *log = fopen(plan->log_path, "we");
	struct error *error = NULL;

	if (!log)
		return error_from_errno(errno, "cannot write '%s'", plan->log_path);
	for (size_t i = 0; i < plan->steps.count && !error; i++) {
		struct build_step *step = &plan->steps.items[i];

		if (step->unless_path && access(step->unless_path, F_OK) == 0)
			continue;
		if (listener->on_step)
			listener->on_step(listener->context, step);
		error = build_step_run(step, &plan->environment, log, listener);
	}
	fclose(log);
	return error_with_hint(error, "everything it said is in %s", plan->log_path);
}

struct error *build_plan_run(struct build_plan *plan, const struct build_listener *listener)
{
	struct error *error = NULL;
	int lock = -1;

	RETURN_IF_ERROR(lock_folder(plan, listener, &lock));
	if (plan->tree_path)
		error = tree_copy(plan->tree_path, plan->copy_path, plan->folder_path);
	if (!error && plan->wrapper_path)
		error = compiler_wrappers_write(plan);
	if (!error)
		error = run_steps(plan, listener);
	close(lock);
	return error;
}

struct error *build_plan_programs(const struct build_plan *plan, struct text_vector *paths_ret)
{
	struct text_vector found = { 0 };
	struct error *error = NULL;

	if (plan->system->list_programs)
		error = plan->system->list_programs(plan, &found);
	else
		program_list_find(plan->output_path, &found);
	if (!error)
		error = program_list_choose(plan, &found, paths_ret);
	text_vector_destroy_items(&found);
	return error;
}
