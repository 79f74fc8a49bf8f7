#include "revision/revision_tree_internal.h"

#include "base/memory.h"
#include "build/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/** One call of sendfile(2). */
#define CHUNK_SIZE_BYTES ((size_t)64 << 20)

static struct error *copy_content(int from, int to, const char *from_path, const char *to_path)
{
	for (;;) {
		ssize_t n_sent = sendfile(to, from, NULL, CHUNK_SIZE_BYTES);

		if (n_sent == 0)
			return NULL;
		if (n_sent < 0 && errno != EINTR)
			return error_from_errno(errno, "cannot copy '%s' to '%s'", from_path,
						to_path);
	}
}

static struct error *copy_file(const char *from_path, const char *to_path,
			       const struct stat *status)
{
	const struct timespec times[] = { status->st_atim, status->st_mtim };
	int from = open(from_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to;
	struct error *error;

	if (from < 0)
		return error_from_errno(errno, "cannot read '%s'", from_path);
	to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status->st_mode & 0777);
	if (to < 0) {
		error = error_from_errno(errno, "cannot write '%s'", to_path);
		close(from);
		return error;
	}
	error = copy_content(from, to, from_path, to_path);
	/* Older than what is built from it. */
	futimens(to, times);
	close(from);
	if (close(to) != 0 && !error)
		error = error_from_errno(errno, "cannot write '%s'", to_path);
	return error;
}

static struct error *copy_link(const char *from_path, const char *to_path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(from_path, target, sizeof(target) - 1);

	if (length < 0)
		return error_from_errno(errno, "cannot read '%s'", from_path);
	target[length] = '\0';
	if (symlink(target, to_path) != 0)
		return error_from_errno(errno, "cannot write '%s'", to_path);
	return NULL;
}

/** A folder among the files is a submodule; an empty one was never cloned. */
static struct error *copy_submodule(const struct tree_source *source, const char *name,
				    const char *to_path, struct text_vector *notes)
{
	struct repository clone;
	struct tree_source inner = { &clone, name, source->depth + 1 };
	struct revision revision;
	struct error *error;

	if (inner.depth > SUBMODULE_DEPTH_MAX)
		return error_new(ERROR_UNSUPPORTED, "submodules are nested too deeply at '%s'",
				 name);
	if (!submodule_open(source, name, &clone) || clone.is_bare)
		return path_make_folders(to_path);
	error = repository_resolve(&clone, REVISION_WORKTREE, &revision);
	if (!error) {
		error = tree_init(&inner, revision.commit, to_path);
		if (!error)
			error = worktree_copy(&inner, to_path, notes);
		revision_deinit(&revision);
	}
	repository_deinit(&clone);
	return error;
}

static struct error *copy_entry(const struct tree_source *source, const char *name,
				const char *path, struct text_vector *notes)
{
	_cleanup_free_ char *from_path = path_join(source->repository->top_path, name);
	_cleanup_free_ char *to_path = path_join(path, name);
	_cleanup_free_ char *parent = path_parent(to_path);
	struct stat status;

	/* Tracked, and deleted. */
	if (lstat(from_path, &status) != 0)
		return NULL;
	RETURN_IF_ERROR(path_make_folders(parent));
	if (S_ISDIR(status.st_mode))
		return copy_submodule(source, name, to_path, notes);
	if (S_ISLNK(status.st_mode))
		return copy_link(from_path, to_path);
	if (S_ISREG(status.st_mode))
		return copy_file(from_path, to_path, &status);
	return NULL;
}

struct error *worktree_copy(const struct tree_source *source, const char *path,
			    struct text_vector *notes)
{
	static const char *const list[] = {
		"ls-files",           "-z", "--cached", "--others", "--deduplicate",
		"--exclude-standard", NULL
	};
	const struct repository *repository = source->repository;
	const struct git_watch *watch = repository->watch;
	_cleanup_free_ char *listing = NULL;
	size_t size;

	RETURN_IF_ERROR(git_run(repository->top_path, list, false, watch, &listing, &size));
	for (size_t at = 0; at < size; at += strlen(listing + at) + 1) {
		if (watch && watch->is_stopped && watch->is_stopped(watch->context))
			return error_new(ERROR_SYSTEM, "interrupted");
		RETURN_IF_ERROR(copy_entry(source, listing + at, path, notes));
	}
	return NULL;
}
