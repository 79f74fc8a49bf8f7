#pragma once

/**
 * The samples of one event thread by thread, in time: what formats with a time axis show.
 *
 * Where the profile kept the times, an entry is one sample at its time. Where it did
 * not, an entry is all samples of one stack, laid end to end with the heaviest callers
 * first, so that the axis is a share of the total and equal callers are together.
 *
 * Costs 4 bytes per sample kept, beside the profile.
 */

#include "output/event_measure_internal.h"

struct timeline {
	const struct profile *profile; /**< Borrowed. */
	struct event_measure measure;
	bool has_times;
	uint64_t
		start_ns; /**< Time of the first sample, on the profile's clock; 0 without times. */
	uint32_t *entries;       /**< Tick ids, or sample ids without times; thread by thread. */
	size_t *first_of_thread; /**< By thread id, and one more for the end. */
};

void timeline_init(struct timeline *timeline, const struct profile *profile, uint32_t event);
void timeline_deinit(struct timeline *timeline);

struct timeline_entry {
	uint32_t stack;
	uint64_t count;
	uint64_t period;  /**< In the event's unit. */
	uint64_t time_ns; /**< After start_ns. */
	uint64_t
		duration_ns; /**< What the entry stands for, as if it had been running that long. */
};

struct timeline_cursor {
	const struct timeline *timeline;
	size_t next, end;
	uint64_t time_ns; /**< Without times: where the next entry begins. */
};

/** The entries of one thread; ascending time. */
struct timeline_cursor timeline_thread(const struct timeline *timeline, uint32_t thread);

/** False: no more. */
bool timeline_next(struct timeline_cursor *cursor, struct timeline_entry *ret);
