#include "compare/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct comparison_options options = { .seed = 1 };

/** Side A: @p n runs of 1 s, side B of @p ratio; exact but for a last place. */
static void make(struct comparison *comparison, int n, double ratio)
{
	comparison_init(comparison, &options);
	for (size_t side = 0; side < 2; side++) {
		struct side *added = comparison_add_side(comparison, side ? "B" : "A",
							 (struct command_line){ 0 });

		for (int i = 0; i < n; i++) {
			struct timed_run run = { 0 };

			run.values[METRIC_TIME] = (side ? ratio : 1) * (1 + (i % 5) * 1e-6);
			run_vector_append(&added->runs, run);
		}
	}
}

static void assert_sentence(double ratio, const char *expected)
{
	struct comparison comparison;
	char *sentence;

	make(&comparison, 20, ratio);
	sentence = verdict_sentence(&comparison, 1);
	assert_string_equal(sentence, expected);
	free(sentence);
	comparison_deinit(&comparison);
}

static void test_sentences(void **state)
{
	assert_sentence(0.5, "B is 2.00 × faster than A (2.00 to 2.00)");
	assert_sentence(1.25, "B is 1.25 × slower than A (1.25 to 1.25)");
	assert_sentence(1.02, "B is 1.020 × slower than A (1.020 to 1.020)");
	assert_sentence(1, "no difference shown between A and B (could still be up to ±0.0 %)");
	assert_sentence(0, "A and B cannot be compared: too short to measure");
}

static void test_change_in_percent(void **state)
{
	struct metric_change change = {
		.is_measured = true,
		.has_ratio = true,
		.is_different = true,
		.ratio = { 0.704, { 0.69, 1.032 } },
	};
	char *text = verdict_change_text(&change);

	assert_string_equal(text, "−29.6 % (−31.0 to +3.20)");
	free(text);
	change.is_measured = false;
	text = verdict_change_text(&change);
	assert_string_equal(text, "-");
	free(text);
}

static void test_nothing_is_hidden(void **state)
{
	struct comparison comparison;
	char *text = NULL;
	size_t size_bytes;
	FILE *file;

	make(&comparison, 9, 2);
	for (int i = 0; i < 9; i++)
		comparison.sides.items[1].runs.items[i].values[METRIC_TIME] = 1 + 0.01 * i;
	comparison.sides.items[0].runs.items[3].values[METRIC_TIME] = 9;
	comparison.sides.items[0].n_failed = 2;
	comparison.end = COMPARISON_BUDGET_SPENT;
	file = open_memstream(&text, &size_bytes);
	verdict_write_warnings(&comparison, file);
	fclose(file);
	assert_non_null(strstr(text, "A: 1 of 9 runs is an outlier"));
	assert_non_null(strstr(text, "A: 2 of 9 runs failed"));
	assert_non_null(strstr(text, "B: runs became slower"));
	assert_non_null(strstr(text, "only 9 runs"));
	assert_non_null(strstr(text, "budget was spent"));
	assert_null(strstr(text, "B: 1 of"));
	free(text);
	comparison_deinit(&comparison);
}

static void test_p(void **state)
{
	char text[16];

	verdict_format_p(0.0004, text);
	assert_string_equal(text, "p < 0.001");
	verdict_format_p(0.042, text);
	assert_string_equal(text, "p = 0.042");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_change_in_percent),
		cmocka_unit_test(test_nothing_is_hidden),
		cmocka_unit_test(test_p),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
