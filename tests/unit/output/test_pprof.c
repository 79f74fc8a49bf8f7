#include "output/output_formats_internal.h"

#include "pprof_text.h"
#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/** With a start time, so that the present does not get in. */
static char *write_profile(struct profile *profile)
{
	struct output_options options = output_options_default();
	char *gzip = NULL, *text;
	size_t size_bytes;
	FILE *file = open_memstream(&gzip, &size_bytes);

	assert_non_null(file);
	profile->info.start_realtime_ns = 1700000000000000000;
	assert_null(pprof_format.write(profile, &options, file));
	fclose(file);
	text = pprof_text(gzip, size_bytes);
	free(gzip);
	profile_destroy(profile);
	return text;
}

static void assert_pprof(struct profile *profile, const char *expected)
{
	char *text = write_profile(profile);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

static void test_whole_file(void **state)
{
	assert_pprof(profile_build("app-7/8;main;work 3\n"
				   "app-7/8;main 2\n"),
		     /* sample types, period type */
		     "1{1:1 2:2}\n"
		     "1{1:3 2:4}\n"
		     "11{1:3 2:4}\n"
		     /* leaf first; thread, comm, pid, tid */
		     "2{1[1 2] 2[3 3000000] 3{1:5 2:6} 3{1:7 2:6} 3{1:8 3:7} 3{1:9 3:8}}\n"
		     "2{1[2] 2[2 2000000] 3{1:5 2:6} 3{1:7 2:6} 3{1:8 3:7} 3{1:9 3:8}}\n"
		     "4{1:1 2:1 3:8208 4{1:1}}\n"
		     "4{1:2 2:1 3:4112 4{1:2}}\n"
		     "3{1:1 3:18446744073709551615 5:10 7:1}\n"
		     "5{1:1 2:11 3:11}\n"
		     "5{1:2 2:12 3:12}\n"
		     "9:1700000000000000000\n"
		     "12:1000000\n"
		     "14:3\n"
		     "6\"\"\n"
		     "6\"samples\"\n"
		     "6\"count\"\n"
		     "6\"cpu\"\n"
		     "6\"nanoseconds\"\n"
		     "6\"thread\"\n"
		     "6\"app\"\n"
		     "6\"comm\"\n"
		     "6\"pid\"\n"
		     "6\"tid\"\n"
		     "6\"/bin/app\"\n"
		     "6\"work\"\n"
		     "6\"main\"\n");
}

static void test_no_samples(void **state)
{
	assert_pprof(profile_create(), "1{1:1 2:2}\n"
				       "11{1:1 2:2}\n"
				       "9:1700000000000000000\n"
				       "14:1\n"
				       "6\"\"\n"
				       "6\"samples\"\n"
				       "6\"count\"\n");
}

/** Inlined frames are lines of one location, innermost first. */
static void test_inlined_lines_and_source(void **state)
{
	const struct profile_builder_frame frames[] = {
		{ .name = "main", .file = "main.c", .line = 10 },
		{ .name = "outer", .file = "a.h", .line = 20, .flags = FRAME_IS_INLINED },
		{ .name = "inner", .file = "b.h", .line = 30, .flags = FRAME_IS_INLINED },
	};
	struct profile_builder builder;
	uint32_t thread;
	char *text;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 3),
				   STACK_END_ROOT, 1);
	text = write_profile(builder.profile);
	assert_holds(text, "\n4{1:1 2:1 3:4112 4{1:1 2:30} 4{1:2 2:20} 4{1:3 2:10}}\n");
	/* functions, file names, line numbers and inlined frames are known */
	assert_holds(text, "\n3{1:1 3:18446744073709551615 5:10 7:1 8:1 9:1 10:1}\n");
	assert_holds(text, "\n5{1:1 2:11 3:11 4:12}\n");
	assert_holds(text,
		     "\n6\"inner\"\n6\"b.h\"\n6\"outer\"\n6\"a.h\"\n6\"main\"\n6\"main.c\"\n");
	free(text);
}

static void test_build_id_and_program_first(void **state)
{
	struct profile *profile = profile_build("app;main;f@/lib/libx.so 1\n");
	char *text;

	profile->objects.items[2].build_id =
		(struct build_id){ .bytes = { 0xab, 0xcd }, .size_bytes = 2 };
	text = write_profile(profile);
	/* the leaf's library was met first, yet the program is mapping 1 */
	assert_holds(text, "\n4{1:1 2:2 3:8208 4{1:1}}\n4{1:2 2:1 3:4112 4{1:2}}\n");
	assert_holds(text, "\n6\"/bin/app\"\n6\"/lib/libx.so\"\n6\"abcd\"\n");
	free(text);
}

static void test_kernel_addresses_and_code_without_names(void **state)
{
	char *text = write_profile(profile_build("app;[unknown]@/lib/libx.so;sys_read_[k] 1\n"
						 "app;[unknown]@[unknown] 1\n"));

	assert_holds(text, "3:18446744071578853392 "); /* 0xffffffff81002010 */
	assert_holds(text, "\n6\"[libx.so]\"\n");
	assert_holds(text, "\n6\"[unknown]\"\n");
	assert_holds(text, "\n4{1:3 3:4206608 4{1:3}}\n"); /* no mapping */
	free(text);
}

static void test_hostile_names(void **state)
{
	char *text =
		write_profile(profile_build("a\xff\\;b;evil\\\n\x1b[31m\xc3\x28@/bin/\xfe 1\n"));

	assert_holds(text, "\n6\"a\xef\xbf\xbd;b\"\n");
	assert_holds(text, "\n6\"evil\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd(\"\n");
	assert_holds(text, "\n6\"/bin/\xef\xbf\xbd\"\n");
	free(text);
}

/** Folded stacks: a value that is 0 everywhere must not be what pprof shows. */
static void test_without_periods(void **state)
{
	struct profile *profile = profile_build("app;main 2\n");
	char *text;

	profile->samples.items[0].period = 0;
	text = write_profile(profile);
	assert_holds(text, "1{1:1 2:2}\n11{1:1 2:2}\n2{1[1] 2[2] ");
	assert_holds(text, "\n14:1\n");
	free(text);
}

static void test_only_the_chosen_event(void **state)
{
	struct profile *profile = profile_build("app;main 2\n");
	uint32_t cycles = profile_add_event(profile, "cycles", "cycles");
	char *text;

	profile_add_sample(profile, 0, cycles, 1, STACK_END_ROOT, 7, 7000);
	text = write_profile(profile);
	assert_null(strstr(text, "2[7 7000]"));
	assert_null(strstr(text, "cycles"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_file),
		cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_inlined_lines_and_source),
		cmocka_unit_test(test_build_id_and_program_first),
		cmocka_unit_test(test_kernel_addresses_and_code_without_names),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_without_periods),
		cmocka_unit_test(test_only_the_chosen_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
