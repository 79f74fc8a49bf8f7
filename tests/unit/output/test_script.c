#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct profile *build_with_ticks(const char *lines)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, lines);
	return builder.profile;
}

static void assert_script(struct profile *profile, const char *expected)
{
	char *text = output_text(&script_format, profile, NULL);

	assert_string_equal(text, expected);
	free(text);
	profile_destroy(profile);
}

static void test_paragraph_per_tick(void **state)
{
	assert_script(build_with_ticks("app-7/8;main;work 2\n"
				       "web\\ server-123456/123457;main 1\n"),
		      "app     7/8     [000]     1.000000:    1000000 cpu-clock: \n"
		      "\t            2010 work+0x10 (/bin/app)\n"
		      "\t            1010 main+0x10 (/bin/app)\n"
		      "\n"
		      "app     7/8     [000]     1.001000:    1000000 cpu-clock: \n"
		      "\t            2010 work+0x10 (/bin/app)\n"
		      "\t            1010 main+0x10 (/bin/app)\n"
		      "\n"
		      "web server 123456/123457 [000]     1.002000:    1000000 cpu-clock: \n"
		      "\t            3010 main+0x10 (/bin/web server)\n"
		      "\n");
}

static void test_kernel_inlined_and_unknown_frames(void **state)
{
	assert_script(build_with_ticks("app;main;helper_[i];deep_[i];"
				       "[unknown]@/lib/libx.so;sys_read_[k] 1\n"),
		      "app   100/100   [000]     1.000000:    1000000 cpu-clock: \n"
		      "\tffffffff81003010 sys_read+0x10 ([kernel.kallsyms])\n"
		      "\t            2010 [unknown] (/lib/libx.so)\n"
		      "\t            1010 deep+0x10 (inlined)\n"
		      "\t            1010 helper+0x10 (inlined)\n"
		      "\t            1010 main+0x10 (/bin/app)\n"
		      "\n");
}

/** perf shows where a call returns to, we keep where it was made. */
static void test_call_sites_are_shown_as_return_addresses(void **state)
{
	struct profile *profile = build_with_ticks("app;main 1\n");
	uint32_t frame = profile->location_frames.items[0];
	uint32_t location =
		profile_intern_location(profile, profile->frames.items[frame].object, 0x1fff,
					0x401fff, LOCATION_USER, LOCATION_IS_CALL_SITE);

	profile_set_location_frames(profile, location, &frame, 1, 0xff);
	profile->stacks.items[1].location = location;
	assert_script(profile, "app   100/100   [000]     1.000000:    1000000 cpu-clock: \n"
			       "\t            2000 main+0x100 (/bin/app)\n"
			       "\n");
}

/** Without an object only the machine's address means something. */
static void test_address_outside_all_objects(void **state)
{
	assert_script(build_with_ticks("app;[unknown]@[unknown] 1\n"),
		      "app   100/100   [000]     1.000000:    1000000 cpu-clock: \n"
		      "\t          401010 [unknown] ([unknown])\n"
		      "\n");
}

static void test_stack_without_frames_is_a_header(void **state)
{
	assert_script(build_with_ticks("app 1 none\n"),
		      "app   100/100   [000]     1.000000:    1000000 cpu-clock: \n"
		      "\n");
}

static void test_figures_of_any_size(void **state)
{
	struct profile *profile = profile_build("app 1 none\n");

	profile_add_tick(profile, 0, 0, 0, 0);
	profile_add_tick(profile, 0, UINT64_MAX, UINT32_MAX, UINT64_MAX);
	assert_script(profile, "app   100/100   [000]     0.000000:          0 cpu-clock: \n\n"
			       "app   100/100   [4294967295] 18446744073.709551:"
			       " 18446744073709551615 cpu-clock: \n\n");
}

/** FlameGraph's collapser takes no shorter name and would swallow the figures. */
static void test_one_letter_names_are_padded(void **state)
{
	assert_script(build_with_ticks("w-12345/12345 1 none\n"),
		      "w  12345/12345 [000]     1.000000:    1000000 cpu-clock: \n\n");
}

static void test_event_names_are_aligned(void **state)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app 1 none\n");
	builder.event = profile_add_event(builder.profile, "page-faults", "");
	profile_builder_add(&builder, "app 1 none\n");
	assert_script(builder.profile,
		      "app   100/100   [000]     1.000000:    1000000   cpu-clock: \n\n"
		      "app   100/100   [000]     1.001000:    1000000 page-faults: \n\n");
}

static void test_hostile_names_cannot_make_lines(void **state)
{
	assert_script(build_with_ticks("e\\\nvil;a\\\nb\\;c;\\\033[2J\xff@/tmp/x\\\n\\ y 1\n"),
		      "e\xef\xbf\xbdvil   100/100   [000]     1.000000:    1000000 cpu-clock: \n"
		      "\t            2010 \xef\xbf\xbd[2J\xef\xbf\xbd+0x10 "
		      "(/tmp/x\xef\xbf\xbd y)\n"
		      "\t            1010 a\xef\xbf\xbd"
		      "b;c+0x10 (/bin/e\xef\xbf\xbdvil)\n"
		      "\n");
}

static void test_empty_profile_is_empty(void **state)
{
	assert_script(profile_build(""), "");
}

static void test_without_ticks_says_so(void **state)
{
	struct output_options options = output_options_default();
	struct profile *profile = profile_build("app;main 1\n");
	struct error *error = script_format.write(profile, &options, stdout);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	assert_string_equal(error->message, "the times of the samples were not kept");
	assert_non_null(strstr(error->hint, "collapsed"));
	error_destroy(error);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paragraph_per_tick),
		cmocka_unit_test(test_kernel_inlined_and_unknown_frames),
		cmocka_unit_test(test_call_sites_are_shown_as_return_addresses),
		cmocka_unit_test(test_address_outside_all_objects),
		cmocka_unit_test(test_stack_without_frames_is_a_header),
		cmocka_unit_test(test_figures_of_any_size),
		cmocka_unit_test(test_one_letter_names_are_padded),
		cmocka_unit_test(test_event_names_are_aligned),
		cmocka_unit_test(test_hostile_names_cannot_make_lines),
		cmocka_unit_test(test_empty_profile_is_empty),
		cmocka_unit_test(test_without_ticks_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
