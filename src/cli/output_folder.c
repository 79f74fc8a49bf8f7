#include "cli/output_folder.h"

#include "base/memory.h"
#include "base/output_policy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PARENT_FOLDER        "perf-profile.out"
#define LATEST_LINK          PARENT_FOLDER "/latest"
#define PROGRAM_LENGTH_MAX   64
#define SAME_SECOND_RUNS_MAX 1000

/** File names stay easy to type: what is not a letter, digit or one of "._+-" becomes "_". */
static char *folder_name_of_program(const char *program)
{
	const char *slash = strrchr(program, '/');
	char *name = memory_duplicate_text(slash ? slash + 1 : program);

	if (strlen(name) > PROGRAM_LENGTH_MAX)
		name[PROGRAM_LENGTH_MAX] = '\0';
	for (char *letter = name; *letter; letter++) {
		/* Bytes of UTF-8 letters are kept. */
		if (!isalnum((unsigned char)*letter) && !strchr("._+-", *letter) &&
		    !((unsigned char)*letter & 0x80))
			*letter = '_';
	}
	if (name[0] == '\0' || name[0] == '.')
		name[0] = '_';
	return name;
}

static struct error *make_fresh_folder(const char *program, char **path_ret)
{
	_cleanup_free_ char *name = folder_name_of_program(program);
	time_t now = time(NULL);
	struct tm local;
	char stamp[32];

	if (mkdir(PARENT_FOLDER, 0777) != 0 && errno != EEXIST)
		return error_with_hint(
			error_from_errno(errno, "cannot make the folder '%s'", PARENT_FOLDER),
			"choose another place with -o DIR");
	localtime_r(&now, &local);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
	for (unsigned int run = 1; run <= SAME_SECOND_RUNS_MAX; run++) {
		char *path =
			run == 1 ? memory_format_text(PARENT_FOLDER "/%s-%s", name, stamp)
				 : memory_format_text(PARENT_FOLDER "/%s-%s-%u", name, stamp, run);

		if (mkdir(path, output_policy_folder_mode()) == 0) {
			*path_ret = path;
			return NULL;
		}
		int mkdir_errno = errno;
		struct error *error =
			error_from_errno(mkdir_errno, "cannot make the folder '%s'", path);

		free(path);
		if (mkdir_errno != EEXIST)
			return error_with_hint(error, "choose another place with -o DIR");
		error_destroy(error);
	}
	return error_new(ERROR_SYSTEM, "too many runs of '%s' in one second", name);
}

static bool is_empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool is_empty = true;

	if (!folder)
		return false;
	while (is_empty && (entry = readdir(folder)))
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(folder);
	return is_empty;
}

static struct error *take_wanted_folder(const char *path, bool may_replace)
{
	struct stat status;

	if (mkdir(path, output_policy_folder_mode()) == 0)
		return NULL;
	if (errno == ENOENT)
		return error_with_hint(error_from_errno(errno, "cannot make the folder '%s'", path),
				       "the folder it is to be in must be there already");
	if (errno != EEXIST)
		return error_from_errno(errno, "cannot make the folder '%s'", path);
	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return error_with_hint(error_new(ERROR_USAGE, "'%s' is a file", path),
				       "-o names the folder that the files go into");
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0)
		return error_from_errno(errno, "cannot write into '%s'", path);
	if (!may_replace && !is_empty_folder(path))
		return error_with_hint(
			error_new(ERROR_SYSTEM, "the folder '%s' is not empty", path),
			"choose another with -o, or add --force to replace the "
			"files of an earlier run");
	return NULL;
}

struct error *output_folder_create(const char *wanted_path, const char *program, bool may_replace,
				   struct output_folder *ret)
{
	struct output_folder folder = { .may_replace = may_replace };
	_cleanup_free_ char *place =
		memory_format_text("%s/", wanted_path ? wanted_path : PARENT_FOLDER);
	OUTPUT_POLICY_SCOPE(place);

	if (wanted_path) {
		RETURN_IF_ERROR(take_wanted_folder(wanted_path, may_replace));
		folder.path = memory_duplicate_text(wanted_path);
	} else {
		RETURN_IF_ERROR(make_fresh_folder(program, &folder.path));
		folder.latest_path = memory_duplicate_text(LATEST_LINK);
	}
	*ret = folder;
	return NULL;
}

char *output_folder_path(const struct output_folder *folder, const char *name)
{
	return memory_format_text("%s/%s", folder->path, name);
}

struct error *output_folder_publish(const struct output_folder *folder)
{
	_cleanup_free_ char *fresh_path = NULL;
	struct stat status;

	if (!folder->latest_path)
		return NULL;
	OUTPUT_POLICY_SCOPE(folder->latest_path);
	/* Only ever replace a link: a file or folder of that name is the user's. */
	if (lstat(folder->latest_path, &status) == 0 && !S_ISLNK(status.st_mode))
		return error_new(ERROR_SYSTEM, "'%s' is not a link, so it was left alone",
				 folder->latest_path);
	fresh_path = memory_format_text("%s.%ld.partial", folder->latest_path, (long)getpid());
	if (symlink(strrchr(folder->path, '/') + 1, fresh_path) != 0)
		return error_from_errno(errno, "cannot make the link '%s'", fresh_path);
	if (rename(fresh_path, folder->latest_path) != 0) {
		struct error *error =
			error_from_errno(errno, "cannot make the link '%s'", folder->latest_path);

		unlink(fresh_path);
		return error;
	}
	return NULL;
}

void output_folder_discard_if_empty(const struct output_folder *folder)
{
	if (!folder->path)
		return;
	OUTPUT_POLICY_SCOPE(folder->path);
	if (is_empty_folder(folder->path) && rmdir(folder->path) == 0 &&
	    folder->latest_path && rmdir(PARENT_FOLDER) != 0)
		return; /* other runs live there */
}

void output_folder_deinit(struct output_folder *folder)
{
	free(folder->path);
	free(folder->latest_path);
	*folder = (struct output_folder){ 0 };
}
