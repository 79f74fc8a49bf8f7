#pragma once

/** What the samples of an event measure, in the terms other programs' files use. */

#include "profile/profile.h"

struct event_measure {
	const char *name;     /**< Of the event; "samples" without one. Hostile text. */
	const char *unit;     /**< Of sample.period: "ns", "cycles"; "" when it just counts. */
	bool has_periods;     /**< Folded stacks have none: then only counts mean something. */
	bool is_time;         /**< The period is nanoseconds of CPU time. */
	uint64_t period;      /**< From one sample to the next, in the unit; 0: unknown. */
	uint64_t interval_ns; /**< About the time from one sample to the next on a busy CPU. */
};

/** @param event  Event id; need not exist in a profile without samples. */
struct event_measure event_measure_of(const struct profile *profile, uint32_t event);
