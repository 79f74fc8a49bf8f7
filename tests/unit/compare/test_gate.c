#include "compare/gate.h"

#include "compare/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_parse(void **state)
{
	struct gate gate;

	assert_null(gate_parse("time>2%", &gate));
	assert_int_equal(gate.metric, METRIC_TIME);
	assert_true(gate.share_most > 0.0199 && gate.share_most < 0.0201);
	assert_null(gate_parse("page-faults > 0.5 %", &gate));
	assert_int_equal(gate.metric, METRIC_PAGE_FAULTS);
}

static void test_bad_gates(void **state)
{
	static const char *const bad[] = { "",         "time",      "time>",    "time>2",
					   "speed>2%", "time<2%",   "time>x%",  "time>-1%",
					   "time>2%%", "time>nan%", "time>1e9%" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct gate gate;
		struct error *error = gate_parse(bad[i], &gate);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_USAGE);
		assert_non_null(error->hint);
		error_destroy(error);
	}
}

/** Two sides of 30 runs: 1 s and @p ratio, both with 1 % of noise; memory unmeasured. */
static void fill(struct comparison *comparison, double ratio)
{
	struct random random = { 3 };

	for (size_t side = 0; side < 2; side++) {
		struct side *added = comparison_add_side(comparison, side ? "B" : "A",
							 (struct command_line){ 0 });

		for (int i = 0; i < 30; i++) {
			struct timed_run run = { 0 };
			double noise = (double)random_below(&random, 2000) / 1e5 - 0.01;

			run.values[METRIC_TIME] = (side ? ratio : 1) * (1 + noise);
			run.values[METRIC_MEMORY] = __builtin_nan("");
			run_vector_append(&added->runs, run);
		}
	}
}

static enum gate_result judge(const char *text, double ratio)
{
	const struct comparison_options options = { .seed = 1 };
	struct comparison comparison;
	enum gate_result result;
	struct gate gate;

	comparison_init(&comparison, &options);
	fill(&comparison, ratio);
	assert_null(gate_parse(text, &gate));
	result = gate_judge(&gate, &comparison, 1);
	comparison_deinit(&comparison);
	return result;
}

static void test_fails_only_when_proven(void **state)
{
	assert_int_equal(judge("time>2%", 1.05), GATE_FAILED);
	assert_int_equal(judge("time>2%", 1.021), GATE_PASSED); /* above, but not the interval */
	assert_int_equal(judge("time>2%", 1.0), GATE_PASSED);
	assert_int_equal(judge("time>2%", 0.5), GATE_PASSED);
	assert_int_equal(judge("memory>2%", 1.5), GATE_NOT_MEASURED);
	assert_int_equal(judge("instructions>2%", 1.5), GATE_NOT_MEASURED); /* 0: no ratio */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bad_gates),
		cmocka_unit_test(test_fails_only_when_proven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
