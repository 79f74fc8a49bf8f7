#pragma once

/**
 * How often a thread of this machine has been given a CPU, as /proc tells it (the third number of
 * schedstat, kernel Documentation/scheduler/sched-stats.rst): what of its switches was not recorded
 * is thus known afterwards.
 */

#include <stdbool.h>
#include <stdint.h>

/** @return false: it has ended, or this kernel does not count. */
bool turn_count_read(uint32_t pid, uint32_t tid, uint64_t *count_ret, uint64_t *time_ns_ret);
