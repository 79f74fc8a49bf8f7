#include "cli/program_search.h"

#include "base/memory.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** execvp(3): used when PATH is not set. */
#define PATH_DEFAULT "/bin:/usr/bin"

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/** Takes @p path. */
static bool accept_program(char *path, char **path_ret)
{
	_cleanup_free_ char *owned = path;

	if (!is_program(path))
		return false;
	if (path_ret) {
		*path_ret = owned;
		owned = NULL;
	}
	return true;
}

bool program_search(const char *name, char **path_ret)
{
	const char *folders = secure_getenv("PATH");

	if (!*name)
		return false;
	if (strchr(name, '/'))
		return accept_program(memory_duplicate_text(name), path_ret);
	if (!folders)
		folders = PATH_DEFAULT;
	for (;;) {
		size_t length = strcspn(folders, ":");
		/* An empty entry is the current folder. */
		char *path = memory_format_text("%.*s%s%s", (int)length, folders,
						length ? "/" : "./", name);

		if (accept_program(path, path_ret))
			return true;
		if (!folders[length])
			return false;
		folders += length + 1;
	}
}
