#include "cli/compare.h"

#include "base/memory.h"
#include "build/paths.h"
#include "cli/program_build.h"
#include "cli/program_search.h"
#include "cli/terminal.h"
#include "revision/revision_tree.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/** With less than this a build that failed has failed for it. */
#define SPACE_LEAST_BYTES (UINT64_C(1) << 20)

/** Two weeks. */
#define LOG_AGE_MAX_S (14 * 24 * 3600)

/** Making and building one revision. */
struct revision_job {
	struct compare_request *request;
	const struct repository *repository;
	struct compare_target *target;
	char *tree_path;   /**< Where its files are. */
	char *build_path;  /**< Where its build folders go. */
	char *folder_path; /**< In the tree what the current folder is in the repository. */
	char *log_path;
};

static char *keep_text(struct compare_request *request, const char *text)
{
	return arena_duplicate_text(&request->texts, text, strlen(text));
}

/** $XDG_CACHE_HOME/perf-profile/NAME */
static struct error *find_cache_folder(const char *name, char **ret)
{
	_cleanup_free_ char *builds = build_cache_path(environ);
	_cleanup_free_ char *folder = NULL;

	if (!builds)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "there is no folder for trees"),
				       "set XDG_CACHE_HOME or HOME");
	folder = path_parent(builds);
	*ret = path_join(folder, name);
	return NULL;
}

/** A name for a file: "origin/main" has a slash. */
static char *file_name_of(const char *name)
{
	char *text = memory_duplicate_text(name);

	for (char *letter = text; *letter; letter++)
		*letter = strchr("/\\ :*?\"<>|~^\n", *letter) ? '-' : *letter;
	return text;
}

/** Logs of builds that were killed, or failed and nobody read. */
static void remove_old_logs(const char *folder_path)
{
	DIR *folder = opendir(folder_path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		_cleanup_free_ char *path = path_join(folder_path, entry->d_name);
		struct stat status;

		if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
		    status.st_mtime < time(NULL) - LOG_AGE_MAX_S)
			unlink(path);
	}
	if (folder)
		closedir(folder);
}

/** Logs outlive the trees: they say why a build failed. */
static struct error *choose_log(struct revision_job *job)
{
	_cleanup_free_ char *name = file_name_of(job->target->name);
	_cleanup_free_ char *folder = NULL;

	RETURN_IF_ERROR(find_cache_folder("build-logs", &folder));
	RETURN_IF_ERROR(path_make_folders(folder));
	remove_old_logs(folder);
	job->log_path = memory_format_text("%s/%.100s-%.12s-%lld.log", folder, name,
					   job->target->commit ? job->target->commit : "new",
					   (long long)time(NULL));
	return NULL;
}

static struct program_build_options build_options(const struct revision_job *job)
{
	return (struct program_build_options){ .is_quiet = job->request->is_quiet,
					       .set_running = compare_set_running };
}

/** By the build system the tree has. */
static struct error *build_program(struct revision_job *job, const char *program)
{
	const struct program_build_options options = build_options(job);
	struct build_request build = program_build_request(program, job->folder_path);
	struct text_vector paths = { 0 };
	struct error *error;

	build.cache_path = job->build_path;
	build.log_path = job->log_path;
	error = program_build(&build, &options, &paths);
	if (!error && paths.count != 1)
		error = error_new(ERROR_NOT_FOUND, "the build makes %zu programs and none is '%s'",
				  paths.count, program);
	if (!error)
		job->target->program = keep_text(job->request, paths.items[0]);
	text_vector_destroy_items(&paths);
	return error;
}

/** The program the command starts with, as seen from the revision's folder. */
static struct error *find_program(struct revision_job *job, const char *program)
{
	_cleanup_free_ char *path = NULL;
	const char *inside = path_inside(program, job->repository->top_path);

	/* An absolute path into the repository means the same place in the tree. */
	if (inside)
		path = path_join(job->tree_path, inside);
	else if (program[0] == '/')
		path = memory_duplicate_text(program);
	else
		path = path_join(job->folder_path, program);
	if (access(path, X_OK) != 0)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' has no program '%s'",
						 job->target->name, program),
				       job->request->build_command
					       ? "--build-command has to make it there"
					       : "--build-command SCRIPT says how it is made");
	job->target->program = keep_text(job->request, path);
	return NULL;
}

static bool is_in_tree(const struct revision_job *job, const char *program)
{
	_cleanup_free_ char *path = path_join(job->folder_path, program);

	return access(path, X_OK) == 0;
}

static struct error *provide_program(struct revision_job *job)
{
	const struct program_build_options options = build_options(job);
	const char *program = job->request->command[0];
	bool is_installed = !strchr(program, '/');

	if (job->request->build_command) {
		RETURN_IF_ERROR(program_build_by_script(job->request->build_command,
							job->folder_path, job->log_path, &options));
	} else if (!job->request->is_without_build && !is_installed && !is_in_tree(job, program)) {
		return build_program(job, program);
	}
	if (is_installed) {
		job->target->program = program;
		return NULL;
	}
	return find_program(job, program);
}

static struct error *make_revision(struct revision_job *job)
{
	struct compare_target *target = job->target;
	struct text_vector notes = { 0 };
	struct revision revision;
	struct error *error;

	RETURN_IF_ERROR(repository_resolve(job->repository, target->name, &revision));
	if (revision.commit)
		target->commit = keep_text(job->request, revision.commit);
	if (!revision.is_worktree)
		terminal_print_note("%s is %.12s %s", target->name, revision.commit,
				    revision.subject ? revision.subject : "");
	error = revision_tree_make(job->repository, &revision, job->tree_path, &notes);
	for (size_t i = 0; i < notes.count; i++)
		terminal_print_note("%s: %s", target->name, notes.items[i]);
	text_vector_destroy_items(&notes);
	revision_deinit(&revision);
	return error;
}

/** The folder must be one of the revision's too. */
static struct error *enter_folder(struct revision_job *job)
{
	struct stat status;

	job->folder_path = path_resolve(job->tree_path, job->repository->prefix);
	if (stat(job->folder_path, &status) != 0 || !S_ISDIR(status.st_mode))
		return error_new(ERROR_NOT_FOUND, "'%s' has no folder '%s'", job->target->name,
				 job->repository->prefix);
	job->target->folder = keep_text(job->request, job->folder_path);
	return NULL;
}

/** Compilers say anything but that. */
static bool is_full(const char *path)
{
	struct statvfs status;

	return statvfs(path, &status) == 0 &&
	       (uint64_t)status.f_bavail * status.f_frsize < SPACE_LEAST_BYTES;
}

static struct error *name_full_disk(const struct revision_job *job, struct error *error)
{
	const char *path = job->request->workspace.path;

	if (!error || !is_full(path))
		return error;
	error = error_wrap(error, "no space is left in '%s'", path);
	/* Of a build, the hint names its log. */
	return error->hint ? error : error_with_hint(error, "XDG_CACHE_HOME chooses another place");
}

static struct error *build_revision(struct revision_job *job)
{
	struct error *error;

	RETURN_IF_ERROR(choose_log(job));
	error = name_full_disk(job, provide_program(job));
	if (error)
		return error_wrap(error, "%s", job->target->name);
	unlink(job->log_path);
	return NULL;
}

static void revision_jobs_destroy(struct revision_job *jobs, size_t n_jobs)
{
	for (size_t i = 0; i < n_jobs; i++) {
		free(jobs[i].tree_path);
		free(jobs[i].build_path);
		free(jobs[i].folder_path);
		free(jobs[i].log_path);
	}
	free(jobs);
}

/** Numbers, not names: paths of one length, so that no side has a longer argv. */
static struct error *run_jobs(struct compare_request *request, const struct repository *repository)
{
	size_t n_jobs = request->targets.count;
	struct revision_job *jobs = memory_allocate(n_jobs, sizeof(*jobs));
	struct error *error = NULL;

	for (size_t i = 0; i < n_jobs && !error; i++) {
		jobs[i] = (struct revision_job){
			.request = request,
			.repository = repository,
			.target = &request->targets.items[i],
			.tree_path = memory_format_text("%s/%04zu", request->workspace.path, i),
			.build_path =
				memory_format_text("%s/build-%04zu", request->workspace.path, i),
		};
		error = name_full_disk(&jobs[i], make_revision(&jobs[i]));
		if (!error)
			error = enter_folder(&jobs[i]);
	}
	/* From here on git means the tree to whatever runs. */
	git_forget_repository();
	for (size_t i = 0; i < n_jobs && !error; i++) {
		error = build_revision(&jobs[i]);
		if (!error && compare_is_stopped(NULL))
			error = error_new(ERROR_SYSTEM, "interrupted");
	}
	revision_jobs_destroy(jobs, n_jobs);
	return error;
}

static void warn_of_changes(const struct compare_request *request,
			    const struct repository *repository)
{
	bool has_head = false;

	for (size_t i = 0; i < request->targets.count; i++) {
		if (strcmp(request->targets.items[i].name, REVISION_WORKTREE) == 0)
			return;
		has_head = has_head || strcmp(request->targets.items[i].name, "HEAD") == 0;
	}
	if (has_head && repository_is_dirty(repository))
		terminal_print_note("there are uncommitted changes, which are no part of HEAD; "
				    "WORKTREE compares them");
}

/** A file that is not the revision's is the user's: the command gets it by its full path. */
static void find_arguments(struct compare_request *request, const char *folder_path)
{
	for (char **word = request->command + 1; *word; word++) {
		_cleanup_free_ char *here = NULL;
		bool is_in_all = true;

		if ((*word)[0] == '/' || (*word)[0] == '-' || !(*word)[0])
			continue;
		here = path_join(folder_path, *word);
		if (access(here, F_OK) != 0)
			continue;
		for (size_t i = 0; i < request->targets.count; i++) {
			_cleanup_free_ char *there =
				path_join(request->targets.items[i].folder, *word);

			is_in_all = is_in_all && access(there, F_OK) == 0;
		}
		if (is_in_all)
			continue;
		terminal_print_note("'%s' is not in every revision; all use the one here", *word);
		*word = keep_text(request, here);
	}
}

struct error *compare_make_revisions(struct compare_request *request, const char *folder_path,
				     struct repository *repository)
{
	_cleanup_free_ char *parent = NULL;

	for (size_t i = 0; i < request->targets.count; i++) {
		struct revision revision;

		/* All of them before the first is built, which may take minutes. */
		RETURN_IF_ERROR(
			repository_resolve(repository, request->targets.items[i].name, &revision));
		revision_deinit(&revision);
	}
	warn_of_changes(request, repository);
	RETURN_IF_ERROR(find_cache_folder("compare", &parent));
	compare_set_running(NULL, 0);
	RETURN_IF_ERROR(workspace_create(parent, &request->workspace));
	RETURN_IF_ERROR(run_jobs(request, repository));
	find_arguments(request, folder_path);
	return NULL;
}
