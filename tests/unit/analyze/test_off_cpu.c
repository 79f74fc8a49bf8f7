#include "analyze/off_cpu.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define PID 1

/* A profile with one off-CPU event, and what makes its samples. */
struct fixture {
	struct profile *profile;
	struct off_cpu *off_cpu;
	uint32_t event;
};

static uint32_t thread_of(void *context, uint32_t pid, uint32_t tid)
{
	return profile_intern_thread(context, pid, tid, "app", "app");
}

static struct fixture make(uint64_t least_ns)
{
	struct fixture fixture = { .profile = profile_create() };
	struct off_cpu_options options = {
		.thread_of = thread_of,
		.context = fixture.profile,
		.least_ns = least_ns,
		.keeps_ticks = true,
		.keeps_samples = true,
	};

	fixture.event = profile_add_event(fixture.profile, OFF_CPU_EVENT_NAME, "ns");
	fixture.profile->events.items[fixture.event].measure = PROFILE_OFF_CPU;
	options.event = fixture.event;
	fixture.off_cpu = off_cpu_create(fixture.profile, &options);
	off_cpu_begin(fixture.off_cpu, 1);
	return fixture;
}

static void destroy(struct fixture *fixture)
{
	off_cpu_destroy(fixture->off_cpu);
	profile_destroy(fixture->profile);
}

/** A stack of one function. */
static uint32_t stack_of(struct profile *profile, const char *function, bool is_kernel)
{
	uint32_t object = profile_intern_object(profile, "/bin/app", NULL);
	const struct profile_frame frame = {
		.name = profile_intern_text(profile, function),
		.object = object,
		.flags = is_kernel ? FRAME_IS_KERNEL : 0,
	};
	uint32_t id = profile_intern_frame(profile, &frame);
	uint32_t location = profile_intern_location(profile, object, frame.name, frame.name,
						    is_kernel ? LOCATION_KERNEL : LOCATION_USER, 0);

	profile_set_location_frames(profile, location, &id, 1, 0);
	return profile_intern_stack(profile, 0, location);
}

static void apply_switch(struct fixture *fixture, uint32_t tid, uint64_t time_ns, bool is_out,
			 bool is_preempted)
{
	const struct record record = {
		.type = PERF_RECORD_SWITCH,
		.pid = PID,
		.tid = tid,
		.time_ns = time_ns,
		.context_switch = { .is_out = is_out, .is_preempted = is_preempted },
	};

	off_cpu_apply(fixture->off_cpu, &record);
}

/** Leave at @p time_ns, in @p function if it is known, for @p duration_ns. */
static void wait(struct fixture *fixture, uint64_t time_ns, uint64_t duration_ns,
		 const char *function, bool is_preempted)
{
	static const struct address_vector no_callchain;
	const struct off_cpu_place place = {
		.pid = PID,
		.tid = PID,
		.time_ns = time_ns,
		.thread = thread_of(fixture->profile, PID, PID),
		.stack = function ? stack_of(fixture->profile, function, true) : 0,
		.end = STACK_END_ROOT,
		.callchain = &no_callchain,
	};

	if (function)
		off_cpu_set_place(fixture->off_cpu, &place);
	apply_switch(fixture, PID, time_ns, true, is_preempted);
	apply_switch(fixture, PID, time_ns + duration_ns, false, false);
}

static void finish(struct fixture *fixture, uint64_t time_ns)
{
	off_cpu_end(fixture->off_cpu, time_ns);
	off_cpu_finish(fixture->off_cpu);
	off_cpu_name_reasons(fixture->profile, fixture->event);
}

/** Time of the samples whose innermost frame has this name. */
static uint64_t time_at(const struct fixture *fixture, const char *reason)
{
	const struct profile *profile = fixture->profile;
	uint64_t period_ns = 0;

	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		uint32_t location = profile->stacks.items[sample->stack].location;
		const struct profile_frame *frame = profile_location_frame(profile, location, 0);

		if (sample->stack && strcmp(profile_text(profile, frame->name), reason) == 0)
			period_ns += sample->period;
	}
	return period_ns;
}

static void test_waits_get_their_reason(void **state)
{
	struct fixture fixture = make(0);

	wait(&fixture, 1000, 500, "futex_wait", false);
	wait(&fixture, 2000, 300, "futex_wait", true); /* preempted on its way */
	wait(&fixture, 3000, 50, "do_nanosleep", false);
	finish(&fixture, 4000);
	assert_int_equal(time_at(&fixture, "[waiting: lock]"), 500);
	assert_int_equal(time_at(&fixture, "[waiting: cpu]"), 300);
	assert_int_equal(time_at(&fixture, "[waiting: sleep]"), 50);
	assert_int_equal(fixture.profile->samples.count, 3);
	assert_int_equal(fixture.profile->schedule.n_waits, 3);
	assert_int_equal(fixture.profile->schedule.n_with_stack, 3);
	destroy(&fixture);
}

static void test_waits_without_a_stack_go_to_those_like_them(void **state)
{
	struct fixture fixture = make(0);
	uint64_t now_ns = 1000;
	uint64_t total_ns = 0;

	/* Short ones in a lock, long ones on the disk; of each only a tenth has a stack. */
	for (unsigned int i = 0; i < 200; i++) {
		bool is_long = i % 2;
		uint64_t duration_ns = is_long ? 50000 : 1000;

		wait(&fixture, now_ns, duration_ns,
		     i % 20 < 2 ? (is_long ? "io_schedule" : "futex_wait") : NULL, false);
		now_ns += duration_ns + 100;
		total_ns += duration_ns;
	}
	finish(&fixture, now_ns);
	assert_int_equal(time_at(&fixture, "[waiting: lock]"), 100 * 1000);
	assert_int_equal(time_at(&fixture, "[waiting: disk]"), 100 * 50000);
	assert_int_equal(fixture.profile->schedule.waits_ns, total_ns);
	assert_int_equal(fixture.profile->schedule.n_with_stack, 20);
	assert_int_equal(fixture.profile->schedule.n_without_stack, 0);
	destroy(&fixture);
}

static void test_waits_like_no_other_say_so(void **state)
{
	struct fixture fixture = make(0);

	wait(&fixture, 1000, 10, "futex_wait", false);
	wait(&fixture, 2000, NS_PER_S, NULL, false);
	wait(&fixture, 3 * NS_PER_S, NS_PER_MS, NULL, true);
	finish(&fixture, 4 * NS_PER_S);
	assert_int_equal(time_at(&fixture, "[waiting: no stack]"), NS_PER_S);
	assert_int_equal(time_at(&fixture, "[waiting: cpu]"), NS_PER_MS);
	assert_int_equal(fixture.profile->schedule.n_without_stack, 2);
	destroy(&fixture);
}

static void test_short_waits_are_counted_only(void **state)
{
	struct fixture fixture = make(1000);

	wait(&fixture, 10000, 999, "futex_wait", false);
	wait(&fixture, 20000, 1000, "futex_wait", false);
	finish(&fixture, 30000);
	assert_int_equal(time_at(&fixture, "[waiting: lock]"), 1000);
	assert_int_equal(fixture.profile->schedule.n_short, 1);
	assert_int_equal(fixture.profile->schedule.short_ns, 999);
	destroy(&fixture);
}

static void test_what_is_stored_is_what_was_counted(void **state)
{
	struct fixture fixture = make(0);
	const struct off_cpu_sample_vector *samples;
	uint64_t period_ns = 0, count = 0, last_ns = 0;

	for (unsigned int i = 0; i < 50; i++)
		wait(&fixture, 1000 + i * 200, 100, i % 5 ? NULL : "pipe_read", false);
	finish(&fixture, NS_PER_S);
	samples = off_cpu_samples(fixture.off_cpu);
	for (size_t i = 0; i < samples->count; i++) {
		assert_true(samples->items[i].time_ns >= last_ns);
		last_ns = samples->items[i].time_ns;
		period_ns += samples->items[i].period_ns;
		count += samples->items[i].count;
	}
	assert_int_equal(period_ns, 50 * 100);
	assert_int_equal(count, 50);
	off_cpu_samples_clear(fixture.off_cpu);
	assert_int_equal(off_cpu_samples(fixture.off_cpu)->count, 0);
	destroy(&fixture);
}

static void test_waits_of_a_pause_are_like_those_before(void **state)
{
	struct fixture fixture = make(0);
	const struct profile_schedule *schedule = &fixture.profile->schedule;

	wait(&fixture, 1000, 300, "futex_wait", false);
	wait(&fixture, 1500, 100, "do_nanosleep", false);
	off_cpu_pause(fixture.off_cpu, 2001);
	off_cpu_resume(fixture.off_cpu, 8001);
	finish(&fixture, 8001);
	assert_int_equal(time_at(&fixture, "[waiting: lock]"), 300 + 900);
	assert_int_equal(time_at(&fixture, "[waiting: sleep]"), 100 + 300);
	assert_int_equal(schedule->n_waits, 2 + 6);
	assert_int_equal(schedule->n_estimated, 6);
	assert_int_equal(schedule->estimated_ns, 1200);
	assert_int_equal(schedule->waits_ns, 1600);
	destroy(&fixture);
}

static void test_a_recording_may_end_in_a_pause(void **state)
{
	struct fixture fixture = make(0);

	wait(&fixture, 1001, 500, "futex_wait", false);
	off_cpu_pause(fixture.off_cpu, 2001);
	finish(&fixture, 4001);
	assert_int_equal(time_at(&fixture, "[waiting: lock]"), 1000);
	destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_get_their_reason),
		cmocka_unit_test(test_waits_without_a_stack_go_to_those_like_them),
		cmocka_unit_test(test_waits_like_no_other_say_so),
		cmocka_unit_test(test_short_waits_are_counted_only),
		cmocka_unit_test(test_what_is_stored_is_what_was_counted),
		cmocka_unit_test(test_waits_of_a_pause_are_like_those_before),
		cmocka_unit_test(test_a_recording_may_end_in_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
