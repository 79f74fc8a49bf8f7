#include "profile/waits.h"

#include "base/clock.h"
#include "profile/activity_text.h"

#include "profile_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

/** Ten CPU samples, and two waits in a second event. */
static struct profile *make_profile(void)
{
	static const struct profile_builder_frame lock[] = {
		{ .name = "main" },
		{ .name = "work" },
		{ .name = "futex_wait", .flags = FRAME_IS_KERNEL },
		{ .name = "[waiting: lock]", .object = "[waiting]", .flags = FRAME_IS_WAIT },
	};
	static const struct profile_builder_frame disk[] = {
		{ .name = "main" },
		{ .name = "io_schedule", .flags = FRAME_IS_KERNEL },
		{ .name = "[waiting: disk]", .object = "[waiting]", .flags = FRAME_IS_WAIT },
	};
	struct profile_builder builder;
	struct profile *profile;
	uint32_t thread, event;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, "app-1/1;main;work 10\n");
	profile = builder.profile;
	event = profile_add_event(profile, "offcpu-time", "ns");
	profile->events.items[event].measure = PROFILE_OFF_CPU;
	thread = profile_intern_thread(profile, 1, 2, "helper", "app");
	profile_add_tick(profile,
			 profile_add_sample(profile, thread, event,
					    profile_builder_stack(&builder, lock, 4),
					    STACK_END_ROOT, 3, 30 * NS_PER_MS),
			 2 * NS_PER_S, 0, 30 * NS_PER_MS);
	profile_add_sample(profile, 0, event, profile_builder_stack(&builder, disk, 3),
			   STACK_END_ROOT, 1, 10 * NS_PER_MS);
	return profile;
}

static void test_by_reason_thread_and_place(void **state)
{
	struct profile *profile = make_profile();
	char name[WAIT_NAME_SIZE_BYTES];
	struct index_vector frames = { 0 };
	struct waits waits;

	waits_init(&waits, profile, profile_find_measure(profile, PROFILE_OFF_CPU));
	assert_int_equal(waits.count, 4);
	assert_int_equal(waits.period_ns, 40 * NS_PER_MS);
	assert_int_equal(waits.by_reason.count, 2);
	wait_name(profile, waits.by_reason.items[0].reason, name);
	assert_string_equal(name, "lock");
	assert_int_equal(waits.by_reason.items[0].count, 3);
	assert_string_equal(profile_text(profile, waits.by_thread.items[0].comm), "helper");
	/* Where the program called, not where the kernel waited. */
	profile_expand_stack(profile, waits.by_place.items[0].stack, &frames);
	assert_int_equal(frames.count, 2);
	assert_string_equal(profile_text(profile, profile->frames.items[frames.items[1]].name),
			    "work");
	index_vector_deinit(&frames);
	waits_deinit(&waits);
	profile_destroy(profile);
}

static void test_no_event_no_waits(void **state)
{
	struct profile *profile = profile_build("app;main 5\n");
	struct waits waits;

	waits_init(&waits, profile, profile_find_measure(profile, PROFILE_OFF_CPU));
	assert_int_equal(waits.count, 0);
	waits_deinit(&waits);
	profile_destroy(profile);
}

static void test_waits_weigh_by_time(void **state)
{
	struct profile *profile = make_profile();

	assert_int_equal(profile_sample_weight(profile, &profile->samples.items[0]), 10);
	assert_int_equal(profile_sample_weight(profile, &profile->samples.items[1]), 30000);
	profile_destroy(profile);
}

static void test_the_sum_of_both(void **state)
{
	struct profile *profile = make_profile();
	uint64_t period = 0, n_ticks = 0, last_ns = 0;
	uint32_t wall = profile_add_sum(profile, WALL_EVENT_NAME, PROFILE_WALL, 0, 1);

	for (size_t i = 0; i < profile->samples.count; i++)
		period += profile->samples.items[i].event == wall ? profile->samples.items[i].period
								  : 0;
	assert_int_equal(period, 50 * NS_PER_MS);
	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];

		assert_true(tick->time_ns >= last_ns);
		last_ns = tick->time_ns;
		n_ticks += profile->samples.items[tick->sample].event == wall;
	}
	assert_int_equal(n_ticks, 11);
	assert_int_equal(profile->ticks.count, 22);
	profile_destroy(profile);
}

static void test_what_was_sampled_is_said(void **state)
{
	struct profile *profile = make_profile();
	struct waits waits;
	char *text;

	profile->schedule.n_waits = 5;
	profile->schedule.waits_ns = 41 * NS_PER_MS;
	profile->schedule.n_with_stack = 1;
	profile->schedule.with_stack_ns = 20 * NS_PER_MS;
	profile->schedule.n_short = 1;
	profile->schedule.short_ns = NS_PER_MS;
	profile->schedule.least_ns = 2 * NS_PER_MS;
	waits_init(&waits, profile, 1);
	text = waits_describe(&waits, profile);
	assert_non_null(strstr(text, "off the CPU for 40.0 ms, in 4 waits"));
	assert_non_null(strstr(text, "1 shorter than 2.0 ms left out (1.0 ms)"));
	assert_non_null(strstr(text, "stacks of 25.0 % of them (50.0 % of the time) were taken"));
	free(text);
	waits_deinit(&waits);
	profile_destroy(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_reason_thread_and_place),
		cmocka_unit_test(test_no_event_no_waits),
		cmocka_unit_test(test_waits_weigh_by_time),
		cmocka_unit_test(test_the_sum_of_both),
		cmocka_unit_test(test_what_was_sampled_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
