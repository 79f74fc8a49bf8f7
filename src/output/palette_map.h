#pragma once

/**
 * A palette map: colours of functions kept in a file, so that several flame graphs use
 * the same. The format is that of flamegraph.pl's palette.map: NAME->rgb(R,G,B) lines.
 */

#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>

struct palette_map;

struct palette_map *palette_map_create(void);
void palette_map_destroy(struct palette_map *map);

/** Lines that are no such colour are left out and counted. Read errors stay in @p file. */
void palette_map_read(struct palette_map *map, FILE *file, uint64_t *n_bad_lines_ret);

/** NULL: the name has none. */
const uint32_t *palette_map_find(const struct palette_map *map, const char *name);

/** Add @p name unless it is there. */
void palette_map_add(struct palette_map *map, const char *name, uint32_t rgb);

/** Sorted by name. Write errors stay in @p file. */
void palette_map_write(const struct palette_map *map, FILE *file);
