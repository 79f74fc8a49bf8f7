#include "cli/run_options.h"

#include "base/memory.h"
#include "base/text.h"
#include "capture/perf_events/event_name.h"

#include <string.h>

enum {
	OPTION_FREQUENCY = RUN_OPTIONS_SAMPLING,
	OPTION_EVENT,
	OPTION_PERIOD,
	OPTION_RING_SIZE,
	OPTION_CALL_GRAPH,
	OPTION_CALL_GRAPH_DEFAULT,
	OPTION_RECOVER_STACKS,
	OPTION_USER_ONLY,
	OPTION_KERNEL_ONLY,
};

static const struct option_spec options[] = {
	{ OPTION_FREQUENCY, 'F', "freq", "HZ|max",
	  "Samples per second and CPU. Default: 997. max: as many as the kernel allows and leave "
	  "the program three quarters of its time.",
	  "997 4999 max" },
	{ OPTION_EVENT, 'e', "event", "EVENT[,EVENT...]",
	  "What to sample on: cycles, cpu-clock, page-faults, cache-misses, rNNN, "
	  "sched:sched_switch and others, with :u or :k for one side. Several give one profile "
	  "with a column each; may be given again. Default: cycles, or cpu-clock without "
	  "hardware counters.",
	  "cycles cpu-clock task-clock instructions page-faults minor-faults major-faults "
	  "context-switches cache-misses branch-misses" },
	{ OPTION_PERIOD, 'c', "count", "N", "Take a sample every N events instead of by frequency.",
	  NULL },
	{ OPTION_RING_SIZE, 'm', "mmap-pages", "SIZE",
	  "Ring buffer per CPU: pages, or bytes with K, M or G. Default: what holds 128 ms of "
	  "samples, or as much as allowed.",
	  NULL },
	{ OPTION_CALL_GRAPH, 0, "call-graph", "METHOD",
	  "How stacks are found: dwarf[,BYTES] copies the stack and unwinds it while recording, fp "
	  "follows frame pointers, none. Default: dwarf, as many bytes as fit.",
	  "dwarf fp none" },
	{ OPTION_CALL_GRAPH_DEFAULT, 'g', NULL, NULL, "The same as --call-graph dwarf.", NULL },
	{ OPTION_RECOVER_STACKS, 0, "recover-stacks", NULL,
	  "Look in the running process, some milliseconds later, for what lies beyond the copied "
	  "part of a stack. A caller found so may be one of another moment.",
	  NULL },
	{ OPTION_USER_ONLY, 0, "user-only", NULL, "Leave out the kernel side.", NULL },
	{ OPTION_KERNEL_ONLY, 0, "kernel-only", NULL, "Leave out the user side.", NULL },
	OPTION_END,
};

/** "cycles,page-faults": known names, or a hint now and not when everything is prepared. */
static struct error *read_events(struct run_options *run, const char *value)
{
	for (;;) {
		size_t length = event_name_length(value);
		char *name = memory_format_text("%.*s", (int)length, value);
		struct event_selection selection;

		sampled_event_vector_append(&run->events, (struct sampled_event){ .name = name });
		if (length == 0 || (value[length] && value[length] != ','))
			return error_with_hint(error_new(ERROR_USAGE,
							 "--event: an event is missing at '%s'",
							 value),
					       "as in -e cycles,page-faults or -e cycles -e "
					       "page-faults");
		RETURN_IF_ERROR(event_name_parse(name, &selection));
		if (!value[length])
			return NULL;
		value += length + 1;
	}
}

static struct error *read_frequency(const char *value, struct sampler_options *sampler)
{
	if (strcmp(value, "max") == 0) {
		sampler->is_frequency_max = true;
		sampler->frequency_hz = 1;
		return NULL;
	}
	sampler->is_frequency_max = false;
	return option_read_u64("--freq", value, 1, 1000000, &sampler->frequency_hz);
}

/** perf's -m counts pages; sizes with a unit are bytes. */
static struct error *read_ring_size(const char *value, uint64_t *ret)
{
	bool is_pages = value[0] && strspn(value, "0123456789") == strlen(value);

	RETURN_IF_ERROR(option_read_size("--mmap-pages", value, 1, UINT64_C(1) << 30, ret));
	if (is_pages)
		*ret *= 4096;
	return NULL;
}

static struct error *read_call_graph(const char *value, struct sampler_options *sampler)
{
	uint64_t bytes;

	if (strcmp(value, "fp") == 0) {
		sampler->stack_method = STACK_METHOD_FP;
	} else if (strcmp(value, "none") == 0 || strcmp(value, "no") == 0) {
		sampler->stack_method = STACK_METHOD_NONE;
	} else if (strcmp(value, "dwarf") == 0) {
		sampler->stack_method = STACK_METHOD_DWARF;
	} else if (text_begins_with(value, "dwarf,")) {
		RETURN_IF_ERROR(
			option_read_size("--call-graph dwarf", value + 6, 512, 65528, &bytes));
		sampler->stack_method = STACK_METHOD_DWARF;
		sampler->stack_copy_bytes = (uint32_t)bytes;
	} else {
		return error_with_hint(
			error_new(ERROR_USAGE, "--call-graph: unknown method '%s'", value),
			"one of: dwarf, dwarf,BYTES (512 to 65528), fp, none");
	}
	return NULL;
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_FREQUENCY:
		return read_frequency(value, &run->sampler);
	case OPTION_EVENT:
		return read_events(run, value);
	case OPTION_PERIOD:
		return option_read_u64("--count", value, 1, UINT64_MAX / 2, &run->sampler.period);
	case OPTION_RING_SIZE:
		return read_ring_size(value, &run->sampler.ring_size_bytes);
	case OPTION_CALL_GRAPH:
		return read_call_graph(value, &run->sampler);
	case OPTION_CALL_GRAPH_DEFAULT:
		run->sampler.stack_method = STACK_METHOD_DWARF;
		return NULL;
	case OPTION_RECOVER_STACKS:
		run->recovers_stacks = true;
		return NULL;
	case OPTION_USER_ONLY:
		run->sampler.sides = SAMPLED_USER_ONLY;
		return NULL;
	case OPTION_KERNEL_ONLY:
		run->sampler.sides = SAMPLED_KERNEL_ONLY;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic run_options_sampling = {
	.heading = "What is sampled",
	.options = options,
	.apply = apply,
};
