#pragma once

/** Event names, as perf spells them, to perf_event_attr. */

#include "base/error.h"

#include <linux/perf_event.h>

struct event_selection {
	uint32_t type; /**< PERF_TYPE_* */
	uint64_t config;
	const char *name;  /**< As perf spells it; static or borrowed from the asker. */
	const char *unit;  /**< Of the period: "ns" for clocks, else the name of what is counted. */
	bool is_user_only; /**< ":u" */
	bool is_kernel_only; /**< ":k" */
};

/**
 * "cycles", "cpu-clock", "page-faults", "rNNN" with an optional ":u" or ":k".
 *
 * @return ERROR_USAGE with the nearest known name as its hint.
 */
struct error *event_name_parse(const char *text, struct event_selection *ret) MUST_CHECK;

/** The known names, NULL at the end, for --help and completion. */
const char *const *event_names(void);
