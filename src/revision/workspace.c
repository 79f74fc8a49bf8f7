#include "revision/workspace.h"

#include "base/memory.h"
#include "build/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME   "lock"
#define NAME_PREFIX "trees-"

/** Folders nested in what is removed; descriptors nftw(3) may use. */
#define OPEN_FOLDERS_MAX 16

static int make_removable(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)place;
	/* Go's module cache and others make folders nobody may write. */
	if (kind == FTW_D && (status->st_mode & 0700) != 0700)
		chmod(path, 0700);
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, make_removable, OPEN_FOLDERS_MAX, FTW_PHYS);
	nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

/** Take the lock of the folder @p path. @return -1: another process holds it. */
static int lock_folder(const char *path)
{
	_cleanup_free_ char *lock_path = path_join(path, LOCK_NAME);
	int descriptor = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/** What killed comparisons have left. */
static void remove_abandoned(const char *parent_path)
{
	DIR *folder = opendir(parent_path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		_cleanup_free_ char *path = NULL;
		int lock;

		if (strncmp(entry->d_name, NAME_PREFIX, strlen(NAME_PREFIX)) != 0)
			continue;
		path = path_join(parent_path, entry->d_name);
		lock = lock_folder(path);
		if (lock < 0)
			continue;
		remove_tree(path);
		close(lock);
	}
	if (folder)
		closedir(folder);
}

/** One comparison at a time may look for abandoned folders and make its own. */
static int lock_parent(const char *parent_path)
{
	int descriptor = open(parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (descriptor >= 0 && flock(descriptor, LOCK_EX) != 0 && errno == EINTR)
		;
	return descriptor;
}

struct error *workspace_create(const char *parent_path, struct workspace *ret)
{
	_cleanup_free_ char *resolved = NULL;
	char *path;
	int parent, lock;

	RETURN_IF_ERROR(path_make_folders(parent_path));
	resolved = path_resolve("/", parent_path);
	parent = lock_parent(resolved);
	if (parent < 0)
		return error_from_errno(errno, "cannot open the folder '%s'", resolved);
	remove_abandoned(resolved);
	path = memory_format_text("%s/%sXXXXXX", resolved, NAME_PREFIX);
	if (!mkdtemp(path) || (lock = lock_folder(path)) < 0) {
		struct error *error = error_from_errno(errno, "cannot make the folder '%s'", path);

		rmdir(path);
		close(parent);
		free(path);
		return error_with_hint(error, "XDG_CACHE_HOME=FOLDER names another place");
	}
	close(parent);
	*ret = (struct workspace){ .path = path, .lock_descriptor = lock };
	return NULL;
}

void workspace_destroy(struct workspace *workspace)
{
	if (!workspace->path)
		return;
	remove_tree(workspace->path);
	close(workspace->lock_descriptor);
	free(workspace->path);
	*workspace = (struct workspace){ 0 };
}
