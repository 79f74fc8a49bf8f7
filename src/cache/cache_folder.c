#include "cache/cache_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** Of a path that is made: "$HOME/.cache" and "perf-profile" in it. */
#define FOLDERS_MADE_MAX 2

/** What others can write in may hold anything; what others own is theirs. */
static struct error *check_trust(const struct stat *status, const char *path)
{
	if (status->st_uid != geteuid())
		return error_new(ERROR_PERMISSION, "%s belongs to another user", path);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_new(ERROR_PERMISSION, "others may write in %s", path);
	return NULL;
}

static struct error *open_existing(const char *path, int *ret)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error *error = NULL;
	struct stat status;

	if (folder < 0)
		return error_from_errno(errno, "cannot open %s", path);
	if (fstat(folder, &status) != 0)
		error = error_from_errno(errno, "cannot look at %s", path);
	else
		error = check_trust(&status, path);
	if (error) {
		close(folder);
		return error;
	}
	*ret = folder;
	return NULL;
}

/** Make the folder at @p path, in one of ours that may have to be made first. */
static struct error *make_folder(const char *path, unsigned int n_folders)
{
	_cleanup_free_ char *parent = memory_duplicate_text(path);
	char *slash = strrchr(parent, '/');
	struct stat status;

	if (!slash || slash == parent)
		return error_new(ERROR_PERMISSION, "no cache in the root folder");
	*slash = '\0';
	if (stat(parent, &status) != 0) {
		if (errno != ENOENT || n_folders == 1)
			return error_from_errno(errno, "cannot look at %s", parent);
		RETURN_IF_ERROR(make_folder(parent, n_folders - 1));
	} else if (status.st_uid != geteuid()) {
		return error_new(ERROR_PERMISSION, "%s belongs to another user", parent);
	}
	/* Another process may have been quicker. */
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_from_errno(errno, "cannot make %s", path);
	return NULL;
}

struct error *cache_folder_open(const char *path, bool is_to_make, int *ret)
{
	struct error *error = open_existing(path, ret);

	if (!error || error->code != ERROR_NOT_FOUND || !is_to_make)
		return error;
	error_destroy(error);
	RETURN_IF_ERROR(make_folder(path, FOLDERS_MADE_MAX));
	return open_existing(path, ret);
}

char *cache_folder_default_path(void)
{
	const char *cache = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");

	if (cache && cache[0] == '/')
		return memory_format_text("%s/perf-profile", cache);
	if (home && home[0] == '/')
		return memory_format_text("%s/.cache/perf-profile", home);
	return memory_duplicate_text("");
}
