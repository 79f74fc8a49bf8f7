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
	assert_output_has(&speedscope_format, profile, part);
}

static void test_samples_in_time(void **state)
{
	assert_part(profile_build_in_time("app-7/7;main;work 1\n"
					  "app-7/8;main;idle 2\n"
					  "app-7/7;main 1\n"),
		    "\"activeProfileIndex\":0,\n"
		    "\"shared\":{\"frames\":[{\"name\":\"[unknown]\"},"
		    "{\"name\":\"main\",\"file\":\"app\"},{\"name\":\"work\",\"file\":\"app\"},"
		    "{\"name\":\"idle\",\"file\":\"app\"}]},\n"
		    "\"profiles\":[{\"type\":\"sampled\",\"name\":\"app (7/7)\","
		    "\"unit\":\"nanoseconds\",\"startValue\":0,\"samples\":[[1,2],[1]],"
		    "\"weights\":[1000000,1000000],\"endValue\":2000000},"
		    "{\"type\":\"sampled\",\"name\":\"app (7/8)\","
		    "\"unit\":\"nanoseconds\",\"startValue\":0,\"samples\":[[1,3],[1,3]],"
		    "\"weights\":[1000000,1000000],\"endValue\":2000000}]\n");
}

/** The heaviest caller first, and what it calls together. */
static void test_left_heavy_without_times(void **state)
{
	assert_part(profile_build("app;a;x 1\n"
				  "app;b;y 2\n"
				  "app;a;z 3\n"),
		    "\"samples\":[[1,5],[1,2],[3,4]],\"weights\":[3000000,1000000,2000000],"
		    "\"endValue\":6000000");
}

static void test_counts_for_events_that_are_no_time(void **state)
{
	struct profile *profile = profile_build("app;main 5\n");

	profile->events.items[0].unit = profile_intern_text(profile, "cycles");
	assert_part(profile, "\"unit\":\"none\",\"startValue\":0,\"samples\":[[1]],"
			     "\"weights\":[5],\"endValue\":5}");
}

static void test_busiest_thread_is_shown_first(void **state)
{
	assert_part(profile_build("idle-1/1;main 1\nbusy-1/2;main 9\n"),
		    "\"activeProfileIndex\":1,");
}

static void test_hostile_names(void **state)
{
	assert_part(profile_build("a\";f\xff\"</script>@/lib/libx.so 1\n"),
		    "{\"name\":\"f\xef\xbf\xbd\\\"\\u003c/script\\u003e\",\"file\":\"libx.so\"}");
}

static void test_empty_profile(void **state)
{
	assert_part(profile_create(), "\"profiles\":[]\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_in_time),
		cmocka_unit_test(test_left_heavy_without_times),
		cmocka_unit_test(test_counts_for_events_that_are_no_time),
		cmocka_unit_test(test_busiest_thread_is_shown_first),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
