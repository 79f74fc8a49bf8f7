#include "cli/program_build.h"

#include "check/check.h"
#include "cli/terminal.h"
#include "object/object.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAST_LINES_MAX_BYTES 2000

struct build_request program_build_request(const char *program, const char *folder_path)
{
	return (struct build_request){
		.program = program,
		.folder_path = folder_path,
		.environment = environ,
		.has_color = terminal_has_color(stderr),
	};
}

static void show_output(void *context, const char *bytes, size_t size_bytes)
{
	(void)context;
	fwrite(bytes, 1, size_bytes, stderr);
}

static void show_wait(void *context)
{
	(void)context;
	terminal_print_note("another build of this project is under way; waiting for it");
}

/** For who has not seen them pass by. */
static void show_last_lines(const char *log_path)
{
	FILE *log = fopen(log_path, "re");
	char text[LAST_LINES_MAX_BYTES];
	size_t size;

	if (!log)
		return;
	if (fseek(log, -(long)sizeof(text), SEEK_END) != 0)
		rewind(log);
	size = fread(text, 1, sizeof(text), log);
	fwrite(text, 1, size, stderr);
	fclose(log);
}

/** The checks of `perf-profile check PROGRAM` that are about the program. */
static void show_checks(const char *program_path)
{
	const struct check_context context = { .proc_path = "/proc",
					       .sys_path = "/sys",
					       .command = program_path };

	for (const struct check *const *check = checks; *check; check++) {
		struct check_result result = { 0 };

		if (strncmp((*check)->name, "command-", strlen("command-")) != 0)
			continue;
		if ((*check)->run(&context, &result)) {
			bool is_loss = result.verdict != CHECK_GOOD && result.loss;

			terminal_print_note("%s%s%s", result.fact, is_loss ? ": " : "",
					    is_loss ? result.loss : "");
		}
		check_result_deinit(&result);
	}
}

bool program_has_debug_info(const char *path)
{
	const struct object_identity identity = { .path = path };
	struct object_registry *registry = object_registry_create(/* symfs_path= */ NULL);
	struct object *object = object_registry_find(registry, &identity);
	bool has_debug_info = false;

	object_open(object, NULL);
	if (object->state == OBJECT_OPEN) {
		struct object *debug_file = object_debug_file(object);

		has_debug_info =
			object_section(object, ".debug_info", NULL).size ||
			object_section(object, ".zdebug_info", NULL).size ||
			(debug_file && object_section(debug_file, ".debug_info", NULL).size);
	}
	object_registry_destroy(registry);
	return has_debug_info;
}

static struct build_listener listener_for(const struct program_build_options *options)
{
	return (struct build_listener){
		.on_output = options->is_quiet ? NULL : show_output,
		.on_wait = show_wait,
		.set_running = options->set_running,
	};
}

struct error *program_build_by_script(const char *script, const char *folder_path,
				      const char *log_path,
				      const struct program_build_options *options)
{
	const struct build_listener listener = listener_for(options);
	struct error *error = build_script_run(script, folder_path, log_path, environ, &listener);

	if (error && options->is_quiet)
		show_last_lines(log_path);
	return error;
}

static struct error *run_plan(struct build_plan *plan, const struct program_build_options *options,
			      struct text_vector *paths_ret)
{
	const struct build_listener listener = listener_for(options);
	struct error *error;

	for (size_t i = 0; i < plan->notes.count; i++)
		terminal_print_note("%s", plan->notes.items[i]);
	if (options->is_fresh)
		RETURN_IF_ERROR(build_plan_clear(plan));
	error = build_plan_run(plan, &listener);
	if (error && options->is_quiet)
		show_last_lines(plan->log_path);
	if (error)
		return error;
	return build_plan_programs(plan, paths_ret);
}

struct error *program_build(struct build_request *request,
			    const struct program_build_options *options,
			    struct text_vector *paths_ret)
{
	_cleanup_free_ char *cache_path = build_cache_path(request->environment);
	struct build_project project;
	struct build_plan *plan;
	struct error *error;

	if (!cache_path)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "there is no folder for builds"),
				       "set XDG_CACHE_HOME or HOME");
	if (!request->cache_path)
		request->cache_path = cache_path;
	RETURN_IF_ERROR(build_recognize(request, &project));
	error = build_plan_create(request, &project, &plan);
	if (!error) {
		terminal_print_note("building with %s: %s -> %s",
				    build_project_system_title(&project), project.source_path,
				    plan->folder_path);
		error = run_plan(plan, options, paths_ret);
		build_plan_destroy(plan);
	}
	build_project_deinit(&project);
	for (size_t i = 0; !error && i < paths_ret->count; i++)
		show_checks(paths_ret->items[i]);
	return error;
}

void program_build_suggest(const char *program)
{
	_cleanup_free_ char *folder = getcwd(NULL, 0);
	struct build_project project;
	struct error *error;

	/* Programs along PATH are installed ones. */
	if (!folder || !strchr(program, '/'))
		return;
	struct build_request request = program_build_request(program, folder);

	error = build_recognize(&request, &project);
	if (error) {
		error_destroy(error);
		return;
	}
	if (project.program_path && !program_has_debug_info(project.program_path))
		terminal_print_note(
			"'%s' has no debug information: no lines, no inlined functions; "
			"to build it with %s and have them: perf-profile --build %s ...",
			program, build_project_system_title(&project), program);
	build_project_deinit(&project);
}
