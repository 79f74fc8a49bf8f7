#include "build/tree_copy_internal.h"

#include "base/hash_map.h"
#include "base/vector.h"
#include "build/paths.h"
#include "build/text_vector.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Which version of a file was copied. In the copy it has the same size and time. */
struct copied_file {
	uint64_t size_bytes;
	int64_t mtime_s;
	int64_t mtime_ns;
};

DEFINE_HASH_MAP(copied_map, const char *, struct copied_file, hash_text, equal_text)

struct tree_copy {
	const char *tree_path;
	const char *copy_path;
	struct copied_map before; /**< By path in the tree; names are owned by names. */
	struct copied_map now;
	struct text_vector names;
	uint64_t size_bytes;
	bool has_record; /**< Else nothing is known of what is in the copy. */
};

static struct copied_file copied_file_of(const struct stat *status)
{
	return (struct copied_file){ .size_bytes = (uint64_t)status->st_size,
				     .mtime_s = status->st_mtim.tv_sec,
				     .mtime_ns = status->st_mtim.tv_nsec };
}

static bool is_same(const struct copied_file *a, const struct copied_file *b)
{
	return a->size_bytes == b->size_bytes && a->mtime_s == b->mtime_s &&
	       a->mtime_ns == b->mtime_ns;
}

/* The record: "SIZE SECONDS NANOSECONDS PATH" and a NUL, for each file. */

static void read_record(struct tree_copy *copy, const char *path)
{
	FILE *file = fopen(path, "re");
	char *entry = NULL;
	size_t capacity = 0;

	while (file && copy->before.count < TREE_COPY_FILES_MAX &&
	       getdelim(&entry, &capacity, '\0', file) > 0) {
		struct copied_file copied;
		bool is_new;
		char *end;

		copied.size_bytes = strtoull(entry, &end, 10);
		copied.mtime_s = strtoll(end, &end, 10);
		copied.mtime_ns = strtoll(end, &end, 10);
		if (*end != ' ')
			continue;
		text_vector_append_copy(&copy->names, end + 1);
		*copied_map_insert(&copy->before, copy->names.items[copy->names.count - 1],
				   &is_new) = copied;
	}
	free(entry);
	copy->has_record = file != NULL;
	if (file)
		fclose(file);
	/* A copy that is cut short must not leave a list that is no longer true. */
	unlink(path);
}

static struct error *write_record(const struct tree_copy *copy, const char *path)
{
	FILE *file = fopen(path, "we");
	struct copied_file *copied;
	const char *name;
	size_t cursor = 0;
	bool is_written;

	if (!file)
		return error_from_errno(errno, "cannot write '%s'", path);
	while (copied_map_next(&copy->now, &cursor, &name, &copied))
		fprintf(file, "%" PRIu64 " %" PRId64 " %" PRId64 " %s%c", copied->size_bytes,
			copied->mtime_s, copied->mtime_ns, name, '\0');
	is_written = !ferror(file);
	if (fclose(file) != 0 || !is_written)
		return error_from_errno(errno, "cannot write '%s'", path);
	return NULL;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static bool is_left_out_folder(const char *path, const char *name)
{
	static const char *const names[] = { ".git",  ".hg",        ".svn",      "perf-profile.out",
					     ".libs", "CMakeFiles", ".zig-cache" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return path_has_file(path, "CACHEDIR.TAG") || path_has_folder(path, "meson-private") ||
	       (path_has_file(path, "CMakeCache.txt") && !path_has_file(path, "CMakeLists.txt"));
}

/** Object files would count as up to date. */
static bool is_left_out_file(const char *name)
{
	return has_suffix(name, ".o") || has_suffix(name, ".lo") || has_suffix(name, ".gch") ||
	       strcmp(name, "CMakeCache.txt") == 0;
}

static struct error *copy_bytes(int from, int to, const char *path)
{
	char bytes[65536];

	for (;;) {
		ssize_t n_read = read(from, bytes, sizeof(bytes));

		if (n_read < 0)
			return error_from_errno(errno, "cannot read '%s'", path);
		if (n_read == 0)
			return NULL;
		for (ssize_t done = 0; done < n_read;) {
			ssize_t n_written = write(to, bytes + done, (size_t)(n_read - done));

			if (n_written < 0)
				return error_from_errno(errno, "cannot write the copy of '%s'",
							path);
			done += n_written;
		}
	}
}

/** A fresh file with the bytes, mode and time of @p from_path. */
static struct error *copy_contents(const char *from_path, const char *to_path,
				   const struct stat *status)
{
	const struct timespec times[] = { status->st_mtim, status->st_mtim };
	int from = open(from_path, O_RDONLY | O_CLOEXEC);
	struct error *error;
	int to;

	if (from < 0)
		return error_from_errno(errno, "cannot read '%s'", from_path);
	if (unlink(to_path) != 0 && errno != ENOENT) {
		close(from);
		return error_from_errno(errno, "cannot replace '%s'", to_path);
	}
	to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0) {
		close(from);
		return error_from_errno(errno, "cannot write '%s'", to_path);
	}
	error = copy_bytes(from, to, from_path);
	/* Writable for us: the build may have to change it. */
	if (!error && (fchmod(to, (status->st_mode & 0777) | S_IRUSR | S_IWUSR) != 0 ||
		       futimens(to, times) != 0))
		error = error_from_errno(errno, "cannot write '%s'", to_path);
	close(from);
	close(to);
	return error;
}

/** Whether the build has written what is at @p to_path, or put it there. */
static bool is_product(const struct copied_file *before, const char *to_path)
{
	struct copied_file present;
	struct stat status;

	if (lstat(to_path, &status) != 0)
		return false;
	present = copied_file_of(&status);
	return !before || !is_same(&present, before);
}

static struct error *check_limits(const struct tree_copy *copy)
{
	if (copy->size_bytes <= TREE_COPY_SIZE_MAX_BYTES && copy->now.count <= TREE_COPY_FILES_MAX)
		return NULL;
	return error_with_hint(
		error_new(ERROR_UNSUPPORTED,
			  "'%s' is too large to be copied (more than %" PRIu64 " GiB or %d files)",
			  copy->tree_path, TREE_COPY_SIZE_MAX_BYTES >> 30, TREE_COPY_FILES_MAX),
		"build it yourself with -g -fno-omit-frame-pointer in a folder outside of it");
}

/** @param name  Of the file, from the top of the tree. */
static struct error *copy_file(struct tree_copy *copy, const char *name, const struct stat *status)
{
	_cleanup_free_ char *from_path = path_join(copy->tree_path, name);
	_cleanup_free_ char *to_path = path_join(copy->copy_path, name);
	struct copied_file wanted = copied_file_of(status);
	struct copied_file *before = copied_map_find(&copy->before, name);
	bool is_new;

	text_vector_append_copy(&copy->names, name);
	*copied_map_insert(&copy->now, copy->names.items[copy->names.count - 1], &is_new) = wanted;
	copy->size_bytes += wanted.size_bytes;
	RETURN_IF_ERROR(check_limits(copy));
	if (copy->has_record && is_product(before, to_path)) {
		/* Keep what was recorded, so that it is still known as the build's next time. */
		if (before)
			*copied_map_find(&copy->now, name) = *before;
		return NULL;
	}
	if (before && is_same(before, &wanted) && access(to_path, F_OK) == 0)
		return NULL;
	return copy_contents(from_path, to_path, status);
}

/** A link within the tree becomes the same link within the copy. */
static struct error *copy_link(struct tree_copy *copy, const char *name, const char *target)
{
	_cleanup_free_ char *to_path = path_join(copy->copy_path, name);
	_cleanup_free_ char *target_path = path_join(copy->copy_path, target);

	if (unlink(to_path) != 0 && errno != ENOENT)
		return NULL; /* the build made a folder of it */
	if (symlink(target_path, to_path) != 0)
		return error_from_errno(errno, "cannot make the link '%s'", to_path);
	return NULL;
}

static struct error *copy_folder(struct tree_copy *copy, const char *name, unsigned int depth);

static struct error *copy_entry(struct tree_copy *copy, const char *name, unsigned int depth)
{
	_cleanup_free_ char *path = path_join(copy->tree_path, name);
	struct stat link_status, status;

	if (lstat(path, &link_status) != 0 || stat(path, &status) != 0)
		return NULL; /* gone meanwhile, or a link to nowhere */
	if (S_ISLNK(link_status.st_mode)) {
		_cleanup_free_ char *target = realpath(path, NULL);
		const char *inside = target ? path_inside(target, copy->tree_path) : NULL;

		if (inside)
			return copy_link(copy, name, inside);
	}
	if (S_ISDIR(status.st_mode) && !is_left_out_folder(path, path_name(name)))
		return copy_folder(copy, name, depth + 1);
	if (S_ISREG(status.st_mode) && !is_left_out_file(path_name(name)))
		return copy_file(copy, name, &status);
	return NULL;
}

/** @param name  Of the folder, from the top of the tree; "" for the tree itself. */
static struct error *copy_folder(struct tree_copy *copy, const char *name, unsigned int depth)
{
	_cleanup_free_ char *path = path_join(copy->tree_path, name);
	_cleanup_free_ char *to_path = path_join(copy->copy_path, name);
	const struct dirent *entry;
	struct error *error = NULL;
	DIR *folder;

	if (depth > TREE_COPY_DEPTH_MAX)
		return error_new(ERROR_UNSUPPORTED, "'%s' has too many folders in each other",
				 copy->tree_path);
	RETURN_IF_ERROR(path_make_folders(to_path));
	folder = opendir(path);
	if (!folder)
		return error_from_errno(errno, "cannot read the folder '%s'", path);
	while (!error && (entry = readdir(folder))) {
		_cleanup_free_ char *inner =
			memory_format_text("%s%s%s", name, *name ? "/" : "", entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = copy_entry(copy, inner, depth);
	}
	closedir(folder);
	return error;
}

/** Files that were copied once, are unchanged, and are in the tree no more. */
static void remove_departed(const struct tree_copy *copy)
{
	struct copied_file *before;
	const char *name;
	size_t cursor = 0;

	while (copied_map_next(&copy->before, &cursor, &name, &before)) {
		_cleanup_free_ char *to_path = path_join(copy->copy_path, name);

		if (!copied_map_find(&copy->now, name) && !is_product(before, to_path))
			unlink(to_path);
	}
}

struct error *tree_copy(const char *tree_path, const char *copy_path, const char *record_path)
{
	_cleanup_free_ char *list_path = path_join(record_path, "source.list");
	struct tree_copy copy = { .tree_path = tree_path, .copy_path = copy_path };
	struct error *error;

	read_record(&copy, list_path);
	error = copy_folder(&copy, "", 0);
	if (!error) {
		remove_departed(&copy);
		error = write_record(&copy, list_path);
	}
	copied_map_deinit(&copy.before);
	copied_map_deinit(&copy.now);
	text_vector_destroy_items(&copy.names);
	return error_wrap(error, "copying the sources");
}
