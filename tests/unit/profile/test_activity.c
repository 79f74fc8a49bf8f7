#include "profile/activity.h"

#include "base/clock.h"
#include "profile/activity_text.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

/** A profile in which two workers share one second, one of them three quarters of it. */
static struct profile *make_pool(void)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "worker-0-1/10;main;spin 750\n"
				      "worker-1-1/11;main;spin 250\n");
	/* Threads of one process. */
	builder.profile->threads.items[1].process_comm =
		builder.profile->threads.items[0].process_comm;
	builder.profile->info.n_cpus = 2;
	return builder.profile;
}

static void test_pools_and_how_even_they_are(void **state)
{
	struct profile *profile = make_pool();
	struct activity activity;

	activity_init(&activity, profile, 0);
	assert_int_equal(activity.threads.count, 2);
	assert_int_equal(activity.threads.items[0].tid, 10);
	assert_int_equal(activity.threads.items[0].cpu_ns, 750 * NS_PER_MS);
	assert_int_equal(activity.cpu_ns, 1000 * NS_PER_MS);
	assert_int_equal(activity.groups.count, 1);
	assert_string_equal(activity.groups.items[0].name, "worker-#");
	assert_int_equal(activity.groups.items[0].n_threads, 2);
	assert_int_equal(activity.groups.items[0].cpu_most_ns, 750 * NS_PER_MS);
	/* 1.5 times its even part is just not uneven. */
	assert_false(activity_group_is_uneven(&activity.groups.items[0]));
	activity.groups.items[0].cpu_most_ns++;
	assert_true(activity_group_is_uneven(&activity.groups.items[0]));
	activity_deinit(&activity);
	profile_destroy(profile);
}

static void test_one_cpu_was_busy(void **state)
{
	struct profile *profile = make_pool();
	struct activity activity;
	uint64_t total_ns = 0, slots_ns = 0;

	activity_init(&activity, profile, 0);
	assert_false(activity.is_exact);
	assert_true(activity.has_times);
	assert_int_equal(activity.concurrency_ns.count, 2);
	for (size_t i = 0; i < activity.concurrency_ns.count; i++)
		total_ns += activity.concurrency_ns.items[i];
	assert_int_equal(activity.concurrency_ns.items[0], 0);
	assert_in_range(total_ns, 980 * NS_PER_MS, 1000 * NS_PER_MS);
	assert_true(activity.alone_ns >= 980 * NS_PER_MS);
	for (size_t i = 0; i < ACTIVITY_SLOTS; i++)
		slots_ns += activity.slots_ns[i];
	assert_int_equal(slots_ns, activity.cpu_ns);
	activity_deinit(&activity);
	profile_destroy(profile);
}

static void test_a_sample_that_stands_for_years(void **state)
{
	struct profile *profile = make_pool();
	struct activity activity;

	profile->ticks.items[profile->ticks.count / 2].period = UINT64_C(1) << 60;
	activity_init(&activity, profile, 0);
	/* As many as there can be, and none. */
	assert_int_equal(activity.concurrency_ns.count, 8192 + 1);
	activity_deinit(&activity);
	profile_destroy(profile);
}

static void test_switches_are_believed_more_than_samples(void **state)
{
	struct profile *profile = make_pool();
	const struct profile_thread_time exact = {
		.pid = 1, .tid = 11, .running_ns = 5 * NS_PER_S, .off_cpu_ns = NS_PER_S
	};
	struct activity activity;

	profile->schedule.watched_ns = 6 * NS_PER_S;
	profile_thread_time_vector_append(&profile->schedule.threads, exact);
	address_vector_append(&profile->schedule.concurrency_ns, NS_PER_S);
	address_vector_append(&profile->schedule.concurrency_ns, 5 * NS_PER_S);
	activity_init(&activity, profile, 0);
	assert_true(activity.is_exact);
	assert_int_equal(activity.threads.items[0].tid, 11);
	assert_int_equal(activity.threads.items[0].cpu_ns, 5 * NS_PER_S);
	assert_int_equal(activity.threads.items[0].off_cpu_ns, NS_PER_S);
	assert_int_equal(activity.concurrency_ns.items[1], 5 * NS_PER_S);
	activity_deinit(&activity);
	profile_destroy(profile);
}

static void test_without_times_there_is_no_timeline(void **state)
{
	struct profile *profile = profile_build("app-1/1;main 5\n");
	struct activity activity;

	activity_init(&activity, profile, 0);
	assert_false(activity.has_times);
	assert_null(activity.is_alone);
	assert_int_equal(activity.cpu_ns, 5 * NS_PER_MS);
	activity_deinit(&activity);
	profile_destroy(profile);
}

static void test_as_text(void **state)
{
	struct profile *profile = make_pool();
	struct activity activity;
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);

	activity_init(&activity, profile, 0);
	activity_write(&activity, profile, "# ", file);
	fclose(file);
	assert_non_null(strstr(text, "#     1.00 s  100.0 %           -        2  worker-#\n"));
	assert_non_null(strstr(text, "\n#      1  100.0 %  ######"));
	assert_non_null(strstr(text, "| worker-0 (10)\n"));
	assert_null(strstr(text, " \n"));
	free(text);
	activity_deinit(&activity);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pools_and_how_even_they_are),
		cmocka_unit_test(test_one_cpu_was_busy),
		cmocka_unit_test(test_a_sample_that_stands_for_years),
		cmocka_unit_test(test_switches_are_believed_more_than_samples),
		cmocka_unit_test(test_without_times_there_is_no_timeline),
		cmocka_unit_test(test_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
