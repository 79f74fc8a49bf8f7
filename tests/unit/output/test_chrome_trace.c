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
	assert_output_has(&chrome_trace_format, profile, part);
}

#define B(tid, ts, name, cat)                                                                      \
	"{\"ph\":\"B\",\"pid\":7,\"tid\":" tid ",\"ts\":" ts ",\"name\":\"" name                   \
	"\",\"cat\":\"" cat "\"}"
#define E(tid, ts) "{\"ph\":\"E\",\"pid\":7,\"tid\":" tid ",\"ts\":" ts "}"

static void test_shared_frames_are_one_event(void **state)
{
	assert_part(
		profile_build_in_time("app-7/7;main;work 2\napp-7/7;main;idle 1\n"),
		B("7", "0.000", "main", "app") "," B("7", "0.000", "work", "app") "," E(
			"7", "2000.000") "," B("7", "2000.000", "idle",
					       "app") "," E("7",
							    "3000.000") "," E("7",
									      "3000.000") "]\n");
}

/** The thread did not run while another thread's sample was taken. */
static void test_waiting_is_a_gap(void **state)
{
	assert_part(profile_build_in_time("app-7/7;main 1\nother-7/8;main 1\napp-7/7;main 1\n"),
		    B("7", "0.000", "main", "app") "," E("7", "1000.000") "," B(
			    "7", "2000.000", "main", "app") "," E("7", "3000.000") ",");
}

static void test_threads_have_names(void **state)
{
	assert_part(profile_build_in_time("app-7/8;main 1\n"),
		    "{\"ph\":\"M\",\"pid\":7,\"tid\":8,\"name\":\"thread_name\","
		    "\"args\":{\"name\":\"app\"}}");
}

/** The sample under the new name came before the one under the old name was over. */
static void test_renamed_threads_do_not_overlap(void **state)
{
	struct profile *profile = profile_build_in_time("sh-7/7;main 1\napp-7/7;main 1\n");

	profile->ticks.items[1].time_ns -= 400000;
	assert_part(profile, B("7", "1000.000", "main", "app") "," E("7", "1600.000") "]\n");
}

/** Without times, the second name's frames come after the first's. */
static void test_without_times(void **state)
{
	assert_part(profile_build("a-7/7;main 2\nb-7/7;main 1\n"),
		    B("7", "2000.000", "main", "b") "," E("7", "3000.000") "]\n");
}

static void test_hostile_names(void **state)
{
	assert_part(profile_build("a;f\xff\"</script>@lib 1\n"),
		    "\"name\":\"f\xef\xbf\xbd\\\"\\u003c/script\\u003e\",\"cat\":\"lib\"");
}

static void test_empty_profile(void **state)
{
	assert_part(profile_create(), "\"traceEvents\":[]\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_frames_are_one_event),
		cmocka_unit_test(test_waiting_is_a_gap),
		cmocka_unit_test(test_threads_have_names),
		cmocka_unit_test(test_renamed_threads_do_not_overlap),
		cmocka_unit_test(test_without_times),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
