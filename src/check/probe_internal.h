#pragma once

/** Trying perf_event_open(2) on ourselves, and what the answer means. */

#include "check/check.h"

#include <linux/perf_event.h>

/** errno of opening a disabled event on this process; 0: it can be opened. */
int probe_open(enum perf_type_id type, uint64_t config, bool is_user_only);

/** What perf_event_open said and what is known about the reason. */
struct probe_facts {
	int both_errno; /**< Of cpu-clock, kernel and user side. */
	int user_errno; /**< Of cpu-clock, user side only. */
	bool has_seccomp_filter;
	bool has_paranoid;
	int64_t paranoid;
	const char *container; /**< NULL: none seen. */
};

/** The verdict on perf_event_open as such. */
void perf_events_judge(const struct probe_facts *facts, struct check_result *ret);

/** What is known about hardware counters. */
struct pmu_facts {
	int cycles_errno;       /**< Of opening cycles, user side; 0: it works. */
	bool has_device;        /**< The kernel has a driver for this CPU's counters. */
	const char *hypervisor; /**< NULL: none seen. */
};

void pmu_judge(const struct pmu_facts *facts, struct check_result *ret);
