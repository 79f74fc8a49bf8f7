#include "build/paths.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *folder_path, const char *name)
{
	if (!*name)
		return memory_duplicate_text(folder_path);
	return memory_format_text("%s/%s", strcmp(folder_path, "/") == 0 ? "" : folder_path, name);
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return memory_duplicate_text("/");
	return memory_format_text("%.*s", (int)(slash - path), path);
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool has_kind(const char *folder_path, const char *name, mode_t kind)
{
	_cleanup_free_ char *path = path_join(folder_path, name);
	struct stat status;

	return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

bool path_has_file(const char *folder_path, const char *name)
{
	return has_kind(folder_path, name, S_IFREG);
}

bool path_has_folder(const char *folder_path, const char *name)
{
	return has_kind(folder_path, name, S_IFDIR);
}

const char *path_inside(const char *path, const char *folder_path)
{
	size_t length = strlen(folder_path);

	if (strncmp(path, folder_path, length) != 0)
		return NULL;
	if (path[length] == '/')
		return path + length + 1;
	return path[length] ? NULL : path + length;
}

/** Append one part of a path to @p path, an absolute path without links. */
static char *step_into(char *path, const char *part, size_t length)
{
	_cleanup_free_ char *old = path;
	char *next;

	if (length == 0 || (length == 1 && part[0] == '.'))
		next = memory_duplicate_text(old);
	else if (length == 2 && text_begins_with(part, ".."))
		next = path_parent(old);
	else
		next = memory_format_text("%s/%.*s", strcmp(old, "/") == 0 ? "" : old, (int)length,
					  part);
	char *real = realpath(next, NULL);

	if (!real)
		return next;
	free(next);
	return real;
}

char *path_resolve(const char *folder_path, const char *path)
{
	char *resolved = memory_duplicate_text("/");

	if (path[0] != '/') {
		free(resolved);
		resolved = path_resolve("/", folder_path[0] == '/' ? folder_path : "/");
	}
	while (*path) {
		size_t length = strcspn(path, "/");

		resolved = step_into(resolved, path, length);
		path += length + (path[length] == '/');
	}
	return resolved;
}

char *path_read_text(const char *folder_path, const char *name)
{
	_cleanup_free_ char *path = path_join(folder_path, name);
	FILE *file = fopen(path, "re");
	struct stat status;
	char *text = NULL;

	if (!file)
		return NULL;
	if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
	    (uint64_t)status.st_size <= BUILD_FILE_SIZE_MAX_BYTES) {
		text = memory_allocate((size_t)status.st_size + 1, 1);
		text[fread(text, 1, (size_t)status.st_size, file)] = '\0';
	}
	fclose(file);
	return text;
}

char *path_find_upwards(const char *folder_path, const char *name)
{
	char *folder = memory_duplicate_text(folder_path);

	for (;;) {
		_cleanup_free_ char *path = path_join(folder, name);
		bool is_top = strcmp(folder, "/") == 0;
		char *parent;

		if (access(path, F_OK) == 0)
			return folder;
		parent = is_top ? NULL : path_parent(folder);
		free(folder);
		if (!parent)
			return NULL;
		folder = parent;
	}
}

struct error *path_make_folders(const char *path)
{
	_cleanup_free_ char *parent = NULL;
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return NULL;
	if (strcmp(path, "/") != 0) {
		parent = path_parent(path);
		RETURN_IF_ERROR(path_make_folders(parent));
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_from_errno(errno, "cannot make the folder '%s'", path);
	return NULL;
}
