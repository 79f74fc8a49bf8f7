#include "cache/cache_internal.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** Hex digits at the end of the name of an entry. */
#define NAME_DIGITS 16

/** More files than this in the folder are not looked at: they cannot all be ours. */
#define FILES_MAX 100000

/** No writer takes that long: it has died. */
#define UNFINISHED_AGE_MAX_NS (UINT64_C(3600) * NS_PER_S)

bool cache_name_is_entry(const char *name)
{
	size_t n_letters = strspn(name, "abcdefghijklmnopqrstuvwxyz");
	const char *digits = name + n_letters + 1;

	return n_letters && name[n_letters] == '-' && strlen(digits) == NAME_DIGITS &&
	       strspn(digits, "0123456789abcdef") == NAME_DIGITS;
}

static uint64_t timespec_ns(struct timespec time)
{
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static void remove_if_forgotten(const struct cache *cache, const char *name)
{
	struct stat status;

	if (fstatat(cache->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    timespec_ns(status.st_mtim) + UNFINISHED_AGE_MAX_NS < clock_realtime_ns())
		unlinkat(cache->folder, name, 0);
}

static void add_entry(const struct cache *cache, const char *name, struct cache_entry_vector *ret)
{
	struct stat status;

	if (ret->count == FILES_MAX || !cache_name_is_entry(name) ||
	    fstatat(cache->folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    S_ISDIR(status.st_mode))
		return;
	cache_entry_vector_append(ret, (struct cache_entry){
					       .name = memory_duplicate_text(name),
					       .size_bytes = (uint64_t)status.st_size,
					       .used_realtime_ns = timespec_ns(status.st_mtim),
				       });
}

static int compare_latest_first(const void *a_pointer, const void *b_pointer)
{
	const struct cache_entry *a = a_pointer, *b = b_pointer;

	if (a->used_realtime_ns != b->used_realtime_ns)
		return a->used_realtime_ns > b->used_realtime_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

/** All entries without their labels, the latest used first. */
static void read_folder(const struct cache *cache, bool is_to_tidy, struct cache_entry_vector *ret)
{
	/* A descriptor of its own: closedir() closes it, and two readers share no position. */
	int folder = openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *file;

	if (!stream) {
		if (folder >= 0)
			close(folder);
		return;
	}
	while ((file = readdir(stream))) {
		bool is_unfinished = strncmp(file->d_name, CACHE_UNFINISHED_PREFIX,
					     strlen(CACHE_UNFINISHED_PREFIX)) == 0;

		if (!is_unfinished)
			add_entry(cache, file->d_name, ret);
		else if (is_to_tidy)
			remove_if_forgotten(cache, file->d_name);
	}
	closedir(stream);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_latest_first);
}

static char *read_label(const struct cache *cache, const char *name)
{
	_cleanup_error_ struct error *error = NULL;
	size_t size_bytes;
	int descriptor = cache_file_open(cache, name, &size_bytes);
	struct cache_file file = { .label = "" };
	struct file_mapping mapping = { 0 };
	char *label;

	if (descriptor < 0)
		return memory_duplicate_text("");
	error = file_mapping_open(descriptor, size_bytes, FILE_MAPPING_READ, &mapping);
	close(descriptor);
	if (!error)
		error = cache_file_parse((struct bytes){ mapping.data, size_bytes }, &file);
	label = memory_duplicate_text(file.label);
	file_mapping_close(&mapping);
	return label;
}

void cache_list(struct cache *cache, struct cache_entry_vector *ret)
{
	struct cache_entry_vector entries = { 0 };

	if (cache->folder >= 0)
		read_folder(cache, false, &entries);
	for (size_t i = 0; i < entries.count; i++)
		entries.items[i].label = read_label(cache, entries.items[i].name);
	*ret = entries;
}

void cache_entry_vector_destroy_items(struct cache_entry_vector *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->items[i].name);
		free(entries->items[i].label);
	}
	cache_entry_vector_deinit(entries);
}

size_t cache_trim(struct cache *cache, uint64_t size_max_bytes)
{
	struct cache_entry_vector entries = { 0 };
	uint64_t kept_bytes = 0;
	size_t n_removed = 0;

	if (cache->folder < 0)
		return 0;
	read_folder(cache, true, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		const struct cache_entry *entry = &entries.items[i];

		kept_bytes += MIN(entry->size_bytes, size_max_bytes + 1);
		if (kept_bytes > size_max_bytes && unlinkat(cache->folder, entry->name, 0) == 0)
			n_removed++;
	}
	cache_entry_vector_destroy_items(&entries);
	cache->statistics.n_dropped += n_removed;
	return n_removed;
}
