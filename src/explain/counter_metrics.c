#include "explain/counter_verdicts_internal.h"

#include <string.h>

/** How a value becomes a metric: divided by another. */
struct ratio {
	const char *of; /**< Name of the value. */
	const char *by;
	const char *name;
	const char *unit;
	bool is_percent;
};

/* Words of perf stat, so that those who read it find them. */
static const struct ratio ratios[] = {
	{ "cycles", "task-clock", "frequency-ghz", "GHz", false },
	{ "cycles", "cpu-clock", "frequency-ghz", "GHz", false },
	{ "instructions", "cycles", "ipc", "insn per cycle", false },
	{ "branch-misses", "branches", "branch-miss-rate", "of all branches", true },
	{ "cache-misses", "cache-references", "cache-miss-rate", "of all cache refs", true },
	{ "L1-dcache-load-misses", "L1-dcache-loads", "l1d-miss-rate", "of all L1-dcache accesses",
	  true },
	{ "L1-icache-load-misses", "L1-icache-loads", "l1i-miss-rate", "of all L1-icache accesses",
	  true },
	{ "LLC-load-misses", "LLC-loads", "llc-miss-rate", "of all LL-cache accesses", true },
	{ "dTLB-load-misses", "dTLB-loads", "dtlb-miss-rate", "of all dTLB cache accesses", true },
	{ "iTLB-load-misses", "iTLB-loads", "itlb-miss-rate", "of all iTLB cache accesses", true },
	{ "stalled-cycles-frontend", "cycles", "frontend-idle", "frontend cycles idle", true },
	{ "stalled-cycles-backend", "cycles", "backend-idle", "backend cycles idle", true },
	{ "topdown-retiring", "slots", "retiring", "Retiring", true },
	{ "topdown-bad-spec", "slots", "bad-speculation", "Bad Speculation", true },
	{ "topdown-fe-bound", "slots", "frontend-bound", "Frontend Bound", true },
	{ "topdown-be-bound", "slots", "backend-bound", "Backend Bound", true },
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

static bool derive_ratio(const struct counter_scene *scene, const struct counter_value *value,
			 struct counter_metric *metric)
{
	for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
		const struct counter_value *whole;

		if (strcmp(ratios[i].of, value->name) != 0)
			continue;
		/* Cycles of one kind of core over the time on all kinds are no frequency. */
		if (is_clock(ratios[i].by) &&
		    (value->pmu[0] || value->is_user_only || value->is_kernel_only))
			continue;
		whole = counter_value_find(scene, ratios[i].by, value);
		if (!whole || whole->value <= 0)
			continue;
		metric->name = ratios[i].name;
		metric->unit = ratios[i].unit;
		metric->is_percent = ratios[i].is_percent;
		metric->value = value->value / whole->value * (ratios[i].is_percent ? 100 : 1);
		metric->running_share = MIN(value->running_share, whole->running_share);
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
