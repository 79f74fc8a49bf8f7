#include "cli/compare.h"

#include "base/memory.h"
#include "cli/history_entries.h"
#include "cli/program_search.h"
#include "cli/terminal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/** A file that can be run, under a path: nothing else is meant by it. */
static bool is_program_path(const char *text)
{
	return strchr(text, '/') && program_search(text, NULL);
}

static const struct git_watch watch = {
	.set_running = compare_set_running,
	.is_stopped = compare_is_stopped,
};

static struct error *not_found_error(const char *name, const struct repository *repository)
{
	return error_with_hint(
		error_new(ERROR_NOT_FOUND, "'%s' is neither a program%s", name,
			  repository ? " nor a revision of this git repository"
				     : ", nor is this folder in a git repository"),
		repository && repository->is_shallow
			? "this clone is shallow, older commits and tags are not here: "
			  "git fetch --unshallow --tags"
			: "before -- stand programs (./old ./new) or git revisions (v1.0 HEAD "
			  "WORKTREE), behind it the command");
}

/** Revisions are told from programs by git, and a program by a path wins. */
static struct error *judge_operands(const struct compare_request *request,
				    const struct repository *repository, bool *are_revisions_ret)
{
	size_t n_revisions = 0, n_programs = 0;

	for (size_t i = 0; i < request->n_operands; i++) {
		const char *text = request->operands[i];
		bool is_revision =
			repository && !is_program_path(text) && repository_knows(repository, text);

		if (!is_revision && !program_search(text, NULL))
			return not_found_error(text, repository);
		n_revisions += is_revision;
		n_programs += !is_revision;
	}
	if (n_revisions && n_programs)
		return error_with_hint(
			error_new(ERROR_USAGE, "a program is not compared with a git revision"),
			"a program is a path with '/', a revision what git rev-parse knows");
	*are_revisions_ret = n_revisions > 0;
	return NULL;
}

static void add_programs(struct compare_request *request)
{
	for (size_t i = 0; i < request->n_operands; i++) {
		struct compare_target *target = compare_target_vector_append_new(&request->targets);

		target->name = target->program = request->operands[i];
	}
}

static struct error *add_revisions(struct compare_request *request, const char *folder_path,
				   struct repository *repository)
{
	for (size_t i = 0; i < request->n_operands; i++) {
		struct compare_target *target = compare_target_vector_append_new(&request->targets);

		target->name = request->operands[i];
		target->is_revision = true;
	}
	return compare_make_revisions(request, folder_path, repository);
}

/** One name before "--" that is in the history. */
static bool is_baseline(const struct compare_request *request)
{
	struct history *history;
	struct error *error;
	bool has;

	if (request->n_operands != 1 || is_program_path(request->operands[0]) ||
	    !history_is_there())
		return false;
	error = history_open_default(&history);
	if (error) {
		terminal_print_warning("%s", error->message);
		error_destroy(error);
		return false;
	}
	has = history_has(history, request->operands[0]);
	history_close(history);
	return has;
}

static void add_baseline(struct compare_request *request)
{
	struct compare_target *baseline = compare_target_vector_append_new(&request->targets);
	struct compare_target *command;

	baseline->name = request->operands[0];
	baseline->is_baseline = true;
	command = compare_target_vector_append_new(&request->targets);
	command->program = request->command[0];
}

struct error *compare_find_targets(struct compare_request *request)
{
	_cleanup_free_ char *folder_path = getcwd(NULL, 0);
	struct repository repository = { 0 };
	bool has_repository, are_revisions = false;
	struct error *error;

	if (!request->command)
		return NULL;
	if (is_baseline(request)) {
		add_baseline(request);
		return NULL;
	}
	if (!folder_path)
		return error_from_errno(errno, "cannot tell the current folder");
	error = repository_open(folder_path, &watch, &repository);
	has_repository = !error;
	error_destroy(error);
	error = judge_operands(request, has_repository ? &repository : NULL, &are_revisions);
	if (!error && are_revisions)
		error = add_revisions(request, folder_path, &repository);
	else if (!error)
		add_programs(request);
	repository_deinit(&repository);
	return error;
}
