#include "base/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error *check(int descriptor, const char *path)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return error_from_errno(errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_PERMISSION, "%s: not read: not a regular file", path);
	if (geteuid() != 0 && !getauxval(AT_SECURE))
		return NULL;
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return error_new(ERROR_PERMISSION,
				 "%s: not read: it belongs to user %u, not to you or root", path,
				 status.st_uid);
	/* A group of one's own is the habit where umask is 002. */
	if ((status.st_mode & S_IWOTH) ||
	    ((status.st_mode & S_IWGRP) && status.st_gid != getegid()))
		return error_with_hint(
			error_new(ERROR_PERMISSION, "%s: not read: others can write it", path),
			"chmod go-w '%s'", path);
	return NULL;
}

struct error *trusted_file_open(const char *path, FILE **ret)
{
	/* Not to wait for a writer when it is a FIFO. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct error *error;
	FILE *file = NULL;

	if (descriptor < 0)
		return error_from_errno(errno, "%s", path);
	error = check(descriptor, path);
	if (!error) {
		file = fdopen(descriptor, "r");
		if (!file)
			error = error_from_errno(errno, "%s", path);
	}
	if (error) {
		close(descriptor);
		return error;
	}
	*ret = file;
	return NULL;
}
