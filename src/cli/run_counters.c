#include "cli/run_counters.h"

#include "base/memory.h"
#include "cli/stat.h"
#include "cli/terminal.h"

#include <stdio.h>

struct run_counters {
	struct stat_options options;
	struct stat_processor processor;
	struct counter_list list;
	struct stat_session session;
};

/* Few, so that they and the sampling event have counters of their own. */
static const char counted_events[] = "{cycles,instructions},branch-misses,cache-misses";

struct run_counters *run_counters_open(pid_t pid)
{
	const struct event_places *places = &event_places_of_kernel;
	const struct counter_target target = { .kind = COUNTERS_OF_LAUNCHED, .pid = pid };
	struct run_counters *counters;
	struct error *error;

	if (!pmu_exists(places, "cpu") && !pmu_exists(places, "cpu_core"))
		return NULL;
	counters = memory_allocate(1, sizeof(*counters));
	stat_processor_init(&counters->processor);
	counters->session = (struct stat_session){ .options = &counters->options,
						   .list = &counters->list,
						   .processor = &counters->processor.processor };
	error = counter_list_add(&counters->list, places, counted_events);
	/* Names that are always known; without them the recording goes on all the same. */
	error_destroy(error);
	counter_set_open(&counters->list, &target, places, &counters->session.counters);
	return counters;
}

void run_counters_stop(struct run_counters *counters, uint64_t wall_ns)
{
	struct stat_measurement run = { .duration_ns = (double)wall_ns };
	const struct counter_set *set;

	/* Of several runs the first speaks for all. */
	if (!counters || counters->session.runs.count)
		return;
	set = &counters->session.counters;
	run.readings = memory_allocate(set->count, sizeof(*run.readings));
	for (size_t i = 0; i < set->count; i++)
		run.readings[i] = counter_read(&set->items[i]);
	stat_measurement_vector_append(&counters->session.runs, run);
}

static void print_verdict(const struct counter_verdict *verdict)
{
	static const enum terminal_style styles[] = {
		[JUDGEMENT_GOOD] = STYLE_GOOD,
		[JUDGEMENT_MIDDLING] = STYLE_PLAIN,
		[JUDGEMENT_BAD] = STYLE_BAD,
		[JUDGEMENT_NONE] = STYLE_DIM,
	};

	fprintf(stderr, "  %s%-8s%s  %s%s%s (%s)\n",
		terminal_begin(stderr, styles[verdict->judgement]),
		counter_judgement_name(verdict->judgement), terminal_end(stderr), verdict->pmu,
		verdict->pmu[0] ? ": " : "", verdict->text, verdict->reason);
	if (verdict->sampling_event)
		fprintf(stderr, "            the functions behind it: perf-profile -e %s COMMAND\n",
			verdict->sampling_event);
}

void run_counters_print(const struct run_counters *counters)
{
	struct stat_table table;

	if (!counters || !counters->session.runs.count)
		return;
	stat_table_init(&table, &counters->session, counters->session.runs.items,
			counters->session.runs.count);
	if (table.verdicts.count)
		fprintf(stderr, "\n%sCounters%s\n", terminal_begin(stderr, STYLE_BOLD),
			terminal_end(stderr));
	for (size_t i = 0; i < table.verdicts.count; i++)
		print_verdict(&table.verdicts.items[i]);
	stat_table_deinit(&table);
}

void run_counters_destroy(struct run_counters *counters)
{
	if (!counters)
		return;
	stat_session_deinit(&counters->session);
	counter_list_deinit(&counters->list);
	free(counters);
}
