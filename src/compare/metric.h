#pragma once

/** What is measured of each run. */

#include "base/attributes.h"

enum metric {
	METRIC_TIME, /**< Wall time, from exec to the end. */
	METRIC_USER,
	METRIC_SYSTEM,
	METRIC_MEMORY, /**< Largest resident set. */
	METRIC_TASK_CLOCK,
	METRIC_PAGE_FAULTS,
	METRIC_CONTEXT_SWITCHES,
	METRIC_INSTRUCTIONS,
	METRIC_CYCLES,
	METRIC_BRANCHES,
	METRIC_BRANCH_MISSES,
	METRIC_CACHE_REFERENCES,
	METRIC_CACHE_MISSES,
	N_METRICS,
};

enum metric_unit {
	UNIT_SECONDS,
	UNIT_BYTES,
	UNIT_COUNT,
};

struct metric_description {
	const char *name;  /**< Stable word for options and JSON: "time", "page-faults". */
	const char *label; /**< For tables. */
	enum metric_unit unit;
	bool is_hardware; /**< Needs performance counters of the CPU. */
};

/** By enum metric. */
extern const struct metric_description metrics[N_METRICS];

/** "cpu" is short for task-clock. @return false: there is none of that name. */
bool metric_find(const char *name, enum metric *ret);

/** Room for a formatted value. */
#define METRIC_TEXT_SIZE_BYTES 32

/** "12.34 ms", "3.1 MiB", "1,234"; "-" for NAN. */
void metric_format(enum metric metric, double value, char text[METRIC_TEXT_SIZE_BYTES]);

/** "12.34 ms", "1.234 s", "56.7 us" */
void metric_format_seconds(double value_s, char text[METRIC_TEXT_SIZE_BYTES]);
