#include "compare/metric.h"

#include "base/rounding.h"
#include "profile/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct metric_description metrics[N_METRICS] = {
	[METRIC_TIME] = { "time", "time", UNIT_SECONDS, false },
	[METRIC_USER] = { "user", "user", UNIT_SECONDS, false },
	[METRIC_SYSTEM] = { "system", "system", UNIT_SECONDS, false },
	[METRIC_MEMORY] = { "memory", "peak memory", UNIT_BYTES, false },
	[METRIC_TASK_CLOCK] = { "task-clock", "CPU time", UNIT_SECONDS, false },
	[METRIC_PAGE_FAULTS] = { "page-faults", "page faults", UNIT_COUNT, false },
	[METRIC_CONTEXT_SWITCHES] = { "context-switches", "context switches", UNIT_COUNT, false },
	[METRIC_INSTRUCTIONS] = { "instructions", "instructions", UNIT_COUNT, true },
	[METRIC_CYCLES] = { "cycles", "cycles", UNIT_COUNT, true },
	[METRIC_BRANCHES] = { "branches", "branches", UNIT_COUNT, true },
	[METRIC_BRANCH_MISSES] = { "branch-misses", "branch misses", UNIT_COUNT, true },
	[METRIC_CACHE_REFERENCES] = { "cache-references", "cache references", UNIT_COUNT, true },
	[METRIC_CACHE_MISSES] = { "cache-misses", "cache misses", UNIT_COUNT, true },
};

bool metric_find(const char *name, enum metric *ret)
{
	if (strcmp(name, "cpu") == 0)
		name = metrics[METRIC_TASK_CLOCK].name;
	for (int i = 0; i < N_METRICS; i++) {
		if (strcmp(metrics[i].name, name) == 0) {
			*ret = (enum metric)i;
			return true;
		}
	}
	return false;
}

/** Four significant digits in the unit that suits. */
static void format_scaled(double value, const char *unit, char text[METRIC_TEXT_SIZE_BYTES])
{
	int n_decimals = value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0;

	snprintf(text, METRIC_TEXT_SIZE_BYTES, "%.*f %s", n_decimals, value, unit);
}

void metric_format_seconds(double value_s, char text[METRIC_TEXT_SIZE_BYTES])
{
	if (value_s >= 1)
		format_scaled(value_s, "s", text);
	else if (value_s >= 1e-3 || value_s == 0)
		format_scaled(value_s * 1e3, "ms", text);
	else
		format_scaled(value_s * 1e6, "us", text);
}

static void format_bytes(double value, char text[METRIC_TEXT_SIZE_BYTES])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	for (; value >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1024;
	format_scaled(value, units[unit], text);
}

void metric_format(enum metric metric, double value, char text[METRIC_TEXT_SIZE_BYTES])
{
	if (isnan(value))
		snprintf(text, METRIC_TEXT_SIZE_BYTES, "-");
	else if (metrics[metric].unit == UNIT_SECONDS)
		metric_format_seconds(value, text);
	else if (metrics[metric].unit == UNIT_BYTES)
		format_bytes(value, text);
	else
		profile_format_count(round_u64(value), text);
}
