#pragma once

/**
 * What the frame lines of `perf script` text stand for. A program's stacks repeat
 * the same lines over and over: each is taken apart once and looked up after that.
 */

#include "base/string_table.h"
#include "base/text_hash.h"
#include "input/line_reader.h"

/**
 * A line and its meaning, a run of names. They lie together, with the text behind
 * the names: a look-up waits for memory, not for the processor.
 */
struct frame_line {
	uint32_t length; /**< Of the text, in bytes. */
	uint32_t n_names;
	bool is_java;      /**< Read as a line of a Java process. */
	bool is_frame;     /**< False: not recognised. */
	bool ends_stack;   /**< Its callers are left out. */
	string_id names[]; /**< Outermost first. */
};

struct frame_line_slot {
	uint32_t hash;
	uint32_t line; /**< Its place in frame_lines.store, in units of FRAME_LINE_ALIGNMENT_BYTES;
			  0: free. */
};

/** What lines are aligned to in the store. */
#define FRAME_LINE_ALIGNMENT_BYTES 8

struct frame_lines {
	struct byte_vector store;
	struct frame_line_slot *slots; /**< Open addressing; the capacity is a power of two. */
	size_t count, capacity;
};

void frame_lines_init(struct frame_lines *lines);
void frame_lines_deinit(struct frame_lines *lines);

/**
 * @param hash  text_hash() of @p text.
 * @return NULL: not met yet. Valid until a line is added.
 */
const struct frame_line *frame_lines_find(const struct frame_lines *lines, struct text_span text,
					  uint64_t hash, bool is_java);

/**
 * Remember @p text, which was not found, and what it stands for. Old lines may be forgotten:
 * there may be no end of different addresses.
 *
 * @param meaning  All but the names is copied, which are @p names.
 * @return as frame_lines_find().
 */
const struct frame_line *frame_lines_add(struct frame_lines *lines, struct text_span text,
					 uint64_t hash, const struct frame_line *meaning,
					 const string_id *names);

/** Ask for the memory that frame_lines_find() will look at first. */
static inline void frame_lines_expect(const struct frame_lines *lines, uint64_t hash)
{
	__builtin_prefetch(&lines->slots[hash & (lines->capacity - 1)]);
}

/** And, once that is there, for the line that is likely found: mostly two pieces of 64 bytes. */
static inline void frame_lines_expect_text(const struct frame_lines *lines, uint64_t hash)
{
	const struct frame_line_slot *slot = &lines->slots[hash & (lines->capacity - 1)];
	const uint8_t *line = lines->store.items + (size_t)slot->line * FRAME_LINE_ALIGNMENT_BYTES;

	__builtin_prefetch(line);
	__builtin_prefetch(line + 64);
}
