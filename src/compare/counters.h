#pragma once

/** The kernel's and the CPU's counters around one run, by perf_event_open(2). */

#include "compare/metric.h"

#include <sys/types.h>

/** One descriptor per counted metric; -1: not available here. */
struct counters {
	int descriptors[N_METRICS];
};

/**
 * Count @p pid, which has not called exec yet, and all it will start, from its exec on.
 * What cannot be counted here is left out.
 */
void counters_open(struct counters *counters, pid_t pid);

/** Store what was counted; NAN for the rest of the counted metrics. Then close. */
void counters_finish(struct counters *counters, double values[N_METRICS]);

/** Whether any counter of the CPU itself can be opened here. */
bool counters_have_hardware(void);
