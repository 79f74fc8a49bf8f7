#include "compare/counters.h"

#include <linux/perf_event.h>
#include <math.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * A counter that shared its hardware with others is scaled up from the share of the time
 * it really counted. Below this share the result is a guess, and is not shown.
 */
#define RUNNING_SHARE_LEAST 0.5

static const struct {
	enum metric metric;
	uint32_t type;
	uint64_t config;
	double scale; /**< Of one count, in the metric's unit. */
} events[] = {
	{ METRIC_INSTRUCTIONS, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 1 },
	{ METRIC_CYCLES, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 1 },
	{ METRIC_BRANCHES, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 1 },
	{ METRIC_BRANCH_MISSES, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, 1 },
	{ METRIC_CACHE_REFERENCES, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, 1 },
	{ METRIC_CACHE_MISSES, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, 1 },
};

static int event_open(uint32_t type, uint64_t config, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
		/* The kernel's part depends on what else the machine does. */
		.exclude_kernel = type == PERF_TYPE_HARDWARE,
		.exclude_hv = type == PERF_TYPE_HARDWARE,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void counters_open(struct counters *counters, pid_t pid)
{
	for (int i = 0; i < N_METRICS; i++)
		counters->descriptors[i] = -1;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		counters->descriptors[events[i].metric] =
			event_open(events[i].type, events[i].config, pid);
}

/** read_format of perf_event_open(2) as asked for above. */
struct counter_reading {
	uint64_t value;
	uint64_t enabled_ns;
	uint64_t running_ns;
};

static double counter_value(int descriptor, uint32_t type, double scale)
{
	struct counter_reading reading;
	double running_share;

	if (read(descriptor, &reading, sizeof(reading)) != (ssize_t)sizeof(reading))
		return NAN;
	if (type == PERF_TYPE_SOFTWARE)
		return (double)reading.value * scale;
	if (reading.enabled_ns == 0)
		return NAN;
	running_share = (double)reading.running_ns / (double)reading.enabled_ns;
	return running_share < RUNNING_SHARE_LEAST ? NAN
						   : (double)reading.value * scale / running_share;
}

void counters_finish(struct counters *counters, double values[N_METRICS])
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		int descriptor = counters->descriptors[events[i].metric];

		values[events[i].metric] = NAN;
		if (descriptor < 0)
			continue;
		values[events[i].metric] =
			counter_value(descriptor, events[i].type, events[i].scale);
		close(descriptor);
		counters->descriptors[events[i].metric] = -1;
	}
}

bool counters_have_hardware(void)
{
	int descriptor = event_open(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 0);

	if (descriptor >= 0)
		close(descriptor);
	return descriptor >= 0;
}
