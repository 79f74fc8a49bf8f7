#include "explain_fixture.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static void set_text(char **field, const char *text)
{
	free(*field);
	*field = memory_duplicate_text(text);
}

/** 5 s on one of two CPUs. */
static void make_cpu_bound(struct explain_fixture *fixture)
{
	struct profile_info *info = &fixture->profile->info;

	set_text(&info->command, "./app 'a b'");
	set_text(&info->program, "app");
	set_text(&info->kernel_release, "6.1.0");
	set_text(&info->architecture, "x86_64");
	set_text(&info->cpu_model, "Some CPU");
	set_text(&info->hostname, "host");
	set_text(&info->tool_version, "1.2.3");
	info->n_cpus = 2;
	info->start_realtime_ns = UINT64_C(1700000000) * NS_PER_S;
	info->wall_ns = 5 * NS_PER_S;
	info->user_cpu_ns = 5 * NS_PER_S;
	info->has_kernel_samples = true;
}

/** Against values of the binomial distribution worked out by hand. */
static void test_sampling_error(void **state)
{
	assert_true(fabs(explanation_sampling_error(0.5, 1000) - 0.030930) < 1e-4);
	assert_true(fabs(explanation_sampling_error(0.1, 1000) - 0.018613) < 1e-4);
	assert_true(explanation_sampling_error(0, 1000) > 0.001);
	assert_true(explanation_sampling_error(1, 1000) < 0.003);
	assert_true(explanation_sampling_error(0.5, 100000) < 0.0032);
	assert_true(explanation_sampling_error(0.5, 0) == 1);
}

static void test_quality_line(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct explain_fixture fixture;
	size_t size;
	FILE *file;

	explain_fixture_init(&fixture, "app;main 1700\napp;[unknown]@/x 2 copy-ended\n", NULL);
	fixture.profile->losses.lost_records = 3;
	explain_fixture_run(&fixture);
	file = open_memstream(&text, &size);
	explanation_write_quality_line(fixture.explanation, file);
	fclose(file);
	assert_string_equal(text, "1,702 samples, 99.9 % complete stacks, 99.9 % named, 3 lost");
	explain_fixture_deinit(&fixture);
}

static void test_kernel_share(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;read;vfs_read_[k] 30\napp;main 70\n", NULL);
	explain_fixture_run(&fixture);
	assert_true(fabs(fixture.explanation->kernel_share - 0.3) < 1e-9);
	explain_fixture_deinit(&fixture);
}

static void test_unresolved_libraries(void **state)
{
	const struct unnamed_object *library;
	struct explain_fixture fixture;

	explain_fixture_init(&fixture,
			     "app;[unknown]@/a.so 10\napp;[unknown]@/b.so 20\n"
			     "app;[unknown]@/c.so;work 5\napp;main 65\n",
			     NULL);
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->unresolved.count, 2);
	library = &fixture.explanation->unresolved.items[0];
	assert_int_equal(library->count, 20);
	assert_true(fabs(library->share - 0.2) < 1e-9);
	assert_string_equal(
		profile_text(fixture.profile, fixture.profile->objects.items[library->object].path),
		"/b.so");
	explain_fixture_deinit(&fixture);
}

static void test_next_commands(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 5000\n", NULL);
	make_cpu_bound(&fixture);
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->next_commands.count, 1);
	assert_string_equal(fixture.explanation->next_commands.items[0],
			    "perf-profile -F 4999 -- ./app 'a b'  # finer: functions of a few "
			    "milliseconds get enough samples");

	fixture.profile->info.target = memory_duplicate_text("-a");
	explain_fixture_run(&fixture);
	assert_text_has(fixture.explanation->next_commands.items[0], "perf-profile -F 4999 -a  #");
	free(fixture.profile->info.target);
	fixture.profile->info.target = NULL;

	/* Already fine; but the kernel side is missing. */
	fixture.profile->events.items[0].frequency_hz = 4999;
	fixture.profile->info.has_kernel_samples = false;
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->next_commands.count, 1);
	assert_string_equal(fixture.explanation->next_commands.items[0],
			    "sudo perf-profile -- ./app 'a b'  # with the kernel side, which was "
			    "not recorded");
	explain_fixture_deinit(&fixture);
}

static void test_next_commands_of_a_bad_profile(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main 80\napp;[unknown]@/x 15 no-rule\n", NULL);
	make_cpu_bound(&fixture);
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->kind, PROGRAM_TOO_SHORT);
	assert_int_equal(fixture.explanation->next_commands.count, 2);
	assert_text_has(fixture.explanation->next_commands.items[0], "-F max");
	assert_text_has(fixture.explanation->next_commands.items[1], "perf-profile check ./app  #");
	explain_fixture_deinit(&fixture);
}

/** Locks decide the kind through the rule of that name, also below its own threshold. */
static void test_kind_from_rules(void **state)
{
	struct explain_fixture fixture;

	explain_fixture_init(&fixture, "app;main;pthread_mutex_lock 30\napp;main 70\n", NULL);
	make_cpu_bound(&fixture);
	fixture.profile->info.user_cpu_ns = NS_PER_S;
	fixture.profile->info.voluntary_switches = 10000;
	explain_fixture_run(&fixture);
	assert_int_equal(fixture.explanation->kind, PROGRAM_LOCK_BOUND);
	explain_fixture_deinit(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sampling_error),
		cmocka_unit_test(test_quality_line),
		cmocka_unit_test(test_kernel_share),
		cmocka_unit_test(test_unresolved_libraries),
		cmocka_unit_test(test_next_commands),
		cmocka_unit_test(test_next_commands_of_a_bad_profile),
		cmocka_unit_test(test_kind_from_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
