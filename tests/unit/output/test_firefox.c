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
	assert_output_has(&firefox_format, profile, part);
}

static const char *const lines = "app-7/7;main;work 1\n"
				 "app-7/8;main;idle 1\n"
				 "app-7/7;main;work;sys_read_[k] 1\n"
				 "app-7/7;main;helper_[i];[unknown]@/lib/libx.so 1\n";

static void test_stacks_are_one_frame_an_entry(void **state)
{
	assert_part(profile_build_in_time(lines),
		    "\"stackTable\":{\"frame\":[0,1,2,3,4,5,6],\"prefix\":[null,0,0,1,null,4,5],"
		    "\"length\":7}");
}

static void test_frames(void **state)
{
	assert_part(profile_build_in_time(lines),
		    "\"frameTable\":{\"address\":[4112,8208,12304,-1,20496,20496,24592],"
		    "\"inlineDepth\":[0,0,0,0,0,1,0],\"category\":[1,1,1,3,1,1,2],");
	assert_part(profile_build_in_time(lines), "\"func\":[1,2,3,4,1,5,6],");
	assert_part(profile_build_in_time(lines), "\"resource\":[-1,0,0,0,1,0,2],");
	assert_part(profile_build_in_time(lines),
		    "\"stringArray\":[\"\",\"[unknown]\",\"main\",\"work\",\"idle\",\"sys_read\","
		    "\"helper\",\"[libx.so]\",\"app\",\"[kernel.kallsyms]\",\"libx.so\"]");
}

static void test_samples_in_time(void **state)
{
	assert_part(profile_build_in_time(lines),
		    "\"samples\":{\"stack\":[1,3,6],\"timeDeltas\":[0.000000,2.000000,1.000000],"
		    "\"weight\":null,\"weightType\":\"samples\","
		    "\"threadCPUDelta\":[1000000,1000000,1000000],\"length\":3}");
}

static void test_samples_without_times_have_weights(void **state)
{
	assert_part(profile_build("app;main 3\napp;other 2\n"),
		    "\"samples\":{\"stack\":[0,1],\"timeDeltas\":[0.000000,3.000000],"
		    "\"weight\":[3,2],\"weightType\":\"samples\",\"length\":2}");
}

/** A thread that renames itself is two; the process keeps one main thread. */
static void test_ids_are_unique(void **state)
{
	const char *renamed = "sh-7/7;main 1\napp-7/7;main 1\n";

	assert_part(profile_build_in_time(renamed),
		    "\"pid\":\"7\",\"tid\":7,\"isMainThread\":true,");
	assert_part(profile_build_in_time(renamed),
		    "\"pid\":\"7\",\"tid\":\"7.1\",\"isMainThread\":false,");
}

static void test_source_lines(void **state)
{
	const struct profile_builder_frame frames[] = {
		{ .name = "main" },
		{ .name = "work", .file = "work.c", .line = 12 },
	};
	struct profile_builder builder;
	uint32_t thread;

	profile_builder_init(&builder);
	thread = profile_intern_thread(builder.profile, 1, 1, "app", "app");
	profile_builder_add_sample(&builder, thread, profile_builder_stack(&builder, frames, 2),
				   STACK_END_ROOT, 1);
	assert_part(builder.profile, "\"source\":[null,null,0],\"lineNumber\":[null,null,null],"
				     "\"columnNumber\":[null,null,null],\"length\":3},"
				     "\"sources\":{\"filename\":[4],\"id\":[null],");
}

/** The GUID's first three fields are turned round, as Breakpad's tools have it. */
static void test_build_ids(void **state)
{
	struct profile *profile = profile_build("app;main 1\n");
	struct build_id *build_id = &profile->objects.items[1].build_id;

	build_id->size_bytes = 20;
	for (uint8_t i = 0; i < 20; i++)
		build_id->bytes[i] = (uint8_t)(0xa0 + i);
	assert_part(profile, "\"breakpadId\":\"A3A2A1A0A5A4A7A6A8A9AAABACADAEAF0\","
			     "\"codeId\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3\"}");
}

static void test_hostile_names(void **state)
{
	assert_part(profile_build("a\";f\xff\"</script> 1\n"),
		    "\"f\xef\xbf\xbd\\\"\\u003c/script\\u003e\"");
}

static void test_empty_profile(void **state)
{
	assert_part(profile_create(), "\"threads\":[],");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks_are_one_frame_an_entry),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_samples_in_time),
		cmocka_unit_test(test_samples_without_times_have_weights),
		cmocka_unit_test(test_ids_are_unique),
		cmocka_unit_test(test_source_lines),
		cmocka_unit_test(test_build_ids),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
