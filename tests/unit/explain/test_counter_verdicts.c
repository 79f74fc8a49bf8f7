#include "explain/counter_verdicts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct counter_processor zen4 = { "AuthenticAMD", 0x19, 0x11 };
static const struct counter_processor zen3 = { "AuthenticAMD", 0x19, 0x01 };
static const struct counter_processor skylake = { "GenuineIntel", 6, 0x5e };
static const struct counter_processor alder_lake = { "GenuineIntel", 6, 0x97 };
static const struct counter_processor unheard_of = { "Unheard", 1, 2 };

/** Counted all of the time, for a second. */
static struct counter_value counted(const char *name, double value)
{
	return (struct counter_value){ .name = name,
				       .pmu = "",
				       .is_counted = true,
				       .value = value,
				       .running_share = 1,
				       .running_ns = 1e9 };
}

static struct counter_verdict_vector judge(const struct counter_processor *processor,
					   const struct counter_value *values, size_t n_values)
{
	const struct counter_scene scene = { values, n_values, 1e9, *processor };
	struct counter_verdict_vector verdicts = { 0 };

	counter_verdicts_derive(&scene, &verdicts);
	return verdicts;
}

static const struct counter_verdict *find(const struct counter_verdict_vector *verdicts,
					  const char *name, const char *pmu)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		if (strcmp(verdicts->items[i].name, name) == 0 &&
		    strcmp(verdicts->items[i].pmu, pmu) == 0)
			return &verdicts->items[i];
	}
	return NULL;
}

static enum counter_judgement judge_ipc(const struct counter_processor *processor, double ipc)
{
	const struct counter_value values[] = { counted("cycles", 1e9),
						counted("instructions", ipc * 1e9) };
	struct counter_verdict_vector verdicts = judge(processor, values, 2);
	const struct counter_verdict *verdict = find(&verdicts, "ipc", "");
	enum counter_judgement judgement;

	assert_non_null(verdict);
	assert_non_null(verdict->text);
	assert_non_null(verdict->reason);
	judgement = verdict->judgement;
	counter_verdict_vector_destroy_items(&verdicts);
	return judgement;
}

static void test_ipc_is_judged_by_the_width(void **state)
{
	assert_int_equal(judge_ipc(&skylake, 0.9), JUDGEMENT_MIDDLING);
	assert_int_equal(judge_ipc(&zen4, 0.9), JUDGEMENT_BAD);
	assert_int_equal(judge_ipc(&skylake, 2.1), JUDGEMENT_GOOD);
	assert_int_equal(judge_ipc(&zen4, 2.1), JUDGEMENT_MIDDLING);
	assert_int_equal(judge_ipc(&unheard_of, 0.1), JUDGEMENT_NONE);
}

static void test_nothing_without_a_pmu(void **state)
{
	struct counter_value values[] = { counted("task-clock", 1e9),
					  counted("page-faults", 100),
					  { .name = "cycles", .pmu = "" },
					  { .name = "instructions", .pmu = "" } };
	struct counter_verdict_vector verdicts = judge(&zen4, values, 4);

	assert_int_equal(verdicts.count, 0);
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_no_verdict_below_the_floor(void **state)
{
	struct counter_value values[] = { counted("cycles", 1e9), counted("instructions", 1e8) };
	struct counter_verdict_vector verdicts;

	values[0].running_share = values[1].running_share = 0.33;
	verdicts = judge(&zen4, values, 2);
	assert_int_equal(find(&verdicts, "ipc", "")->judgement, JUDGEMENT_NONE);
	assert_non_null(strstr(find(&verdicts, "ipc", "")->text, "33 %"));
	assert_null(find(&verdicts, "ipc", "")->sampling_event);
	counter_verdict_vector_destroy_items(&verdicts);

	values[0].running_share = values[1].running_share = 1;
	values[0].running_ns = 1e6;
	verdicts = judge(&zen4, values, 2);
	assert_int_equal(find(&verdicts, "ipc", "")->judgement, JUDGEMENT_NONE);
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_misses_are_judged_by_their_cost(void **state)
{
	/* The same miss rate of 10 %: few branches cost nothing, many much. */
	const struct counter_value few[] = { counted("cycles", 1e9), counted("branches", 1e6),
					     counted("branch-misses", 1e5),
					     counted("cache-misses", 1e4) };
	const struct counter_value many[] = { counted("cycles", 1e9), counted("branches", 2e8),
					      counted("branch-misses", 2e7),
					      counted("cache-misses", 2e6) };
	struct counter_verdict_vector verdicts = judge(&zen4, few, 4);

	assert_int_equal(find(&verdicts, "branch-misses", "")->judgement, JUDGEMENT_GOOD);
	assert_int_equal(find(&verdicts, "cache-misses", "")->judgement, JUDGEMENT_GOOD);
	counter_verdict_vector_destroy_items(&verdicts);
	verdicts = judge(&zen4, many, 4);
	assert_int_equal(find(&verdicts, "branch-misses", "")->judgement, JUDGEMENT_BAD);
	assert_string_equal(find(&verdicts, "branch-misses", "")->sampling_event, "branch-misses");
	assert_int_equal(find(&verdicts, "cache-misses", "")->judgement, JUDGEMENT_BAD);
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_kinds_of_cores_are_judged_apart(void **state)
{
	struct counter_value values[] = { counted("cycles", 1e9), counted("cycles", 1e9),
					  counted("instructions", 4e9),
					  counted("instructions", 5e8) };
	struct counter_verdict_vector verdicts;

	values[0].pmu = values[2].pmu = "cpu_core";
	values[1].pmu = values[3].pmu = "cpu_atom";
	verdicts = judge(&alder_lake, values, 4);
	assert_int_equal(find(&verdicts, "ipc", "cpu_core")->judgement, JUDGEMENT_GOOD);
	assert_int_equal(find(&verdicts, "ipc", "cpu_atom")->judgement, JUDGEMENT_BAD);
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_sides_are_not_mixed(void **state)
{
	struct counter_value values[] = { counted("cycles", 1e9), counted("instructions", 4e9) };
	struct counter_verdict_vector verdicts;

	values[1].is_user_only = true;
	verdicts = judge(&zen4, values, 2);
	assert_int_equal(verdicts.count, 0);
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_top_down(void **state)
{
	const struct counter_value values[] = {
		counted("cycles", 1e9),           counted("slots", 6e9),
		counted("topdown-retiring", 1e9), counted("topdown-bad-spec", 3e8),
		counted("topdown-fe-bound", 7e8), counted("topdown-be-bound", 4e9),
	};
	struct counter_verdict_vector verdicts = judge(&alder_lake, values, 6);
	const struct counter_verdict *verdict = find(&verdicts, "top-down", "");

	assert_int_equal(verdict->judgement, JUDGEMENT_BAD);
	assert_non_null(strstr(verdict->text, "waiting for data"));
	assert_non_null(strstr(verdict->text, "67 %"));
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_top_down_level_2(void **state)
{
	const struct counter_value values[] = {
		counted("cycles", 1e9),
		counted("slots", 6e9),
		counted("topdown-retiring", 1e9),
		counted("topdown-be-bound", 4e9),
		counted("topdown-mem-bound", 3e9),
	};
	struct counter_verdict_vector verdicts = judge(&alder_lake, values, 5);

	assert_non_null(strstr(find(&verdicts, "top-down", "")->text,
			       "67 %; 75 % of that for memory, the rest for execution units"));
	counter_verdict_vector_destroy_items(&verdicts);
}

static void test_top_down_of_dispatch_slots(void **state)
{
	const struct counter_value values[] = {
		counted("cycles", 1e9),
		counted("ls_not_halted_cyc", 1e9),
		counted("ex_ret_ops", 1.5e9),
		counted("de_src_op_disp.all", 3.9e9),
		counted("de_no_dispatch_per_slot.no_ops_from_frontend", 1.2e9),
		counted("de_no_dispatch_per_slot.backend_stalls", 0.9e9),
	};
	struct counter_verdict_vector verdicts = judge(&zen4, values, 6);
	const struct counter_verdict *verdict = find(&verdicts, "top-down", "");

	/* Six slots a cycle: 25 % retired, 40 % dispatched in vain, 20 and 15 % empty. */
	assert_int_equal(verdict->judgement, JUDGEMENT_BAD);
	assert_non_null(strstr(verdict->text, "25 % of the slots did useful work"));
	assert_non_null(strstr(verdict->text, "undone work after mispredicted branches: 40 %"));
	counter_verdict_vector_destroy_items(&verdicts);
	/* Zen 3 has no such events; what is called so there is something else. */
	verdicts = judge(&zen3, values, 6);
	assert_null(find(&verdicts, "top-down", ""));
	counter_verdict_vector_destroy_items(&verdicts);
}

static void assert_metric(const struct counter_metric_vector *metrics, size_t value_index,
			  const char *name, double expected)
{
	for (size_t i = 0; i < metrics->count; i++) {
		if (metrics->items[i].value_index != value_index)
			continue;
		assert_string_equal(metrics->items[i].name, name);
		assert_true(fabs(metrics->items[i].value - expected) < 1e-9 * fabs(expected));
		return;
	}
	fail_msg("no metric of value %zu", value_index);
}

static void test_metrics(void **state)
{
	struct counter_value values[] = {
		counted("task-clock", 2e9),         counted("cycles", 6e9),
		counted("instructions", 9e9),       counted("branches", 1e9),
		counted("branch-misses", 5e7),      counted("page-faults", 3000),
		{ .name = "LLC-loads", .pmu = "" },
	};
	const struct counter_scene scene = { values, 7, 4e9, zen4 };
	struct counter_metric_vector metrics = { 0 };

	values[4].running_share = 0.6;
	counter_metrics_derive(&scene, &metrics);
	assert_int_equal(metrics.count, 6);
	assert_metric(&metrics, 0, "cpus-utilized", 0.5);
	assert_metric(&metrics, 1, "frequency-ghz", 3);
	assert_metric(&metrics, 2, "ipc", 1.5);
	assert_metric(&metrics, 3, "rate", 5e8);
	assert_metric(&metrics, 4, "branch-miss-rate", 5);
	assert_metric(&metrics, 5, "rate", 1500);
	assert_true(metrics.items[4].running_share == 0.6);
	counter_metric_vector_deinit(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipc_is_judged_by_the_width),
		cmocka_unit_test(test_nothing_without_a_pmu),
		cmocka_unit_test(test_no_verdict_below_the_floor),
		cmocka_unit_test(test_misses_are_judged_by_their_cost),
		cmocka_unit_test(test_kinds_of_cores_are_judged_apart),
		cmocka_unit_test(test_sides_are_not_mixed),
		cmocka_unit_test(test_top_down),
		cmocka_unit_test(test_top_down_level_2),
		cmocka_unit_test(test_top_down_of_dispatch_slots),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
