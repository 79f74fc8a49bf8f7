#include "output/palette_map.h"

#include "base/hash_map.h"
#include "base/memory.h"
#include "base/vector.h"

#include <stdlib.h>
#include <string.h>

DEFINE_HASH_MAP(rgb_map, const char *, uint32_t, hash_text, equal_text)
DEFINE_VECTOR(name_vector, const char *)

struct palette_map {
	struct arena texts;
	struct rgb_map colors;
	struct name_vector names;
};

struct palette_map *palette_map_create(void)
{
	return memory_allocate(1, sizeof(struct palette_map));
}

void palette_map_destroy(struct palette_map *map)
{
	if (!map)
		return;
	rgb_map_deinit(&map->colors);
	name_vector_deinit(&map->names);
	arena_deinit(&map->texts);
	free(map);
}

const uint32_t *palette_map_find(const struct palette_map *map, const char *name)
{
	return rgb_map_find(&map->colors, name);
}

void palette_map_add(struct palette_map *map, const char *name, uint32_t rgb)
{
	const char *kept;
	bool is_new;

	if (palette_map_find(map, name))
		return;
	kept = arena_duplicate_text(&map->texts, name, strlen(name));
	*rgb_map_insert(&map->colors, kept, &is_new) = rgb;
	name_vector_append(&map->names, kept);
}

/** The name before "->" ends at the first one, as in flamegraph.pl. */
static bool read_line(struct palette_map *map, char *line)
{
	char *arrow = strstr(line, "->");
	unsigned int red, green, blue;
	int end = 0;

	if (!arrow || arrow == line ||
	    sscanf(arrow + 2, "rgb(%3u,%3u,%3u)%n", &red, &green, &blue, &end) != 3 || !end ||
	    arrow[2 + end] || red > 255 || green > 255 || blue > 255)
		return false;
	*arrow = '\0';
	palette_map_add(map, line, red << 16 | green << 8 | blue);
	return true;
}

void palette_map_read(struct palette_map *map, FILE *file, uint64_t *n_bad_lines_ret)
{
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	uint64_t n_bad_lines = 0;
	ssize_t length;

	while ((length = getline(&line, &capacity, file)) >= 0) {
		while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
			line[--length] = '\0';
		if (length > 0 && !read_line(map, line))
			n_bad_lines++;
	}
	*n_bad_lines_ret = n_bad_lines;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Line breaks in a name would make two lines of it. */
static void write_name(FILE *file, const char *name)
{
	for (; *name; name++)
		fputc(*name == '\n' || *name == '\r' ? ' ' : *name, file);
}

void palette_map_write(const struct palette_map *map, FILE *file)
{
	_cleanup_free_ const char **names = memory_allocate(map->names.count + 1, sizeof(*names));

	for (size_t i = 0; i < map->names.count; i++)
		names[i] = map->names.items[i];
	qsort(names, map->names.count, sizeof(*names), compare_names);
	for (size_t i = 0; i < map->names.count; i++) {
		uint32_t rgb = *palette_map_find(map, names[i]);

		write_name(file, names[i]);
		fprintf(file, "->rgb(%u,%u,%u)\n", rgb >> 16, rgb >> 8 & 0xff, rgb & 0xff);
	}
}
