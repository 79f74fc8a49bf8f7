#include "cli/run_options.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

enum {
	OPTION_OFF_CPU = RUN_OPTIONS_WAITING,
	OPTION_WALL,
	OPTION_OFF_CPU_MIN,
	OPTION_OFF_CPU_STACKS,
};

static const struct option_spec options[] = {
	{ OPTION_OFF_CPU, 0, "off-cpu", NULL,
	  "Also the time threads are not on a CPU: how long, where and what for (lock, disk, "
	  "network, sleep, pipe and others), beside the CPU samples, in files and tables of its "
	  "own.",
	  NULL },
	{ OPTION_WALL, 0, "wall", NULL,
	  "On and off the CPU together as one measure, thread by thread: where the wall-clock time "
	  "of each thread goes.",
	  NULL },
	{ OPTION_OFF_CPU_MIN, 0, "off-cpu-min", "US",
	  "Leave waits below so many microseconds out of the profile; they are only counted. "
	  "Default: 0.",
	  NULL },
	{ OPTION_OFF_CPU_STACKS, 0, "off-cpu-stacks", "N",
	  "At most so many stacks of waits per second and CPU. Beyond, what waits were for is "
	  "known of a part of them. Default: 500.",
	  NULL },
	OPTION_END,
};

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;
	uint64_t number;

	*is_known_ret = true;
	switch (id) {
	case OPTION_OFF_CPU:
		run->sampler.has_switches = true;
		return NULL;
	case OPTION_WALL:
		run->sampler.has_switches = true;
		run->is_wall = true;
		return NULL;
	case OPTION_OFF_CPU_MIN:
		RETURN_IF_ERROR(option_read_u64("--off-cpu-min", value, 0, UINT32_MAX, &number));
		run->off_cpu_least_ns = number * (NS_PER_MS / 1000);
		run->sampler.has_switches = true;
		return NULL;
	case OPTION_OFF_CPU_STACKS:
		run->sampler.has_switches = true;
		return option_read_u64("--off-cpu-stacks", value, 1, 1000000,
				       &run->sampler.switch_stacks_per_second);
	default:
		*is_known_ret = false;
		return NULL;
	}
}

struct error *run_options_waiting_check(struct run_options *run)
{
	const char *event = run->events.count ? run->events.items[0].name : "cpu-clock";

	if (!run->is_wall)
		return NULL;
	if (!run->events.count)
		sampled_event_vector_append(
			&run->events,
			(struct sampled_event){ .name = memory_duplicate_text(event) });
	if (!text_begins_with(event, "cpu-clock") && !text_begins_with(event, "task-clock"))
		return error_with_hint(error_new(ERROR_USAGE,
						 "--wall adds up time: it cannot with "
						 "-e %s",
						 event),
				       "leave -e out, or take --off-cpu, which keeps both apart");
	if (run->sampler.period)
		return error_with_hint(error_new(ERROR_USAGE, "--wall goes without -c"),
				       "-F says how often to sample");
	return NULL;
}

const struct option_topic run_options_waiting = {
	.heading = "Waiting",
	.options = options,
	.apply = apply,
};
