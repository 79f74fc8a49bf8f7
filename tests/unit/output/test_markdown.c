#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/** What is written for @p profile, which is destroyed, must hold @p part. */
static void assert_part(struct profile *profile, const char *part)
{
	assert_output_has(&markdown_format, profile, part);
}

static void test_whole_file(void **state)
{
	struct profile *profile = profile_build("app;main;work 3\napp;main 1\n");
	char *text;

	profile->info.command = memory_duplicate_text("./app --fast");
	text = output_text(&markdown_format, profile, NULL);
	assert_string_equal(text, "### CPU profile of `./app --fast`\n"
				  "\n"
				  "4 samples, 100.0 % complete stacks, 100.0 % named, 0 lost.\n"
				  "\n"
				  "| Self | With callees | Samples | Function | Object |\n"
				  "|---:|---:|---:|:---|:---|\n"
				  "| 75.0 % | 75.0 % | 3 | `work` | `app` |\n"
				  "| 25.0 % | 100.0 % | 1 | `main` | `app` |\n");
	free(text);
	profile_destroy(profile);
}

static void test_rest_is_counted(void **state)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	for (int i = 0; i < 23; i++) {
		_cleanup_free_ char *line = memory_format_text("app;f%d 1\n", i);

		profile_builder_add(&builder, line);
	}
	assert_part(builder.profile, "\n\n3 more functions are not shown.\n");
}

/** Nothing may end the code span, the cell or the row. */
static void test_hostile_names(void **state)
{
	assert_part(profile_build("app;a|b 1\n"), "| `a\\|b` |");
	assert_part(profile_build("app;a\\\\|b 1\n"), "| `a\\\xc2\xa6"
						      "b` |");
	assert_part(profile_build("app;`a``b 1\n"), "| ``` `a``b ``` |");
	assert_part(profile_build("app;\\@team\\\n<b>\xff 1\n"),
		    "| `@team\xef\xbf\xbd<b>\xef\xbf\xbd` |");
}

/** Folded stacks: shares are of the counts then. */
static void test_without_periods(void **state)
{
	struct profile *profile = profile_build("app;a 1\napp;b 3\n");

	profile->samples.items[0].period = profile->samples.items[1].period = 0;
	assert_part(profile, "| 75.0 % | 75.0 % | 3 | `b` | `app` |\n| 25.0 % |");
}

static void test_empty_profile(void **state)
{
	struct profile *profile = profile_create();
	char *text = output_text(&markdown_format, profile, NULL);

	assert_non_null(strstr(text, "0 samples"));
	assert_null(strchr(text, '|'));
	free(text);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_file),    cmocka_unit_test(test_rest_is_counted),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_without_periods),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
