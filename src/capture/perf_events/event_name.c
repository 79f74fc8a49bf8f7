#include "capture/perf_events/event_name.h"

#include <stdlib.h>
#include <string.h>

struct known_event {
	const char *name;
	uint32_t type;
	uint64_t config;
	const char *unit;
};

/* Names of perf-list(1), codes of linux/perf_event.h. */
static const struct known_event known_events[] = {
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "cycles" },
	{ "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "cycles" },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, "instructions" },
	{ "ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES, "cycles" },
	{ "bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES, "cycles" },
	{ "branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "branches" },
	{ "branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, "misses" },
	{ "cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, "references" },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, "misses" },
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, "ns" },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, "ns" },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, "faults" },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, "faults" },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, "faults" },
	{ "context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, "switches" },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, "migrations" },
};

const char *const *event_names(void)
{
	static const char *names[sizeof(known_events) / sizeof(known_events[0]) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(known_events); i++)
		names[i] = known_events[i].name;
	return names;
}

static const struct known_event *event_find(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_events); i++) {
		if (strlen(known_events[i].name) == length &&
		    strncmp(known_events[i].name, name, length) == 0)
			return &known_events[i];
	}
	return NULL;
}

/** Length of the longest common prefix: good enough to guess what was meant. */
static const char *event_nearest(const char *text)
{
	const char *nearest = known_events[0].name;
	size_t longest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known_events); i++) {
		const char *name = known_events[i].name;
		size_t length = 0;

		while (name[length] && name[length] == text[length])
			length++;
		if (length > longest) {
			longest = length;
			nearest = name;
		}
	}
	return nearest;
}

/** "rNNN": a raw hexadecimal event code. */
static bool raw_event_parse(const char *text, size_t length, uint64_t *config_ret)
{
	char *end;

	if (length < 2 || length > 17 || text[0] != 'r')
		return false;
	*config_ret = strtoull(text + 1, &end, 16);
	return end == text + length;
}

struct error *event_name_parse(const char *text, struct event_selection *ret)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	struct event_selection selection = { .name = text };
	const struct known_event *known = event_find(text, length);

	if (known) {
		selection.type = known->type;
		selection.config = known->config;
		selection.unit = known->unit;
	} else if (raw_event_parse(text, length, &selection.config)) {
		selection.type = PERF_TYPE_RAW;
		selection.unit = "events";
	} else {
		return error_with_hint(error_new(ERROR_USAGE, "unknown event '%s'", text),
				       "did you mean '%s'? 'perf-profile run --help' lists all",
				       event_nearest(text));
	}
	if (colon && strcmp(colon, ":u") == 0)
		selection.is_user_only = true;
	else if (colon && strcmp(colon, ":k") == 0)
		selection.is_kernel_only = true;
	else if (colon)
		return error_with_hint(
			error_new(ERROR_USAGE, "unknown modifier '%s' of event '%s'", colon, text),
			"':u' is user code only, ':k' the kernel only");
	*ret = selection;
	return NULL;
}
