#include "compare/counters.h"

#include <math.h>

/**
 * A counter that shared its hardware with others is scaled up from the share of the time
 * it really counted. Below this share the result is a guess, and is not shown.
 */
#define RUNNING_SHARE_LEAST 0.5

/* Of the CPU's own events only the user side: the kernel's depends on what else the machine does.
 */
static const struct {
	enum metric metric;
	const char *event;
	double scale; /**< Of one count, in the metric's unit. */
} events[] = {
	{ METRIC_TASK_CLOCK, "task-clock", 1e-9 },
	{ METRIC_PAGE_FAULTS, "page-faults", 1 },
	{ METRIC_CONTEXT_SWITCHES, "context-switches", 1 },
	{ METRIC_INSTRUCTIONS, "instructions:u", 1 },
	{ METRIC_CYCLES, "cycles:u", 1 },
	{ METRIC_BRANCHES, "branches:u", 1 },
	{ METRIC_BRANCH_MISSES, "branch-misses:u", 1 },
	{ METRIC_CACHE_REFERENCES, "cache-references:u", 1 },
	{ METRIC_CACHE_MISSES, "cache-misses:u", 1 },
};

static void open_list(struct counters *counters, pid_t pid)
{
	const struct counter_target target = { .kind = COUNTERS_OF_LAUNCHED, .pid = pid };

	counter_set_open(&counters->list, &target, &event_places_of_kernel, &counters->set);
}

static void add_event(struct counters *counters, const char *event)
{
	/* Names that are always known. */
	error_destroy(counter_list_add(&counters->list, &event_places_of_kernel, event));
}

void counters_open(struct counters *counters, pid_t pid)
{
	*counters = (struct counters){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		add_event(counters, events[i].event);
		counters->n_requests[i] = counters->list.requests.count;
	}
	open_list(counters, pid);
}

/** Of all kinds of cores together; NAN when it was counted on none, or too little. */
static double counted(const struct counter_set *set, size_t first, size_t end)
{
	double sum = NAN;

	for (size_t i = first; i < end; i++) {
		struct counter_reading reading = counter_read(&set->items[i]);

		if (set->items[i].state != COUNTER_OPEN)
			continue;
		if (counter_reading_running_share(&reading) < RUNNING_SHARE_LEAST)
			return NAN;
		sum = (isnan(sum) ? 0 : sum) + counter_reading_scaled(&reading);
	}
	return sum;
}

static void counters_close(struct counters *counters)
{
	counter_set_deinit(&counters->set);
	counter_list_deinit(&counters->list);
}

void counters_finish(struct counters *counters, double values[N_METRICS])
{
	size_t first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		values[events[i].metric] =
			counted(&counters->set, first, counters->n_requests[i]) * events[i].scale;
		first = counters->n_requests[i];
	}
	counters_close(counters);
}

bool counters_have_hardware(void)
{
	struct counters counters = { 0 };
	bool has_any;

	add_event(&counters, "instructions:u");
	open_list(&counters, 0);
	has_any = counter_set_n_open(&counters.set) > 0;
	counters_close(&counters);
	return has_any;
}
