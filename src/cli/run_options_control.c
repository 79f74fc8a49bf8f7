#include "cli/run_options.h"

#include <string.h>

/** Of --repeat enough. */
#define REPEATS_MOST 1000

enum {
	OPTION_DURATION = RUN_OPTIONS_CONTROL,
	OPTION_REPEAT,
	OPTION_DELAY,
	OPTION_CONTROL,
	OPTION_BEGIN,
	OPTION_END_OF_SPAN,
	OPTION_SPAN,
};

static const struct option_spec options[] = {
	{ OPTION_DURATION, 0, "duration", "TIME",
	  "Stop sampling after TIME (seconds, or with ms, s, m), end the command with SIGTERM and "
	  "report. Its status is then as SIGTERM leaves it: 143 unless it handles that.",
	  NULL },
	{ OPTION_REPEAT, 0, "repeat", "N|enough",
	  "Run the command N times into one profile, for more samples; or until there are 1,000 of "
	  "them, but not oftener than 1,000 times. The report says how far shares may be off.",
	  "enough" },
	{ OPTION_DELAY, 'D', "delay", "MS|-1",
	  "Begin to sample MS milliseconds after the start, or with -1 not before --control says "
	  "so.",
	  NULL },
	{ OPTION_CONTROL, 0, "control", "CHANNEL",
	  "Let others switch sampling on and off: fifo:CTL[,ACK] or fd:N[,N] take lines of enable, "
	  "disable, snapshot, stop and ping, and answer each with ack; signals takes SIGUSR1 (on "
	  "and off) and SIGUSR2 (snapshot). A snapshot is a folder of reports of what has been "
	  "recorded so far.",
	  "fifo: fd: signals" },
	{ OPTION_BEGIN, 0, "begin", "FUNCTION[@FILE]",
	  "Keep only samples taken while FUNCTION runs, with all it calls: from its entry until it "
	  "returns, or until --end. It is looked for in the program, or in FILE. Needs root or "
	  "CAP_PERFMON.",
	  NULL },
	{ OPTION_END_OF_SPAN, 0, "end", "FUNCTION[%return][@FILE]",
	  "With --begin: until FUNCTION is entered, or with %return until it returns.", NULL },
	{ OPTION_SPAN, 0, "span", "SCOPE",
	  "With --begin: thread (the default) keeps samples of the thread that was there, process "
	  "those of all threads of its process.",
	  "thread process" },
	OPTION_END,
};

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;
	uint64_t number;

	*is_known_ret = true;
	switch (id) {
	case OPTION_DURATION:
		return option_read_duration("--duration", value, &run->duration_ns);
	case OPTION_REPEAT:
		run->is_repeated_until_enough = strcmp(value, "enough") == 0;
		run->n_repeats = REPEATS_MOST;
		if (run->is_repeated_until_enough)
			return NULL;
		RETURN_IF_ERROR(option_read_u64("--repeat", value, 1, 1000000, &number));
		run->n_repeats = (unsigned int)number;
		return NULL;
	case OPTION_DELAY:
		return run_control_read_delay(value, &run->control);
	case OPTION_CONTROL:
		run->control.channel = value;
		return NULL;
	case OPTION_BEGIN:
		run->spans.begin = value;
		return NULL;
	case OPTION_END_OF_SPAN:
		run->spans.end = value;
		return NULL;
	case OPTION_SPAN:
		return run_spans_read_scope(value, &run->spans);
	default:
		*is_known_ret = false;
		return NULL;
	}
}

struct error *run_options_control_check(const struct run_options *run)
{
	const struct run_spans *spans = &run->spans;

	if (!spans->begin && (spans->end || spans->is_per_process))
		return error_new(ERROR_USAGE, "%s needs --begin", spans->end ? "--end" : "--span");
	if (spans->begin && run->sampler.has_switches)
		return error_with_hint(
			error_new(ERROR_USAGE, "--begin goes without --off-cpu and --wall"),
			"spans are of samples on a CPU");
	return NULL;
}

const struct option_topic run_options_control = {
	.heading = "When and how long",
	.options = options,
	.apply = apply,
};
