#include "revision/repository.h"

#include "base/memory.h"
#include "build/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** One line git prints, without its end. */
static struct error *ask(const char *folder_path, const struct git_watch *watch,
			 const char *const *arguments, char **ret)
{
	char *text;

	RETURN_IF_ERROR(git_run(folder_path, arguments, false, watch, &text, NULL));
	text[strcspn(text, "\n")] = '\0';
	*ret = text;
	return NULL;
}

#define ASK(folder_path, watch, ret, ...)                                                          \
	ask(folder_path, watch, (const char *const[]){ __VA_ARGS__, NULL }, ret)

/** As git prints it: perhaps relative to the folder it was asked in. */
static char *make_absolute(const char *folder_path, char *path)
{
	char *resolved = path_resolve(folder_path, path);

	free(path);
	return resolved;
}

static struct error *find_paths(const char *folder_path, struct repository *repository)
{
	const struct git_watch *watch = repository->watch;
	_cleanup_free_ char *is_bare = NULL;

	RETURN_IF_ERROR(
		ASK(folder_path, watch, &repository->git_path, "rev-parse", "--git-common-dir"));
	repository->git_path = make_absolute(folder_path, repository->git_path);
	RETURN_IF_ERROR(ASK(folder_path, watch, &repository->objects_path, "rev-parse",
			    "--git-path", "objects"));
	repository->objects_path = make_absolute(folder_path, repository->objects_path);
	RETURN_IF_ERROR(ASK(folder_path, watch, &is_bare, "rev-parse", "--is-inside-work-tree"));
	repository->is_bare = strcmp(is_bare, "true") != 0;
	if (repository->is_bare) {
		repository->top_path = memory_duplicate_text(repository->git_path);
		repository->prefix = memory_duplicate_text("");
		return NULL;
	}
	RETURN_IF_ERROR(
		ASK(folder_path, watch, &repository->top_path, "rev-parse", "--show-toplevel"));
	return ASK(folder_path, watch, &repository->prefix, "rev-parse", "--show-prefix");
}

static struct error *find_format(const char *folder_path, struct repository *repository)
{
	const struct git_watch *watch = repository->watch;
	_cleanup_free_ char *is_shallow = NULL;
	struct error *error;

	RETURN_IF_ERROR(
		ASK(folder_path, watch, &is_shallow, "rev-parse", "--is-shallow-repository"));
	repository->is_shallow = strcmp(is_shallow, "true") == 0;
	/* Before git 2.25 there was one format. */
	error = ASK(folder_path, watch, &repository->object_format, "rev-parse",
		    "--show-object-format");
	if (error || !repository->object_format[0]) {
		free(repository->object_format);
		repository->object_format = memory_duplicate_text("sha1");
	}
	error_destroy(error);
	error = ASK(folder_path, watch, &repository->promisor, "config", "extensions.partialClone");
	error_destroy(error);
	return NULL;
}

struct error *repository_open(const char *folder_path, const struct git_watch *watch,
			      struct repository *ret)
{
	struct repository repository = { .watch = watch };
	struct error *error = find_paths(folder_path, &repository);

	if (!error)
		error = find_format(folder_path, &repository);
	if (error) {
		repository_deinit(&repository);
		return error;
	}
	*ret = repository;
	return NULL;
}

void repository_deinit(struct repository *repository)
{
	free(repository->top_path);
	free(repository->prefix);
	free(repository->git_path);
	free(repository->objects_path);
	free(repository->object_format);
	free(repository->promisor);
	*repository = (struct repository){ 0 };
}

static struct error *find_commit(const struct repository *repository, const char *name, char **ret)
{
	_cleanup_free_ char *wanted = memory_format_text("%s^{commit}", name);

	return ASK(repository->top_path, repository->watch, ret, "rev-parse", "--verify", "--quiet",
		   "--end-of-options", wanted);
}

bool repository_knows(const struct repository *repository, const char *name)
{
	_cleanup_free_ char *commit = NULL;
	struct error *error;

	if (strcmp(name, REVISION_WORKTREE) == 0)
		return true;
	error = find_commit(repository, name, &commit);
	if (!error)
		return true;
	error_destroy(error);
	return false;
}

static struct error *unknown_error(const struct repository *repository, const char *name)
{
	struct error *error =
		error_new(ERROR_NOT_FOUND, "there is no revision '%s' in the repository '%s'", name,
			  repository->top_path);

	if (repository->is_shallow)
		return error_with_hint(error, "this clone is shallow, older commits and tags are "
					      "not here: git fetch --unshallow --tags");
	return error_with_hint(error, "git log --oneline --all shows what there is; git fetch "
				      "--tags gets what others made");
}

struct error *repository_resolve(const struct repository *repository, const char *name,
				 struct revision *ret)
{
	bool is_worktree = strcmp(name, REVISION_WORKTREE) == 0;
	struct revision revision = { .is_worktree = is_worktree };
	struct error *error;

	if (is_worktree && repository->is_bare)
		return error_new(ERROR_NOT_FOUND, "the repository '%s' has no working tree",
				 repository->top_path);
	error = find_commit(repository, is_worktree ? "HEAD" : name, &revision.commit);
	if (error && !is_worktree) {
		error_destroy(error);
		return unknown_error(repository, name);
	}
	error_destroy(error);
	if (revision.commit) {
		error = ASK(repository->top_path, repository->watch, &revision.subject, "log", "-1",
			    "--format=%s", "--end-of-options", revision.commit);
		error_destroy(error);
	}
	revision.name = memory_duplicate_text(name);
	*ret = revision;
	return NULL;
}

void revision_deinit(struct revision *revision)
{
	free(revision->name);
	free(revision->commit);
	free(revision->subject);
	*revision = (struct revision){ 0 };
}

bool repository_is_dirty(const struct repository *repository)
{
	_cleanup_free_ char *changes = NULL;
	struct error *error;

	if (repository->is_bare)
		return false;
	error = ASK(repository->top_path, repository->watch, &changes, "status", "--porcelain",
		    "--untracked-files=no");
	if (error) {
		error_destroy(error);
		return false;
	}
	return changes[0] != '\0';
}
