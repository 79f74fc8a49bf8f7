#pragma once

/**
 * Memory that dies together: allocate in pieces, free all at once. Pieces are
 * aligned for any object and never move. Not thread-safe.
 */

#include "base/attributes.h"

struct arena_block;

/** An all-zero struct is an empty arena. */
struct arena {
	struct arena_block *blocks; /**< Newest first. */
	size_t used_bytes;          /**< In the newest block. */
	size_t total_bytes;         /**< Handed out so far, for limits and statistics. */
};

/** Zeroed memory, valid until arena_deinit(). */
void *arena_allocate(struct arena *arena, size_t size_bytes);

/** Copies @p length bytes and adds a NUL. */
char *arena_duplicate_text(struct arena *arena, const char *text, size_t length);

void arena_deinit(struct arena *arena);
