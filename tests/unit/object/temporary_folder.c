#include "temporary_folder.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int temporary_folder_set_up(void **state)
{
	struct temporary_folder *folder = memory_allocate(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/perf-profile-test-XXXXXX");
	assert(mkdtemp(folder->path));
	*state = folder;
	return 0;
}

static int remove_item(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

int temporary_folder_tear_down(void **state)
{
	struct temporary_folder *folder = *state;

	nftw(folder->path, remove_item, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return 0;
}

char *temporary_path(void **state, const char *format, ...)
{
	struct temporary_folder *folder = *state;
	_cleanup_free_ char *name = NULL;
	va_list arguments;
	char *path;

	va_start(arguments, format);
	assert(vasprintf(&name, format, arguments) >= 0);
	va_end(arguments);
	path = memory_format_text("%s/%s", folder->path, name);
	for (char *slash = path + strlen(folder->path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	return path;
}
