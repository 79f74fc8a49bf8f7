#include "cli/source_text.h"

#include "base/escape.h"
#include "base/hash_map.h"
#include "base/memory.h"
#include "base/string_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** Source files are smaller; generated ones (sqlite3.c) have ten megabytes. */
#define SOURCE_SIZE_MAX_BYTES ((off_t)64 * 1024 * 1024)

struct source_file {
	char *text; /**< NUL-terminated; NULL: it cannot be read. */
	struct address_vector line_starts;
};

DEFINE_HASH_MAP(source_map, struct string_key, struct source_file, string_key_hash,
		string_key_equal)

struct source_text {
	struct source_map files;
	struct arena paths;
};

struct source_text *source_text_create(void)
{
	return memory_allocate(1, sizeof(struct source_text));
}

void source_text_destroy(struct source_text *sources)
{
	struct string_key key;
	struct source_file *file;
	size_t cursor = 0;

	while (source_map_next(&sources->files, &cursor, &key, &file)) {
		free(file->text);
		address_vector_deinit(&file->line_starts);
	}
	source_map_deinit(&sources->files);
	arena_deinit(&sources->paths);
	free(sources);
}

static void read_file(const char *path, struct source_file *ret)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	size_t size = 0;
	ssize_t n;

	if (descriptor < 0)
		return;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size <= SOURCE_SIZE_MAX_BYTES) {
		ret->text = memory_allocate((size_t)status.st_size + 1, 1);
		while (size < (size_t)status.st_size &&
		       (n = read(descriptor, ret->text + size, (size_t)status.st_size - size)) > 0)
			size += (size_t)n;
		address_vector_append(&ret->line_starts, 0);
		for (size_t i = 0; i < size; i++) {
			if (ret->text[i] == '\n')
				address_vector_append(&ret->line_starts, i + 1);
			if (!ret->text[i] || ret->text[i] == '\t')
				ret->text[i] = ' ';
		}
	}
	close(descriptor);
}

char *source_text_line(struct source_text *sources, const char *path, uint32_t number)
{
	struct string_key key = { .text = path, .length = strlen(path) };
	struct source_file *file = source_map_find(&sources->files, key);
	_cleanup_free_ char *line = NULL;
	const char *start;

	if (!file) {
		key.text = arena_duplicate_text(&sources->paths, path, key.length);
		file = source_map_insert(&sources->files, key, NULL);
		read_file(path, file);
	}
	if (!file->text || number == 0 || number > file->line_starts.count)
		return NULL;
	start = file->text + file->line_starts.items[number - 1];
	line = memory_format_text("%.*s", (int)strcspn(start, "\n"), start);
	return escape_plain(line);
}
