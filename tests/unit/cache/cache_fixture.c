#include "cache_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int cache_fixture_setup(void **state)
{
	char *folder = memory_duplicate_text("/tmp/cache.XXXXXX");

	*state = folder;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
	return remove(path);
}

int cache_fixture_teardown(void **state)
{
	int status = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return status;
}

char *cache_fixture_path(void **state, const char *name)
{
	return memory_format_text("%s/%s", (const char *)*state, name);
}

struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

char *cache_fixture_only_entry(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *file;
	char *found = NULL;

	assert_non_null(folder);
	while ((file = readdir(folder))) {
		if (file->d_name[0] == '.' && (!file->d_name[1] || file->d_name[1] == '.'))
			continue;
		assert_null(found);
		found = memory_format_text("%s/%s", path, file->d_name);
	}
	closedir(folder);
	assert_non_null(found);
	return found;
}

struct byte_vector read_file(const char *path)
{
	struct byte_vector bytes = { 0 };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t buffer[4096];
	ssize_t n_read;

	assert_true(descriptor >= 0);
	while ((n_read = read(descriptor, buffer, sizeof(buffer))) > 0)
		byte_vector_append_bytes(&bytes, buffer, (size_t)n_read);
	close(descriptor);
	return bytes;
}

void write_file(const char *path, struct bytes bytes)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes.data, bytes.size), bytes.size);
	close(descriptor);
}

char *load_text(struct cache *cache, const char *identity)
{
	const struct cache_key key = key_of(identity);
	struct cached cached = { 0 };
	char *text;

	if (!cache_load(cache, &key, &cached))
		return NULL;
	text = memory_allocate(cached.content.size + 1, 1);
	if (cached.content.size)
		memcpy(text, cached.content.data, cached.content.size);
	cached_release(&cached);
	return text;
}

void store_text(struct cache *cache, const char *identity, const char *text)
{
	const struct cache_key key = key_of(identity);

	cache_store(cache, &key, "a label", bytes_of(text));
}
