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
	assert_output_has(&callgrind_format, profile, part);
}

static void test_whole_file(void **state)
{
	struct profile *profile =
		profile_build("app;main;work 2\napp;main;work;f@/lib/libx.so 1\n");
	char *text = output_text(&callgrind_format, profile, NULL);

	assert_string_equal(text, "# callgrind format\n"
				  "version: 1\n"
				  "creator: perf-profile\n"
				  "cmd: \n"
				  "positions: line\n"
				  "events: Samples Nanoseconds\n"
				  "summary: 3 3000000\n"
				  "\n"
				  "ob=(2) /bin/app\n"
				  "fl=(1) ???\n"
				  "fn=(2) main\n"
				  "cob=(2)\n"
				  "cfi=(1)\n"
				  "cfn=(3) work\n"
				  "calls=3 0\n"
				  "0 3 3000000\n"
				  "\n"
				  "ob=(2)\n"
				  "fl=(1)\n"
				  "fn=(3)\n"
				  "0 2 2000000\n"
				  "cob=(3) /lib/libx.so\n"
				  "cfi=(1)\n"
				  "cfn=(4) f\n"
				  "calls=1 0\n"
				  "0 1 1000000\n"
				  "\n"
				  "ob=(3)\n"
				  "fl=(1)\n"
				  "fn=(4)\n"
				  "0 1 1000000\n");
	free(text);
	profile_destroy(profile);
}

/** f;f;f costs what f costs; a;b;a;b counts the call of b once. */
static void test_recursion_counts_once(void **state)
{
	assert_part(profile_build("app;f;f;f 4\n"), "fn=(2) f\n0 4 4000000\n");
	assert_part(profile_build("app;a;b;a;b 4\n"), "cfn=(3) b\ncalls=4 0\n0 4 4000000\n\nob");
}

static void test_lines_and_files_within_a_function(void **state)
{
	const struct profile_builder_frame here[] = { { .name = "f", .file = "f.c", .line = 3 } };
	const struct profile_builder_frame there[] = { { .name = "f", .file = "f.h", .line = 7 } };
	struct profile_builder builder;
	uint32_t thread;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, here, 1),
				   STACK_END_ROOT, 1);
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, there, 1),
				   STACK_END_ROOT, 2);
	assert_part(builder.profile, ") f.c\nfn=(2) f\n3 1 1000000\nfe=(");
}

static void test_other_events_are_named(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");

	profile->events.items[0].name = profile_intern_text(profile, "cache-misses:u");
	profile->events.items[0].unit = profile_intern_text(profile, "");
	assert_part(profile, "events: Samples Event_cache_misses_u\n");
}

/** A line break would begin a line of the format's own. */
static void test_hostile_names(void **state)
{
	assert_part(profile_build("app;f\\\nfn=(9)\xff 1\n"), "fn=(2) f\xef\xbf\xbd"
							      "fn=(9)\xef\xbf\xbd\n");
}

static void test_without_periods(void **state)
{
	struct profile *profile = profile_build("app;main 2\n");

	profile->samples.items[0].period = 0;
	assert_part(profile, "events: Samples\nsummary: 2\n\nob=(2) /bin/app\nfl=(1) ???\n"
			     "fn=(2) main\n0 2\n");
}

static void test_empty_profile(void **state)
{
	assert_part(profile_create(), "summary: 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_file),
		cmocka_unit_test(test_recursion_counts_once),
		cmocka_unit_test(test_lines_and_files_within_a_function),
		cmocka_unit_test(test_other_events_are_named),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_without_periods),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
