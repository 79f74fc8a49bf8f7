#include "explain/counter_verdicts_internal.h"

#include <string.h>

/** How a value becomes a metric: divided by another. */
struct ratio {
	const char *of; /**< Name of the value. */
	const char *by; /**< SLOTS: see find_slots(). */
	const char *name;
	const char *unit;
	bool is_percent;
	const char *less; /**< A value to be taken off first; NULL: none. */
};

#define SLOTS "slots"

/** Cycles of AMD's cores, in the group of their slots. */
#define DISPATCH_CYCLES "ls_not_halted_cyc"

/* Words of perf stat, so that those who read it find them. */
static const struct ratio ratios[] = {
	{ "cycles", "task-clock", "frequency-ghz", "GHz", false, NULL },
	{ "cycles", "cpu-clock", "frequency-ghz", "GHz", false, NULL },
	{ "instructions", "cycles", "ipc", "insn per cycle", false, NULL },
	{ "branch-misses", "branches", "branch-miss-rate", "of all branches", true, NULL },
	{ "cache-misses", "cache-references", "cache-miss-rate", "of all cache refs", true, NULL },
	{ "L1-dcache-load-misses", "L1-dcache-loads", "l1d-miss-rate", "of all L1-dcache accesses",
	  true, NULL },
	{ "L1-icache-load-misses", "L1-icache-loads", "l1i-miss-rate", "of all L1-icache accesses",
	  true, NULL },
	{ "LLC-load-misses", "LLC-loads", "llc-miss-rate", "of all LL-cache accesses", true, NULL },
	{ "dTLB-load-misses", "dTLB-loads", "dtlb-miss-rate", "of all dTLB cache accesses", true,
	  NULL },
	{ "iTLB-load-misses", "iTLB-loads", "itlb-miss-rate", "of all iTLB cache accesses", true,
	  NULL },
	{ "stalled-cycles-frontend", "cycles", "frontend-idle", "frontend cycles idle", true,
	  NULL },
	{ "stalled-cycles-backend", "cycles", "backend-idle", "backend cycles idle", true, NULL },
	{ "topdown-retiring", SLOTS, "retiring", "Retiring", true, NULL },
	{ "topdown-bad-spec", SLOTS, "bad-speculation", "Bad Speculation", true, NULL },
	{ "topdown-fe-bound", SLOTS, "frontend-bound", "Frontend Bound", true, NULL },
	{ "topdown-be-bound", SLOTS, "backend-bound", "Backend Bound", true, NULL },
	{ "topdown-heavy-ops", SLOTS, "heavy-operations", "Heavy Operations", true, NULL },
	{ "topdown-br-mispredict", SLOTS, "branch-mispredicts", "Branch Mispredict", true, NULL },
	{ "topdown-fetch-lat", SLOTS, "fetch-latency", "Fetch Latency", true, NULL },
	{ "topdown-mem-bound", SLOTS, "memory-bound", "Memory Bound", true, NULL },
	/* AMD since Zen 4: what was dispatched and never retired was in vain. */
	{ "ex_ret_ops", SLOTS, "retiring", "Retiring", true, NULL },
	{ "de_src_op_disp.all", SLOTS, "bad-speculation", "Bad Speculation", true, "ex_ret_ops" },
	{ "de_no_dispatch_per_slot.no_ops_from_frontend", SLOTS, "frontend-bound", "Frontend Bound",
	  true, NULL },
	{ "de_no_dispatch_per_slot.backend_stalls", SLOTS, "backend-bound", "Backend Bound", true,
	  NULL },
};

static bool is_clock(const char *name)
{
	return strcmp(name, "task-clock") == 0 || strcmp(name, "cpu-clock") == 0;
}

const struct counter_value *counter_value_find(const struct counter_scene *scene, const char *name,
					       const struct counter_value *like)
{
	for (size_t i = 0; i < scene->n_values; i++) {
		const struct counter_value *value = &scene->values[i];
		/* A clock has no sides: it runs on whatever core and in kernel and user code. */
		bool is_alike = is_clock(name) || (strcmp(value->pmu, like->pmu) == 0 &&
						   value->is_user_only == like->is_user_only &&
						   value->is_kernel_only == like->is_kernel_only);

		if (value->is_counted && is_alike && strcmp(value->name, name) == 0)
			return value;
	}
	return NULL;
}

/** CPUs used: the clock's time over that of the wall. */
static bool derive_utilization(const struct counter_scene *scene, const struct counter_value *value,
			       struct counter_metric *metric)
{
	if (scene->duration_ns <= 0)
		return false;
	metric->name = "cpus-utilized";
	metric->unit = "CPUs utilized";
	metric->value = value->value / scene->duration_ns;
	return true;
}

/** What has a slot for each operation that can enter in a cycle: counted, or worked out. */
static const struct counter_value *find_slots(const struct counter_scene *scene,
					      const struct counter_value *like, double *factor_ret)
{
	const struct processor_width *width = processor_width_find(&scene->processor, like->pmu);

	if (!width || !width->has_dispatch_events)
		return counter_value_find(scene, SLOTS, like);
	*factor_ret = width->issue_width;
	return counter_value_find(scene, DISPATCH_CYCLES, like);
}

/** @p ratio of @p value; false: it is none of that, or what it takes was not counted. */
static bool find_ratio(const struct counter_scene *scene, const struct ratio *ratio,
		       const struct counter_value *value, struct counter_share *ret)
{
	const struct counter_value *whole, *less = NULL;
	double factor = 1;

	if (strcmp(ratio->of, value->name) != 0)
		return false;
	/* Cycles of one kind of core over the time on all kinds are no frequency. */
	if (is_clock(ratio->by) && (value->pmu[0] || value->is_user_only || value->is_kernel_only))
		return false;
	whole = strcmp(ratio->by, SLOTS) == 0 ? find_slots(scene, value, &factor)
					      : counter_value_find(scene, ratio->by, value);
	if (ratio->less)
		less = counter_value_find(scene, ratio->less, value);
	if (!whole || whole->value <= 0 || (ratio->less && !less))
		return false;
	*ret = (struct counter_share){
		.of = value,
		.whole = whole,
		.value =
			MAX(value->value - (less ? less->value : 0), 0.0) / (whole->value * factor),
	};
	return true;
}

static bool derive_ratio(const struct counter_scene *scene, const struct counter_value *value,
			 struct counter_metric *metric)
{
	for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
		struct counter_share share;

		if (!find_ratio(scene, &ratios[i], value, &share))
			continue;
		metric->name = ratios[i].name;
		metric->unit = ratios[i].unit;
		metric->is_percent = ratios[i].is_percent;
		metric->value = share.value * (ratios[i].is_percent ? 100 : 1);
		metric->running_share = MIN(value->running_share, share.whole->running_share);
		return true;
	}
	return false;
}

bool counter_share_find(const struct counter_scene *scene, const char *name,
			const struct counter_value *like, struct counter_share *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
		const struct counter_value *value =
			strcmp(ratios[i].name, name) == 0
				? counter_value_find(scene, ratios[i].of, like)
				: NULL;

		if (value && find_ratio(scene, &ratios[i], value, ret))
			return true;
	}
	return false;
}

/** Per second of CPU time, as perf has it. */
static bool derive_rate(const struct counter_scene *scene, const struct counter_value *value,
			struct counter_metric *metric)
{
	const struct counter_value *clock = counter_value_find(scene, "task-clock", value);

	if (!clock)
		clock = counter_value_find(scene, "cpu-clock", value);
	if (!clock || clock->value <= 0)
		return false;
	metric->name = "rate";
	metric->unit = "/sec";
	metric->value = value->value / clock->value * 1e9;
	metric->running_share = MIN(value->running_share, clock->running_share);
	return true;
}

void counter_metrics_derive(const struct counter_scene *scene, struct counter_metric_vector *ret)
{
	for (size_t i = 0; i < scene->n_values; i++) {
		const struct counter_value *value = &scene->values[i];
		struct counter_metric metric = { .value_index = i,
						 .running_share = value->running_share };
		bool is_derived;

		if (!value->is_counted)
			continue;
		is_derived = is_clock(value->name) ? derive_utilization(scene, value, &metric)
						   : derive_ratio(scene, value, &metric) ||
							     derive_rate(scene, value, &metric);
		if (is_derived)
			counter_metric_vector_append(ret, metric);
	}
}
