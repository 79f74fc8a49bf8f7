#include "cache/cache_internal.h"

#include "base/clock.h"
#include "base/hash_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/** Keep why the folder is not used. That it is not there yet is no reason. */
static void note_problem(struct cache *cache, struct error *error)
{
	if (error && error->code != ERROR_NOT_FOUND && !cache->problem)
		cache->problem = memory_duplicate_text(error->message);
	error_destroy(error);
}

struct cache *cache_create(const char *path)
{
	struct cache *cache = memory_allocate(1, sizeof(*cache));

	cache->path = memory_duplicate_text(path);
	cache->folder = -1;
	if (path[0])
		note_problem(cache, cache_folder_open(path, false, &cache->folder));
	else
		cache->problem = memory_duplicate_text("neither XDG_CACHE_HOME nor HOME is an "
						       "absolute path");
	return cache;
}

struct cache *cache_create_default(void)
{
	_cleanup_free_ char *path = cache_folder_default_path();

	return cache_create(path);
}

void cache_destroy(struct cache *cache)
{
	if (!cache)
		return;
	if (cache->statistics.n_stores)
		cache_trim(cache, CACHE_SIZE_MAX_BYTES);
	if (cache->folder >= 0)
		close(cache->folder);
	free(cache->path);
	free(cache->problem);
	free(cache);
}

const char *cache_path(const struct cache *cache)
{
	return cache->path;
}

const char *cache_problem(const struct cache *cache)
{
	return cache->problem;
}

struct cache_statistics cache_statistics(const struct cache *cache)
{
	return cache->statistics;
}

static void name_of_key(const struct cache_key *key, char name[CACHE_NAME_SIZE_BYTES])
{
	snprintf(name, CACHE_NAME_SIZE_BYTES, "%.32s-%016" PRIx64, key->kind,
		 hash_text(key->identity));
}

/** False: no room for it. */
static bool map_file(int descriptor, size_t size_bytes, struct file_mapping *ret)
{
	struct error *error = file_mapping_open(descriptor, size_bytes, FILE_MAPPING_AT_ONCE, ret);

	error_destroy(error);
	return !error;
}

/** Whether the mapped bytes are what was stored under @p key. */
static bool is_of_key(struct cache *cache, const struct cache_key *key, struct bytes bytes,
		      struct bytes *content_ret)
{
	struct cache_file file;
	_cleanup_error_ struct error *error = cache_file_parse(bytes, &file);

	if (error || !cache_file_is_whole(bytes, &file)) {
		cache->statistics.n_damaged++;
		return false;
	}
	*content_ret = file.content;
	return file.version == key->version && strcmp(file.identity, key->identity) == 0;
}

static bool load(struct cache *cache, const struct cache_key *key, struct cached *ret)
{
	struct cached cached = { 0 };
	char name[CACHE_NAME_SIZE_BYTES];
	bool is_found = false;
	size_t size_bytes;
	int descriptor;

	name_of_key(key, name);
	descriptor = cache_file_open(cache, name, &size_bytes);
	if (descriptor < 0)
		return false;
	if (map_file(descriptor, size_bytes, &cached.mapping))
		is_found = is_of_key(cache, key, (struct bytes){ cached.mapping.data, size_bytes },
				     &cached.content);
	/* When it was used last: what cache_trim() goes by. */
	if (is_found)
		futimens(descriptor, NULL);
	close(descriptor);
	if (is_found)
		*ret = cached;
	else
		cached_release(&cached);
	return is_found;
}

bool cache_load(struct cache *cache, const struct cache_key *key, struct cached *ret)
{
	if (!cache)
		return false;
	if (cache->folder < 0 || !load(cache, key, ret)) {
		cache->statistics.n_misses++;
		return false;
	}
	cache->statistics.n_hits++;
	cache->statistics.loaded_bytes += ret->content.size;
	return true;
}

void cached_release(struct cached *cached)
{
	file_mapping_close(&cached->mapping);
	*cached = (struct cached){ 0 };
}

void cache_note_damage(struct cache *cache)
{
	cache->statistics.n_damaged++;
}

static bool write_all(int descriptor, struct bytes bytes)
{
	while (bytes.size) {
		ssize_t n_written = write(descriptor, bytes.data, bytes.size);

		if (n_written < 0 && errno == EINTR)
			continue;
		if (n_written <= 0)
			return false;
		bytes.data += n_written;
		bytes.size -= (size_t)n_written;
	}
	return true;
}

static bool write_file(struct cache *cache, const char *name, struct bytes head,
		       struct bytes content)
{
	char unfinished[CACHE_NAME_SIZE_BYTES];
	bool is_written;
	int descriptor;

	snprintf(unfinished, sizeof(unfinished), CACHE_UNFINISHED_PREFIX "%d-%" PRIu64 "-%" PRIx64,
		 (int)getpid(), cache->n_unfinished++, clock_realtime_ns());
	descriptor = openat(cache->folder, unfinished,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return false;
	is_written = write_all(descriptor, head) && write_all(descriptor, content);
	if (close(descriptor) != 0)
		is_written = false;
	if (is_written && renameat(cache->folder, unfinished, cache->folder, name) == 0)
		return true;
	unlinkat(cache->folder, unfinished, 0);
	return false;
}

static bool store(struct cache *cache, const struct cache_key *key, const char *label,
		  struct bytes content)
{
	char name[CACHE_NAME_SIZE_BYTES];
	struct byte_vector head;
	bool is_stored = false;

	if (cache->folder < 0 && !cache->problem && cache->path[0])
		note_problem(cache, cache_folder_open(cache->path, true, &cache->folder));
	if (cache->folder < 0 || strlen(key->identity) >= CACHE_TEXT_SIZE_MAX_BYTES ||
	    strlen(label) >= CACHE_TEXT_SIZE_MAX_BYTES)
		return false;
	name_of_key(key, name);
	head = cache_file_head(key, label, content);
	if (content.size <= CACHE_FILE_SIZE_MAX_BYTES - head.count)
		is_stored =
			write_file(cache, name, (struct bytes){ head.items, head.count }, content);
	byte_vector_deinit(&head);
	return is_stored;
}

void cache_store(struct cache *cache, const struct cache_key *key, const char *label,
		 struct bytes content)
{
	if (!cache)
		return;
	if (store(cache, key, label, content))
		cache->statistics.n_stores++;
	else
		cache->statistics.n_failed_stores++;
}
