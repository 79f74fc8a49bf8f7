#include "revision/revision_tree_internal.h"

#include "base/memory.h"
#include "build/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void submodules_deinit(struct submodule_vector *submodules)
{
	for (size_t i = 0; i < submodules->count; i++) {
		free(submodules->items[i].path);
		free(submodules->items[i].commit);
	}
	submodule_vector_deinit(submodules);
}

static struct error *write_file(const char *folder_path, const char *name, const char *text)
{
	_cleanup_free_ char *path = path_join(folder_path, name);
	FILE *file = fopen(path, "we");
	bool is_written;

	if (!file)
		return error_from_errno(errno, "cannot write '%s'", path);
	is_written = fputs(text, file) >= 0;
	if (fclose(file) != 0 || !is_written)
		return error_from_errno(errno, "cannot write '%s'", path);
	return NULL;
}

static struct error *run_ours(const struct tree_source *source, const char *path,
			      const char *const *arguments)
{
	return git_run(path, arguments, true, source->repository->watch, NULL, NULL);
}

#define RUN_OURS(source, path, ...)                                                                \
	run_ours(source, path, (const char *const[]){ __VA_ARGS__, NULL })

/** Filters, line ends and the like are as in the user's repository. */
static struct error *take_settings(const struct tree_source *source, const char *path)
{
	const struct repository *repository = source->repository;
	_cleanup_free_ char *settings = path_join(repository->git_path, "config");

	RETURN_IF_ERROR(RUN_OURS(source, path, "config", "include.path", settings));
	if (repository->promisor) {
		RETURN_IF_ERROR(
			RUN_OURS(source, path, "config", "core.repositoryFormatVersion", "1"));
		RETURN_IF_ERROR(RUN_OURS(source, path, "config", "extensions.partialClone",
					 repository->promisor));
	}
	/* After the include, so that these hold. */
	RETURN_IF_ERROR(RUN_OURS(source, path, "config", "core.bare", "false"));
	return RUN_OURS(source, path, "config", "core.worktree", path);
}

/** Builds ask `git describe`. */
static struct error *take_tags(const struct tree_source *source, const char *git_path)
{
	static const char *const list[] = { "for-each-ref", "--format=%(objectname) %(refname)",
					    "refs/tags", NULL };
	_cleanup_free_ char *tags = NULL;

	RETURN_IF_ERROR(git_run(source->repository->git_path, list, false,
				source->repository->watch, &tags, NULL));
	return tags[0] ? write_file(git_path, "packed-refs", tags) : NULL;
}

struct error *tree_init(const struct tree_source *source, const char *commit, const char *path)
{
	const struct repository *repository = source->repository;
	_cleanup_free_ char *format =
		memory_format_text("--object-format=%s", repository->object_format);
	_cleanup_free_ char *git_path = path_join(path, ".git");
	_cleanup_free_ char *alternates = memory_format_text("%s\n", repository->objects_path);
	_cleanup_free_ char *shallow = NULL;

	RETURN_IF_ERROR(path_make_folders(path));
	if (strcmp(repository->object_format, "sha1") == 0)
		RETURN_IF_ERROR(RUN_OURS(source, path, "init", "--quiet", "--template=", "."));
	else
		RETURN_IF_ERROR(
			RUN_OURS(source, path, "init", "--quiet", "--template=", format, "."));
	_cleanup_free_ char *info = path_join(git_path, "objects/info");

	RETURN_IF_ERROR(path_make_folders(info));
	RETURN_IF_ERROR(write_file(info, "alternates", alternates));
	shallow = path_read_text(repository->git_path, "shallow");
	if (shallow)
		RETURN_IF_ERROR(write_file(git_path, "shallow", shallow));
	RETURN_IF_ERROR(take_settings(source, path));
	RETURN_IF_ERROR(take_tags(source, git_path));
	if (!commit)
		return NULL;
	RETURN_IF_ERROR(RUN_OURS(source, path, "update-ref", "--no-deref", "HEAD", commit));
	/* With an index `git describe --dirty` in a build tells the truth. */
	return RUN_OURS(source, path, "read-tree", "HEAD");
}

/** "160000 commit HASH\tPATH" and a NUL for each submodule among "MODE TYPE HASH\tPATH". */
static void parse_submodules(const char *listing, size_t size, struct submodule_vector *ret)
{
	static const char mark[] = "160000 commit ";

	for (size_t at = 0; at < size;) {
		const char *entry = listing + at;
		const char *tab = strchr(entry, '\t');

		at += strlen(entry) + 1;
		if (!tab || strncmp(entry, mark, sizeof(mark) - 1) != 0)
			continue;
		entry += sizeof(mark) - 1;
		submodule_vector_append(ret, (struct submodule){
						     .path = memory_duplicate_text(tab + 1),
						     .commit = memory_format_text(
							     "%.*s", (int)(tab - entry), entry),
					     });
	}
}

bool submodule_open(const struct tree_source *source, const char *submodule_path,
		    struct repository *ret)
{
	const struct repository *repository = source->repository;
	_cleanup_free_ char *modules = memory_format_text("modules/%s", submodule_path);
	_cleanup_free_ char *worktree = path_join(repository->top_path, submodule_path);
	_cleanup_free_ char *kept = path_join(repository->git_path, modules);
	_cleanup_free_ char *link = path_join(worktree, ".git");
	struct error *error;

	if (!repository->is_bare && access(link, F_OK) == 0)
		error = repository_open(worktree, repository->watch, ret);
	else if (access(kept, F_OK) == 0)
		error = repository_open(kept, repository->watch, ret);
	else
		return false;
	if (!error)
		return true;
	error_destroy(error);
	return false;
}

static struct error *check_out_submodule(const struct tree_source *source,
					 const struct submodule *submodule, const char *path,
					 struct text_vector *notes)
{
	_cleanup_free_ char *folder = path_join(path, submodule->path);
	_cleanup_free_ char *wanted = memory_format_text("%s^{commit}", submodule->commit);
	const char *const is_there[] = { "cat-file", "-e", wanted, NULL };
	struct repository clone;
	struct tree_source inner = { &clone, submodule->path, source->depth + 1 };
	struct error *error;

	if (!submodule_open(source, submodule->path, &clone)) {
		text_vector_append(notes, memory_format_text("the submodule '%s' was never cloned "
							     "here; its folder stays empty",
							     submodule->path));
		return NULL;
	}
	if (inner.depth > SUBMODULE_DEPTH_MAX)
		error = error_new(ERROR_UNSUPPORTED, "submodules are nested too deeply at '%s'",
				  submodule->path);
	else if (!git_agrees(clone.git_path, is_there, clone.watch))
		error = error_with_hint(error_new(ERROR_NOT_FOUND,
						  "the submodule '%s' has no commit %.12s here",
						  submodule->path, submodule->commit),
					"git -C '%s' fetch --all gets it", submodule->path);
	else
		error = tree_init(&inner, submodule->commit, folder);
	if (!error)
		error = tree_check_out(&inner, submodule->commit, folder, notes);
	repository_deinit(&clone);
	return error;
}

struct error *tree_check_out(const struct tree_source *source, const char *commit, const char *path,
			     struct text_vector *notes)
{
	const char *const list[] = { "ls-tree", "-r", "-z", "--full-tree", commit, NULL };
	struct submodule_vector submodules = { 0 };
	_cleanup_free_ char *listing = NULL;
	struct error *error;
	size_t size;

	RETURN_IF_ERROR(RUN_OURS(source, path, "reset", "--quiet", "--hard", commit));
	RETURN_IF_ERROR(git_run(path, list, true, source->repository->watch, &listing, &size));
	parse_submodules(listing, size, &submodules);
	error = NULL;
	for (size_t i = 0; i < submodules.count && !error; i++)
		error = check_out_submodule(source, &submodules.items[i], path, notes);
	submodules_deinit(&submodules);
	return error;
}

struct error *revision_tree_make(const struct repository *repository,
				 const struct revision *revision, const char *path,
				 struct text_vector *notes_ret)
{
	const struct tree_source source = { repository, "", 0 };
	struct error *error = tree_init(&source, revision->commit, path);

	if (!error)
		error = revision->is_worktree
				? worktree_copy(&source, path, notes_ret)
				: tree_check_out(&source, revision->commit, path, notes_ret);
	return error ? error_wrap(error, "cannot make the tree of '%s'", revision->name) : NULL;
}
