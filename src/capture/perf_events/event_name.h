#pragma once

/** Event names, as perf spells them, to perf_event_attr. */

#include "base/error.h"
#include "capture/perf_events/pmu.h"

#include <linux/perf_event.h>

struct event_selection {
	uint32_t type; /**< PERF_TYPE_*, or the number of a unit in sysfs. */
	uint64_t config, config1, config2;
	const char *name;  /**< As perf spells it; static or borrowed from the asker. */
	const char *unit;  /**< Of the period: "ns" for clocks, else the name of what is counted. */
	bool is_user_only; /**< ":u" */
	bool is_kernel_only; /**< ":k" */

	char pmu[PMU_NAME_SIZE_BYTES]; /**< The unit in sysfs that was named; "": none. */
	double scale;                  /**< Counts times this are in shown_unit; usually 1. */
	char shown_unit[PMU_UNIT_SIZE_BYTES]; /**< "Joules"; "": plain counts. */
};

/**
 * "cycles", "cpu-clock", "L1-dcache-load-misses", "rNNN", "pmu/event,term=1/", the name of an
 * event that sysfs lists for the processor ("slots"), "sched:sched_switch"; each with an optional
 * ":u", ":k" or ":uk".
 *
 * @return ERROR_USAGE with the nearest known name as its hint; for a tracepoint that this
 *         user may not look up ERROR_PERMISSION or ERROR_NOT_FOUND.
 */
struct error *event_name_parse(const char *text, struct event_selection *ret) MUST_CHECK;

/** The same with what a kernel told elsewhere. */
struct error *event_name_parse_in(const struct event_places *places, const char *text,
				  struct event_selection *ret) MUST_CHECK;

/** The length of the event that a list begins with: up to a comma or brace outside of "pmu/.../".
 */
size_t event_name_length(const char *list);

/** It happens in the kernel only: without its side a count would be a wrong zero. */
bool event_is_of_kernel_only(const struct event_selection *event);

/** The names known everywhere, NULL at the end, for --help and completion. */
const char *const *event_names(void);
