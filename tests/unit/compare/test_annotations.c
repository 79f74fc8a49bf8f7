#include "compare/annotations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/** Twenty runs each: 1 s and @p ratio. */
static char *annotate(double ratio, const char *gate_text)
{
	const struct comparison_options options = { .seed = 1 };
	struct gate_vector gates = { 0 };
	struct comparison comparison;
	struct gate gate;
	char *text = NULL;
	size_t size;
	FILE *file;

	comparison_init(&comparison, &options);
	for (int side = 0; side < 2; side++) {
		struct side *added = comparison_add_side(&comparison, side ? "50%\n::new, B" : "A",
							 (struct command_line){ 0 });

		for (int i = 0; i < 20; i++) {
			struct timed_run run = { 0 };

			run.values[METRIC_TIME] = (side ? ratio : 1) * (1 + (i * 7 % 5) * 1e-4);
			run_vector_append(&added->runs, run);
		}
	}
	if (gate_text) {
		assert_null(gate_parse(gate_text, &gate));
		gate_vector_append(&gates, gate);
	}
	file = open_memstream(&text, &size);
	annotations_write(&comparison, &gates, file);
	fclose(file);
	gate_vector_deinit(&gates);
	comparison_deinit(&comparison);
	return text;
}

static void assert_line(char *text, const char *start)
{
	assert_memory_equal(text, start, strlen(start));
	/* Nothing a name holds ends the line or begins another command. */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strstr(text + 2, "50%\n"));
	free(text);
}

static void test_kinds(void **state)
{
	assert_line(annotate(1.2, "time>2%"), "::error title=perf-profile time>2%25::50%25");
	assert_line(annotate(1.0, "time>2%"), "::notice title=perf-profile time>2%25::50%25");
	assert_line(annotate(1.2, "instructions>2%"),
		    "::warning title=perf-profile instructions>2%25::50%25");
	assert_line(annotate(1.2, NULL), "::notice title=perf-profile compare::50%25");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
