#include "output/output_formats_internal.h"

#include "output_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_folded(struct profile *profile, const char *expected)
{
	char *text = output_text(&folded_format, profile, NULL);

	assert_string_equal(text, expected);
	free(text);
	profile_destroy(profile);
}

static void test_lines_are_in_byte_order(void **state)
{
	assert_folded(profile_build("app;main;b 2\n"
				    "app;main;a;x 3\n"
				    "app;main;a0 5\n"
				    "app;main;a 7\n"
				    "app;main;aa 1\n"
				    "Zed;main 4\n"),
		      "Zed;main 4\n"
		      "app;main;a 7\n"
		      "app;main;a0 5\n"
		      "app;main;a;x 3\n"
		      "app;main;aa 1\n"
		      "app;main;b 2\n");
}

static void test_threads_of_one_name_are_merged(void **state)
{
	assert_folded(profile_build("worker-1/2;run;work 2\n"
				    "worker-1/3;run;work 3\n"
				    "other-1/4;run;work 10\n"
				    "worker-9/9;run;work 5 copy-ended\n"),
		      "other;run;work 10\n"
		      "worker;run;work 10\n");
}

static void test_blanks_in_thread_names_become_underscores(void **state)
{
	assert_folded(profile_build("V8\\ Worker\\ Thread;run;operator\\ new 1\n"),
		      "V8_Worker_Thread;run;operator new 1\n");
}

static void test_unknown_frames_are_named_by_their_object(void **state)
{
	assert_folded(profile_build("app;[unknown]@/usr/lib/libfoo.so.1;[unknown]@[vdso] 1\n"
				    "app;[unknown]@[unknown] 2\n"),
		      "app;[libfoo.so.1];[vdso] 1\n"
		      "app;[unknown] 2\n");
}

static void test_kernel_and_inlined_frames_have_no_mark(void **state)
{
	assert_folded(profile_build("app;main;helper_[i];read;sys_read_[k] 6\n"),
		      "app;main;helper;read;sys_read 6\n");
}

static void test_stack_without_frames_is_its_thread(void **state)
{
	assert_folded(profile_build("app 3 none\n"
				    "app;main 1\n"),
		      "app 3\n"
		      "app;main 1\n");
}

static void test_recursion_stays(void **state)
{
	assert_folded(profile_build("app;f;f;f 1\n"
				    "app;f;f 2\n"),
		      "app;f;f 2\n"
		      "app;f;f;f 1\n");
}

static void test_hostile_names_stay_one_frame(void **state)
{
	assert_folded(profile_build("a\\;b;x\\;y\\\nz;<script>;\\\033[31mred;bad\xff"
				    "byte 1\n"),
		      "a:b;x:y z;<script>; [31mred;bad\xef\xbf\xbd"
		      "byte 1\n");
}

/** Names that differ but are written alike share a line. */
static void test_names_written_alike_are_merged(void **state)
{
	assert_folded(profile_build("app;a\\;b 1\n"
				    "app;a:b 2\n"),
		      "app;a:b 3\n");
}

static void test_empty_profile_has_no_lines(void **state)
{
	assert_folded(profile_build(""), "");
}

static void test_huge_counts_are_whole(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");

	profile->samples.items[0].count = UINT64_MAX;
	assert_folded(profile, "app;main 18446744073709551615\n");
}

static void test_only_the_event_asked_for(void **state)
{
	struct output_options options = output_options_default();
	struct profile_builder builder;
	char *text;

	profile_builder_init(&builder);
	profile_builder_add(&builder, "app;clock 1\n");
	builder.event = profile_add_event(builder.profile, "cycles", "cycles");
	profile_builder_add(&builder, "app;cycles 2\n");
	options.event = builder.event;
	text = output_text(&folded_format, builder.profile, &options);
	assert_string_equal(text, "app;cycles 2\n");
	free(text);
	profile_destroy(builder.profile);
}

static void test_long_names_are_whole(void **state)
{
	enum {
		LENGTH = 65536
	};

	char *name = memory_allocate(LENGTH + 1, 1), *line, *expected;

	memset(name, 'n', LENGTH);
	line = memory_format_text("app;main;%s 1\n", name);
	expected = memory_duplicate_text(line);
	assert_folded(profile_build(line), expected);
	free(expected);
	free(line);
	free(name);
}

static void test_deep_stack_is_one_line(void **state)
{
	enum {
		DEPTH = 1000
	};
	struct profile *profile = profile_build("app;f 1\n");
	uint32_t location = profile->stacks.items[1].location, stack = 1;
	char *text;

	for (int i = 1; i < DEPTH; i++)
		stack = profile_intern_stack(profile, stack, location);
	profile_add_sample(profile, 0, 0, stack, STACK_END_ROOT, 9, 9);
	text = output_text(&folded_format, profile, NULL);
	assert_int_equal(strlen(text), strlen("app;f 1\napp 9\n") + 2 * DEPTH);
	assert_memory_equal(text, "app;f 1\napp;f;f;f", 17);
	assert_string_equal(text + strlen(text) - 7, ";f;f 9\n");
	free(text);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_in_byte_order),
		cmocka_unit_test(test_threads_of_one_name_are_merged),
		cmocka_unit_test(test_blanks_in_thread_names_become_underscores),
		cmocka_unit_test(test_unknown_frames_are_named_by_their_object),
		cmocka_unit_test(test_kernel_and_inlined_frames_have_no_mark),
		cmocka_unit_test(test_stack_without_frames_is_its_thread),
		cmocka_unit_test(test_recursion_stays),
		cmocka_unit_test(test_hostile_names_stay_one_frame),
		cmocka_unit_test(test_names_written_alike_are_merged),
		cmocka_unit_test(test_empty_profile_has_no_lines),
		cmocka_unit_test(test_huge_counts_are_whole),
		cmocka_unit_test(test_only_the_event_asked_for),
		cmocka_unit_test(test_long_names_are_whole),
		cmocka_unit_test(test_deep_stack_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
