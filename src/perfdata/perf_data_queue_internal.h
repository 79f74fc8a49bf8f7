#pragma once

/**
 * Puts records in time order.
 *
 * Records go in as they come; perf_data_queue_release() makes those up to a time
 * ready, in order (equal times: as they came). Records whose bytes do not stay are
 * copied, 8-byte aligned; a copy lives until the record after it is taken.
 */

#include "perfdata/perf_data_stream_internal.h"

/** Entries at which the reader releases the older half, rounds or not: 1 GiB of them. */
#define PERF_DATA_QUEUE_ENTRIES_MAX ((size_t)24 * 1024 * 1024)

/** Bytes of copies at which it does the same. */
#define PERF_DATA_QUEUE_COPIES_MAX_BYTES ((size_t)1024 * 1024 * 1024)

struct record_chunk;

struct queued_record {
	uint64_t time_ns;
	uint64_t sequence;
	uint64_t offset;
	const uint8_t *bytes;       /**< A whole record. */
	struct record_chunk *chunk; /**< Holds the copy; NULL: bytes are stable. */
	uint32_t size_bytes;        /**< When it was read: the file may have changed since. */
};

/** All zero is an empty queue. */
struct perf_data_queue {
	struct queued_record *entries;
	size_t n_entries, capacity;
	size_t next;    /**< Entry to take next... */
	size_t n_ready; /**< ...below this one. */
	uint64_t n_appended;
	uint64_t time_max_ns; /**< Of all that ever came. */
	bool is_unsorted;
	struct record_chunk *filling; /**< Takes the next copy. */
	struct record_chunk *lent;    /**< Of the record taken last. */
	size_t copies_size_bytes;
};

void perf_data_queue_deinit(struct perf_data_queue *queue);

void perf_data_queue_append(struct perf_data_queue *queue, const struct raw_record *raw,
			    uint64_t time_ns);

/** Nothing is ready: take_next() needs a release first. */
bool perf_data_queue_is_drained(const struct perf_data_queue *queue);

/** Too much waits. */
bool perf_data_queue_is_full(const struct perf_data_queue *queue);

/** Make ready what is not later than @p time_ns. The queue must be drained. */
void perf_data_queue_release(struct perf_data_queue *queue, uint64_t time_ns);

/** Make the older half ready (and what has the same time). The queue must be drained. */
void perf_data_queue_release_half(struct perf_data_queue *queue);

/** The next ready record, valid until the next call; false: drained. */
bool perf_data_queue_take(struct perf_data_queue *queue, struct queued_record *ret);
