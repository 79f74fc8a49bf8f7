#pragma once

/**
 * The last records of a recording: as many as fit into a size, and no older ones than wanted.
 * What a flight recorder keeps. Not thread-safe.
 */

#include "base/vector.h"
#include "record/record.h"

/** Records are kept in pieces of this size, which are freed when they are empty. */
#define RECORD_WINDOW_CHUNK_BYTES ((size_t)4 * RECORD_SIZE_MAX_BYTES)

struct record_window_limits {
	uint64_t size_bytes; /**< Of the records; one is always kept. */
	uint64_t span_ns;    /**< From the oldest to the newest; 0: as far as the size goes. */
};

/**
 * Takes a record that leaves, oldest first: what it says of processes still holds for those that
 * stay. Valid during the call.
 */
typedef void record_window_handler(void *context, const struct record *record);

struct record_chunk;

struct record_window {
	struct record_window_limits limits;
	const struct record_layout_table *layouts; /**< Borrowed. */
	record_window_handler *leaves;
	void *context;

	struct record_chunk *first, *last; /**< NULL: empty. */
	uint64_t size_bytes;
	uint64_t newest_time_ns;

	uint64_t n_samples_left; /**< Samples that have left... */
	uint64_t left_time_ns;   /**< ...and the time of the last record that has. */
};

void record_window_init(struct record_window *window, const struct record_layout_table *layouts,
			const struct record_window_limits *limits, record_window_handler *leaves,
			void *context);
void record_window_deinit(struct record_window *window);

/** @param record  One, whole, of these layouts; copied. Its time may be earlier than the last's. */
void record_window_append(struct record_window *window, struct bytes record);

/** Where one is while reading; all zero: at the oldest. */
struct record_window_cursor {
	const struct record_chunk *chunk;
	size_t offset;
	bool has_begun;
};

/** The next one, borrowed until something is appended; empty bytes: that was all. */
struct bytes record_window_next(const struct record_window *window,
				struct record_window_cursor *cursor);
