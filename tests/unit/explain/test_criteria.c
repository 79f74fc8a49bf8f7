#include "explain_fixture.h"

#include "base/clock.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static void assert_criterion(const struct explain_fixture *fixture, const char *name,
			     enum criterion_verdict verdict, const char *detail, const char *hint)
{
	const struct criterion *criterion = explain_fixture_criterion(fixture, name);

	assert_non_null(criterion);
	assert_string_equal(criterion->detail, detail);
	assert_int_equal(criterion->verdict, verdict);
	if (hint)
		assert_string_equal(criterion->hint, hint);
	else
		assert_null(criterion->hint);
}

/** One criterion of a profile of the shipped rules. */
static void check(const char *profile, const char *name, enum criterion_verdict verdict,
		  const char *detail, const char *hint)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, profile, NULL);
	explain_fixture_run(&fixture);
	assert_criterion(&fixture, name, verdict, detail, hint);
	explain_fixture_deinit(&fixture);
}

static void test_samples(void **state)
{
	static const char name[] = "enough samples";

	check("app;main 1000\n", name, CRITERION_MET, "1,000 (wanted: 1,000)", NULL);
	check("app;main 999\n", name, CRITERION_WARNING, "999 (wanted: 1,000)",
	      "1 more are needed: add --repeat 2, give it more work, or use -F 1994");
	check("app;main 250\n", name, CRITERION_WARNING, "250 (wanted: 1,000)",
	      "750 more are needed: add --repeat 4, give it more work, or use -F 3988");
	check("app;main 100\n", name, CRITERION_WARNING, "100 (wanted: 1,000)",
	      "900 more are needed: add --repeat 10, give it more work, or use -F 9970");
	check("app;main 99\n", name, CRITERION_FAILED, "99 (wanted: 1,000)",
	      "901 more are needed: add --repeat 11, give it more work, or use -F 10967");
	/* No rate helps any more. */
	check("app;main 5\n", name, CRITERION_FAILED, "5 (wanted: 1,000)",
	      "995 more are needed: add --repeat 200 or give it more work");
	check("", name, CRITERION_FAILED, "0 (wanted: 1,000)",
	      "it used no CPU time that could be sampled: give it more work, or add --repeat 100");
}

static void test_samples_by_period(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 500\n", NULL);
	fixture.profile->events.items[0].frequency_hz = 0;
	fixture.profile->events.items[0].period = 10000;
	explain_fixture_run(&fixture);
	assert_criterion(&fixture, "enough samples", CRITERION_WARNING, "500 (wanted: 1,000)",
			 "500 more are needed: add --repeat 2, give it more work, or use -c 5000");
	explain_fixture_deinit(&fixture);
}

/** What was only attached to cannot be run again. */
static void test_samples_of_what_runs_anyway(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 100\n", NULL);
	fixture.profile->info.target = memory_duplicate_text("-p 123");
	explain_fixture_run(&fixture);
	assert_criterion(&fixture, "enough samples", CRITERION_WARNING, "100 (wanted: 1,000)",
			 "900 more are needed: record 10 times as long (--duration), or use -F "
			 "9970");
	explain_fixture_deinit(&fixture);
}

static void test_complete_stacks(void **state)
{
	static const char name[] = "complete stacks";

	check("app;main 100\n", name, CRITERION_MET, "100.0 % (wanted: 99 %)", NULL);
	check("app;main 99\napp;main 1 stuck\n", name, CRITERION_MET,
	      "99.0 % (wanted: 99 %); most of the others: a stack pointer that does not move (1)",
	      NULL);
	check("app;main 98\napp;main 2 copy-ended\n", name, CRITERION_WARNING,
	      "98.0 % (wanted: 99 %); most of the others: the copied stack was too short (2)",
	      "use --call-graph dwarf,65528; root can copy deeper stacks");
	check("app;main 90\napp;main 4 copy-ended\napp;main 6 no-rule\n", name, CRITERION_WARNING,
	      "90.0 % (wanted: 99 %); most of the others: code without unwind information (6)",
	      "build with -fasynchronous-unwind-tables or -fno-omit-frame-pointer");
	check("app;main 89\napp;main 11 no-mapping\n", name, CRITERION_FAILED,
	      "89.0 % (wanted: 99 %); most of the others: an address outside all known code (11)",
	      "code made at run time: have it keep frame pointers (node "
	      "--interpreted-frames-native-stack, java -XX:+PreserveFramePointer)");
	check("app;main 100 untraced\n", name, CRITERION_WARNING, "the recording does not say",
	      NULL);
	check("app;f_[k] 100 none\n", name, CRITERION_MET, "no user stacks were recorded", NULL);
}

static void test_largest_copy_is_not_asked_for_again(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 50\napp;main 50 copy-ended\n", NULL);
	fixture.profile->info.stack_copy_bytes = 65528;
	explain_fixture_run(&fixture);
	assert_text_has(explain_fixture_criterion(&fixture, "complete stacks")->hint, "CAP_BPF");
	fixture.profile->info.has_stack_windows = true;
	explain_fixture_run(&fixture);
	assert_text_has(explain_fixture_criterion(&fixture, "complete stacks")->hint,
			"--call-graph fp");
	explain_fixture_deinit(&fixture);
}

static void test_symbols(void **state)
{
	static const char name[] = "symbols resolved";

	check("app;main 95\napp;main;[unknown]@/lib/libx.so 5\n", name, CRITERION_MET,
	      "95.0 % of the samples (wanted: 95 %)", NULL);
	check("app;main 94\napp;main;[unknown]@/lib/libx.so 6\n", name, CRITERION_WARNING,
	      "94.0 % of the samples (wanted: 95 %)", "most of it is in /lib/libx.so");
	check("app;main 79\napp;[unknown]@/lib/libx.so 10\napp;[unknown]@/lib/liby.so 11\n", name,
	      CRITERION_FAILED, "79.0 % of the samples (wanted: 95 %)",
	      "most of it is in /lib/liby.so");
}

static void test_symbols_hint_of_the_library(void **state)
{
	struct explain_fixture fixture;
	uint32_t library;

	explain_fixture_init(&fixture, "app;[unknown]@/lib/libx.so 10\n", NULL);
	library = profile_intern_object(fixture.profile, "/lib/libx.so", NULL);
	fixture.profile->objects.items[library].problem_hint =
		profile_intern_text(fixture.profile, "apt install libx-dbgsym");
	explain_fixture_run(&fixture);
	assert_string_equal(explain_fixture_criterion(&fixture, "symbols resolved")->hint,
			    "/lib/libx.so: apt install libx-dbgsym");
	explain_fixture_deinit(&fixture);
}

static void test_losses(void **state)
{
	static const struct {
		struct profile_losses losses;
		enum criterion_verdict verdict;
		const char *detail;
	} cases[] = {
		{ { 0 }, CRITERION_MET, "0 records lost" },
		{ { .lost_records = 10 }, CRITERION_WARNING, "10 records lost (1.0 %)" },
		{ { .lost_samples = 11 }, CRITERION_FAILED, "11 records lost (1.1 %)" },
		{ { .throttles = 2 }, CRITERION_WARNING, "the kernel paused sampling 2 times" },
		{ { .unreadable_records = 1 }, CRITERION_WARNING, "1 record could not be read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct explain_fixture fixture;

		explain_fixture_init(&fixture, "app;main 990\n", NULL);
		fixture.profile->losses = cases[i].losses;
		explain_fixture_run(&fixture);
		assert_string_equal(explain_fixture_criterion(&fixture, "nothing lost")->detail,
				    cases[i].detail);
		assert_int_equal(explain_fixture_criterion(&fixture, "nothing lost")->verdict,
				 cases[i].verdict);
		explain_fixture_deinit(&fixture);
	}
}

/** Ten seconds on two CPUs, of which the program had one. */
static void test_machine(void **state)
{
	static const struct {
		uint64_t machine_busy_s;
		enum criterion_verdict verdict;
		const char *detail; /* NULL: not a word. */
	} cases[] = {
		{ 0, CRITERION_MET, NULL }, /* not known */
		{ 10, CRITERION_MET, NULL },
		{ 11, CRITERION_MET, "other programs kept 0.10 of 2 CPUs busy" },
		{ 17, CRITERION_MET, "other programs kept 0.70 of 2 CPUs busy" },
		{ 19, CRITERION_WARNING, "other programs kept 0.90 of 2 CPUs busy" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct criterion *criterion;
		struct explain_fixture fixture;

		explain_fixture_init(&fixture, "app;main 990\n", NULL);
		fixture.profile->info.n_cpus = 2;
		fixture.profile->info.wall_ns = 10 * NS_PER_S;
		fixture.profile->info.user_cpu_ns = 10 * NS_PER_S;
		fixture.profile->info.machine_busy_ns = cases[i].machine_busy_s * NS_PER_S;
		explain_fixture_run(&fixture);
		criterion = explain_fixture_criterion(&fixture, "quiet machine");
		assert_int_equal(criterion != NULL, cases[i].detail != NULL);
		if (criterion) {
			assert_string_equal(criterion->detail, cases[i].detail);
			assert_int_equal(criterion->verdict, cases[i].verdict);
		}
		explain_fixture_deinit(&fixture);
	}
}

/** Without samples nothing else can be said to be good. */
static void test_no_samples(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "", NULL);
	explain_fixture_run(&fixture);
	assert_null(explain_fixture_criterion(&fixture, "complete stacks"));
	assert_null(explain_fixture_criterion(&fixture, "symbols resolved"));
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_samples_by_period),
		cmocka_unit_test(test_samples_of_what_runs_anyway),
		cmocka_unit_test(test_complete_stacks),
		cmocka_unit_test(test_largest_copy_is_not_asked_for_again),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_hint_of_the_library),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_no_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
