#pragma once

/** The kernel's and the CPU's counters around one run, by metric. */

#include "capture/counters/counters.h"
#include "compare/metric.h"

struct counters {
	struct counter_list list;
	struct counter_set set;
	size_t n_requests[N_METRICS]; /**< Of the list up to and with each counted event. */
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
