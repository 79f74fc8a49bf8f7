#include "capture/perf_events/event_name.h"

#include "base/memory.h"
#include "base/suggestion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known_event {
	const char *name;
	uint32_t type;
	uint64_t config;
	const char *unit;
};

/** perf_event_open(2): cache | operation << 8 | result << 16. */
#define CACHE(cache, operation, result)                                                            \
	PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_##cache |                                          \
				    PERF_COUNT_HW_CACHE_OP_##operation << 8 |                      \
				    PERF_COUNT_HW_CACHE_RESULT_##result << 16

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
	{ "branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
	  "branches" },
	{ "stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
	  "cycles" },
	{ "stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND,
	  "cycles" },
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, "ns" },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, "ns" },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, "faults" },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, "faults" },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, "faults" },
	{ "context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, "switches" },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, "migrations" },
	{ "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, "faults" },
	{ "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, "switches" },
	{ "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, "migrations" },
	{ "alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS, "faults" },
	{ "emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS, "faults" },
	{ "L1-dcache-loads", CACHE(L1D, READ, ACCESS), "loads" },
	{ "L1-dcache-load-misses", CACHE(L1D, READ, MISS), "misses" },
	{ "L1-dcache-stores", CACHE(L1D, WRITE, ACCESS), "stores" },
	{ "L1-dcache-store-misses", CACHE(L1D, WRITE, MISS), "misses" },
	{ "L1-dcache-prefetches", CACHE(L1D, PREFETCH, ACCESS), "prefetches" },
	{ "L1-dcache-prefetch-misses", CACHE(L1D, PREFETCH, MISS), "misses" },
	{ "L1-icache-loads", CACHE(L1I, READ, ACCESS), "loads" },
	{ "L1-icache-load-misses", CACHE(L1I, READ, MISS), "misses" },
	{ "L1-icache-prefetches", CACHE(L1I, PREFETCH, ACCESS), "prefetches" },
	{ "L1-icache-prefetch-misses", CACHE(L1I, PREFETCH, MISS), "misses" },
	{ "LLC-loads", CACHE(LL, READ, ACCESS), "loads" },
	{ "LLC-load-misses", CACHE(LL, READ, MISS), "misses" },
	{ "LLC-stores", CACHE(LL, WRITE, ACCESS), "stores" },
	{ "LLC-store-misses", CACHE(LL, WRITE, MISS), "misses" },
	{ "LLC-prefetches", CACHE(LL, PREFETCH, ACCESS), "prefetches" },
	{ "LLC-prefetch-misses", CACHE(LL, PREFETCH, MISS), "misses" },
	{ "dTLB-loads", CACHE(DTLB, READ, ACCESS), "loads" },
	{ "dTLB-load-misses", CACHE(DTLB, READ, MISS), "misses" },
	{ "dTLB-stores", CACHE(DTLB, WRITE, ACCESS), "stores" },
	{ "dTLB-store-misses", CACHE(DTLB, WRITE, MISS), "misses" },
	{ "dTLB-prefetches", CACHE(DTLB, PREFETCH, ACCESS), "prefetches" },
	{ "dTLB-prefetch-misses", CACHE(DTLB, PREFETCH, MISS), "misses" },
	{ "iTLB-loads", CACHE(ITLB, READ, ACCESS), "loads" },
	{ "iTLB-load-misses", CACHE(ITLB, READ, MISS), "misses" },
	{ "branch-loads", CACHE(BPU, READ, ACCESS), "loads" },
	{ "branch-load-misses", CACHE(BPU, READ, MISS), "misses" },
	{ "node-loads", CACHE(NODE, READ, ACCESS), "loads" },
	{ "node-load-misses", CACHE(NODE, READ, MISS), "misses" },
	{ "node-stores", CACHE(NODE, WRITE, ACCESS), "stores" },
	{ "node-store-misses", CACHE(NODE, WRITE, MISS), "misses" },
	{ "node-prefetches", CACHE(NODE, PREFETCH, ACCESS), "prefetches" },
	{ "node-prefetch-misses", CACHE(NODE, PREFETCH, MISS), "misses" },
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

/** "rNNN": a raw hexadecimal event code. */
static bool raw_event_parse(const char *text, size_t length, uint64_t *config_ret)
{
	char *end;

	if (length < 2 || length > 17 || text[0] != 'r')
		return false;
	*config_ret = strtoull(text + 1, &end, 16);
	return end == text + length;
}

/** "u", "k" and "uk" behind a colon; "" is fine too. */
static struct error *modifiers_parse(const char *modifiers, const char *text,
				     struct event_selection *selection)
{
	bool has_user = false, has_kernel = false;

	for (const char *letter = modifiers; *letter; letter++) {
		if (*letter != 'u' && *letter != 'k')
			return error_with_hint(error_new(ERROR_USAGE,
							 "unknown modifier '%s' of event '%s'",
							 modifiers, text),
					       "':u' is user code only, ':k' the kernel only");
		has_user |= *letter == 'u';
		has_kernel |= *letter == 'k';
	}
	selection->is_user_only = has_user && !has_kernel;
	selection->is_kernel_only = has_kernel && !has_user;
	return NULL;
}

static struct error *parse_terms(const struct event_places *places, const char *pmu,
				 const char *terms, size_t length,
				 struct event_selection *selection)
{
	struct pmu_event event;

	RETURN_IF_ERROR(pmu_event_parse(places, pmu, terms, length, &event));
	selection->type = event.type;
	selection->config = event.config[0];
	selection->config1 = event.config[1];
	selection->config2 = event.config[2];
	selection->scale = event.scale;
	selection->unit = "events";
	snprintf(selection->pmu, sizeof(selection->pmu), "%s", pmu);
	memcpy(selection->shown_unit, event.unit, sizeof(event.unit));
	return NULL;
}

/** "pmu/terms/" and "pmu/terms/u"; perf takes the modifier with and without a colon. */
static struct error *slashed_parse(const struct event_places *places, const char *text,
				   struct event_selection *selection)
{
	const char *terms = strchr(text, '/') + 1;
	size_t length = strcspn(terms, "/");
	_cleanup_free_ char *pmu = memory_format_text("%.*s", (int)(terms - 1 - text), text);
	const char *modifiers = terms + length;

	if (!*modifiers)
		return error_with_hint(
			error_new(ERROR_USAGE, "event '%s' lacks its second '/'", text),
			"as in cpu/event=0x3c,umask=0x0/");
	modifiers += modifiers[1] == ':' ? 2 : 1;
	RETURN_IF_ERROR(parse_terms(places, pmu, terms, length, selection));
	return modifiers_parse(modifiers, text, selection);
}

/** "sched:sched_switch", maybe with modifiers. */
static struct error *tracepoint_parse(const struct event_places *places, const char *text,
				      struct event_selection *selection)
{
	const char *event = strchr(text, ':') + 1;
	size_t length = strcspn(event, ":");
	_cleanup_free_ char *category = memory_format_text("%.*s", (int)(event - 1 - text), text);
	_cleanup_free_ char *name = memory_format_text("%.*s", (int)length, event);

	RETURN_IF_ERROR(tracepoint_read_id(places, category, name, &selection->config));
	selection->type = PERF_TYPE_TRACEPOINT;
	selection->unit = "events";
	return modifiers_parse(event + length + (event[length] == ':'), text, selection);
}

/** The unit of the processor (or of its large cores) that lists @p name, or NULL. */
static const char *processor_pmu_with(const struct event_places *places, const char *name)
{
	static const char *const pmus[] = { "cpu", "cpu_core", "cpu_atom", "armv8_pmuv3_0" };

	for (size_t i = 0; i < ARRAY_SIZE(pmus); i++) {
		if (pmu_has_event(places, pmus[i], name))
			return pmus[i];
	}
	return NULL;
}

static struct error *unknown_event(const char *text)
{
	struct word_vector words = { 0 };
	_cleanup_free_ char *nearest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(known_events); i++)
		word_vector_append(&words, known_events[i].name);
	nearest = suggestion_make(text, &words, "");
	word_vector_deinit(&words);
	return error_with_hint(error_new(ERROR_USAGE, "unknown event '%s'", text),
			       "%s%s%s'perf-profile stat --help' says which names there are",
			       nearest ? "did you mean " : "", nearest ? nearest : "",
			       nearest ? "? " : "");
}

struct error *event_name_parse_in(const struct event_places *places, const char *text,
				  struct event_selection *ret)
{
	size_t length = strcspn(text, ":");
	struct event_selection selection = { .name = text, .scale = 1 };
	const struct known_event *known = event_find(text, length);
	_cleanup_free_ char *name = memory_format_text("%.*s", (int)length, text);
	const char *pmu;

	if (known) {
		selection.type = known->type;
		selection.config = known->config;
		selection.unit = known->unit;
	} else if (raw_event_parse(text, length, &selection.config)) {
		selection.type = PERF_TYPE_RAW;
		selection.unit = "events";
	} else if (strchr(text, '/')) {
		RETURN_IF_ERROR(slashed_parse(places, text, &selection));
		*ret = selection;
		return NULL;
	} else if ((pmu = processor_pmu_with(places, name))) {
		RETURN_IF_ERROR(parse_terms(places, pmu, text, length, &selection));
	} else if (text[length]) {
		RETURN_IF_ERROR(tracepoint_parse(places, text, &selection));
		*ret = selection;
		return NULL;
	} else {
		return unknown_event(text);
	}
	RETURN_IF_ERROR(modifiers_parse(text + length + (text[length] == ':'), text, &selection));
	*ret = selection;
	return NULL;
}

struct error *event_name_parse(const char *text, struct event_selection *ret)
{
	return event_name_parse_in(&event_places_of_kernel, text, ret);
}

bool event_is_of_kernel_only(const struct event_selection *event)
{
	return event->type == PERF_TYPE_TRACEPOINT ||
	       (event->type == PERF_TYPE_SOFTWARE &&
		(event->config == PERF_COUNT_SW_CONTEXT_SWITCHES ||
		 event->config == PERF_COUNT_SW_CPU_MIGRATIONS));
}

size_t event_name_length(const char *list)
{
	bool is_in_terms = false;
	size_t length = 0;

	for (; list[length]; length++) {
		if (list[length] == '/')
			is_in_terms = !is_in_terms;
		if (!is_in_terms && strchr(",{}", list[length]))
			break;
	}
	return length;
}
