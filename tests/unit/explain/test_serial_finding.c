#include "base/clock.h"

#include "explain_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Two threads of process 1 with 500 samples each, a millisecond apart. */
static void add_threads(struct explain_fixture *fixture, bool is_at_once)
{
	struct profile *profile = fixture->profile;
	uint32_t stack = profile->samples.items[0].stack;

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t tid = i % 2 + 10;
		uint32_t thread = profile_intern_thread(profile, 1, tid, "worker", "app");
		uint32_t sample =
			profile_add_sample(profile, thread, 0, stack, STACK_END_ROOT, 1, NS_PER_MS);
		uint64_t time_ns = is_at_once ? i / 2 : i;

		profile_add_tick(profile, sample, NS_PER_S + time_ns * NS_PER_MS, i % 2, NS_PER_MS);
	}
	profile->info.n_cpus = 2;
	profile->info.wall_ns = (is_at_once ? 500 : 1000) * NS_PER_MS;
	profile->info.user_cpu_ns = NS_PER_S;
}

static void test_threads_that_take_turns_are_serial(void **state)
{
	struct explain_fixture fixture;
	const struct finding *finding;

	explain_fixture_init(&fixture, "app;main;work 1\n", "");
	add_threads(&fixture, false);
	explain_fixture_run(&fixture);
	finding = explain_fixture_finding(&fixture, "serial");
	assert_non_null(finding);
	assert_true(finding->share > 0.95);
	assert_string_equal(profile_text(fixture.profile, finding->functions[0].name), "work");
	explain_fixture_deinit(&fixture);
}

static void test_threads_that_run_at_once_are_not(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;work 1\n", "");
	add_threads(&fixture, true);
	explain_fixture_run(&fixture);
	assert_null(explain_fixture_finding(&fixture, "serial"));
	explain_fixture_deinit(&fixture);
}

static void test_on_one_cpu_nothing_can_be_parallel(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;work 1\n", "");
	add_threads(&fixture, false);
	fixture.profile->info.n_cpus = 1;
	explain_fixture_run(&fixture);
	assert_null(explain_fixture_finding(&fixture, "serial"));
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_that_take_turns_are_serial),
		cmocka_unit_test(test_threads_that_run_at_once_are_not),
		cmocka_unit_test(test_on_one_cpu_nothing_can_be_parallel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
