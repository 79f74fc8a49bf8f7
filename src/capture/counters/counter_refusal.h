#pragma once

/** Why an event cannot be counted, in words, with the way out. */

#include "capture/counters/counters.h"

/** What decides it, read once. */
struct counter_surroundings {
	bool has_pmu;    /**< sysfs lists a unit of the processor. */
	bool is_virtual; /**< The processor says that it is one of a virtual machine. */
	bool is_seccomp_filtered;
	int64_t paranoid; /**< /proc/sys/kernel/perf_event_paranoid */
};

struct counter_surroundings counter_surroundings_read(const struct event_places *places,
						      const char *proc_path);

enum counter_state counter_refusal_state(int errno_value);

/** One line for people; free it. */
char *counter_refusal_reason(const struct counter_surroundings *surroundings,
			     const struct counter_target *target,
			     const struct event_selection *event, int errno_value);
