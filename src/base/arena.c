#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <string.h>

#define ARENA_BLOCK_SIZE_BYTES ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size_bytes;
	alignas(max_align_t) uint8_t data[];
};

static void arena_add_block(struct arena *arena, size_t least_bytes)
{
	size_t size_bytes = MAX(least_bytes, ARENA_BLOCK_SIZE_BYTES);
	struct arena_block *block = memory_allocate(1, sizeof(*block) + size_bytes);

	block->next = arena->blocks;
	block->size_bytes = size_bytes;
	arena->blocks = block;
	arena->used_bytes = 0;
}

static size_t align_up(size_t size_bytes)
{
	return (size_bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void *arena_allocate(struct arena *arena, size_t size_bytes)
{
	void *memory;

	/* Rounding up and the block's head must not wrap; memory_allocate() refuses the rest. */
	if (size_bytes > SIZE_MAX / 2)
		return memory_allocate(size_bytes, 2);
	size_bytes = align_up(size_bytes);
	if (!arena->blocks || size_bytes > arena->blocks->size_bytes - arena->used_bytes)
		arena_add_block(arena, size_bytes);
	memory = arena->blocks->data + arena->used_bytes;
	arena->used_bytes += size_bytes;
	arena->total_bytes += size_bytes;
	return memory;
}

char *arena_duplicate_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_allocate(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	return copy;
}

void arena_deinit(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	*arena = (struct arena){ 0 };
}
