#include "compare/document_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_sentence(double reference_s, double changed_s, const char *expected)
{
	const struct comparison_options options = { .seed = 1 };
	struct comparison comparison;
	char *line;

	comparison_init(&comparison, &options);
	for (int side = 0; side < 2; side++) {
		struct side *added =
			comparison_add_side(&comparison, "x", (struct command_line){ 0 });

		for (int i = 0; i < 20; i++) {
			struct timed_run run = { 0 };

			run.values[METRIC_TIME] = side ? changed_s : reference_s;
			run_vector_append(&added->runs, run);
		}
	}
	line = document_line(&comparison, 1, "10K ports");
	assert_string_equal(line, expected);
	free(line);
	comparison_deinit(&comparison);
}

static void test_lines(void **state)
{
	assert_sentence(0.117, 0.039,
			"10K ports: 117.0 ms → 39.00 ms, 66.67 % faster (66.67–66.67 %)");
	assert_sentence(0.1, 0.15,
			"10K ports: 100.0 ms → 150.0 ms, 50.00 % slower (50.00–50.00 %)");
	assert_sentence(0.1, 0.1, "10K ports: 100.0 ms → 100.0 ms, no difference shown (±0.0 %)");
}

static void assert_replaced(const char *text, const char *expected)
{
	char *replaced = document_replace_line(text, "speed", "speed: new");

	assert_string_equal(replaced, expected);
	free(replaced);
}

static void test_the_line_about_the_label_is_replaced(void **state)
{
	assert_replaced("# T\n- speed: old\n- speed of light: c\n",
			"# T\n- speed: new\n- speed of light: c\n");
	assert_replaced("  * speed: old", "  * speed: new");
	assert_replaced("speed: old\n", "speed: new\n");
	assert_replaced("no end", "no end\n- speed: new\n");
	assert_replaced("", "- speed: new\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_the_line_about_the_label_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
