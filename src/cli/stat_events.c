#include "cli/stat.h"

#include "base/memory.h"

/* Pairs that are divided by one another share a group, so that both saw the same time. */
static const char *const usual_events[] = {
	"task-clock,context-switches,cpu-migrations,page-faults,minor-faults,major-faults",
	"{cycles,instructions}",
	"{branches,branch-misses}",
	"{cache-references,cache-misses}",
};

static const char *const detailed_events[] = {
	"{L1-dcache-loads,L1-dcache-load-misses}",
	"{LLC-loads,LLC-load-misses}",
};

static const char *const more_detailed_events[] = {
	"{L1-icache-loads,L1-icache-load-misses}",
	"{dTLB-loads,dTLB-load-misses}",
	"{iTLB-loads,iTLB-load-misses}",
};

/** Units with Intel's performance metrics, which take no counter away from others. */
static const char *const top_down_units[] = { "cpu", "cpu_core" };

/**
 * AMD's cores since Zen 4 count operations and dispatch slots that stayed empty: Processor
 * Programming References of families 19h and 1Ah, "Core Performance Monitor Counters" (PMCx076,
 * PMCx0AA, PMCx0C1, PMCx1A0). Five of a core's six counters, in one group.
 */
#define DISPATCH_EVENTS                                                                            \
	"{cpu/event=0x76,name=ls_not_halted_cyc/,"                                                 \
	"cpu/event=0xc1,name=ex_ret_ops/,"                                                         \
	"cpu/event=0xaa,umask=0x07,name=de_src_op_disp.all/,"                                      \
	"cpu/event=0x1a0,umask=0x01,name=de_no_dispatch_per_slot.no_ops_from_frontend/,"           \
	"cpu/event=0x1a0,umask=0x1e,name=de_no_dispatch_per_slot.backend_stalls/}"

static struct error *add_all(struct counter_list *list, const struct event_places *places,
			     const char *const *texts, size_t n_texts)
{
	for (size_t i = 0; i < n_texts; i++)
		RETURN_IF_ERROR(counter_list_add(list, places, texts[i]));
	return NULL;
}

/** Level 2 is there since Sapphire Rapids and Alder Lake's P-cores. Free it. */
static char *top_down_group(const char *unit, bool has_level_2)
{
	_cleanup_free_ char *level_2 = NULL;

	if (has_level_2)
		level_2 = memory_format_text(",%s/topdown-heavy-ops/,%s/topdown-br-mispredict/,"
					     "%s/topdown-fetch-lat/,%s/topdown-mem-bound/",
					     unit, unit, unit, unit);
	return memory_format_text("{%s/slots/,%s/topdown-retiring/,%s/topdown-bad-spec/,"
				  "%s/topdown-fe-bound/,%s/topdown-be-bound/%s}",
				  unit, unit, unit, unit, unit, level_2 ? level_2 : "");
}

static struct error *add_top_down(struct counter_list *list, const struct event_places *places,
				  const struct counter_processor *processor)
{
	const struct processor_width *width = processor_width_find(processor, "");

	if (width && width->has_dispatch_events && pmu_exists(places, "cpu"))
		return counter_list_add(list, places, DISPATCH_EVENTS);
	for (size_t i = 0; i < ARRAY_SIZE(top_down_units); i++) {
		const char *unit = top_down_units[i];
		_cleanup_free_ char *text = NULL;

		if (!pmu_has_event(places, unit, "slots") ||
		    !pmu_has_event(places, unit, "topdown-retiring"))
			continue;
		text = top_down_group(unit, pmu_has_event(places, unit, "topdown-heavy-ops"));
		RETURN_IF_ERROR(counter_list_add(list, places, text));
	}
	return NULL;
}

static struct error *add_usual(const struct stat_options *options,
			       const struct event_places *places,
			       const struct counter_processor *processor, struct counter_list *list)
{
	RETURN_IF_ERROR(add_all(list, places, usual_events, ARRAY_SIZE(usual_events)));
	RETURN_IF_ERROR(add_top_down(list, places, processor));
	if (options->detail >= 1)
		RETURN_IF_ERROR(
			add_all(list, places, detailed_events, ARRAY_SIZE(detailed_events)));
	if (options->detail >= 2)
		RETURN_IF_ERROR(add_all(list, places, more_detailed_events,
					ARRAY_SIZE(more_detailed_events)));
	return NULL;
}

struct error *stat_events_choose(const struct stat_options *options,
				 const struct event_places *places,
				 const struct counter_processor *processor,
				 struct counter_list *ret)
{
	if (options->is_without_counters)
		return NULL;
	if (!options->event_lists.count)
		return add_usual(options, places, processor, ret);
	return add_all(ret, places, options->event_lists.items, options->event_lists.count);
}
