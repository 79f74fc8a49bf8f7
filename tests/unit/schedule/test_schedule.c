#include "schedule/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define STRETCHES_MAX 16

/* What was told, in order. */
struct told {
	struct off_cpu_stretch stretches[STRETCHES_MAX];
	size_t n_stretches;
};

static void note(void *context, const struct off_cpu_stretch *stretch)
{
	struct told *told = context;

	assert_true(told->n_stretches < STRETCHES_MAX);
	told->stretches[told->n_stretches++] = *stretch;
}

static void apply_switch(struct schedule *schedule, uint32_t tid, uint64_t time_ns, bool is_out,
			 bool is_preempted)
{
	const struct record record = {
		.type = PERF_RECORD_SWITCH,
		.pid = 1,
		.tid = tid,
		.time_ns = time_ns,
		.cpu = 3,
		.context_switch = { .is_out = is_out, .is_preempted = is_preempted },
	};

	schedule_apply(schedule, &record);
}

static void apply_task(struct schedule *schedule, uint32_t type, uint32_t tid, uint64_t time_ns)
{
	const struct record record = {
		.type = type, .pid = 1, .tid = tid, .time_ns = time_ns, .comm = { .is_exec = true }
	};

	schedule_apply(schedule, &record);
}

static void test_a_wait_lasts_from_leaving_to_coming_back(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);
	const struct schedule_figures *figures;

	schedule_begin(schedule, 100);
	apply_task(schedule, PERF_RECORD_COMM, 1, 100);
	schedule_set_stack(schedule, 1, 1, 149, 7);
	apply_switch(schedule, 1, 150, true, false);
	apply_switch(schedule, 1, 450, false, false);
	apply_switch(schedule, 1, 500, true, true);
	apply_switch(schedule, 1, 510, false, false);
	apply_task(schedule, PERF_RECORD_EXIT, 1, 600);
	/* An ended thread leaves its CPU once more; nobody waits there. */
	apply_switch(schedule, 1, 601, true, false);
	schedule_end(schedule, 1000);

	assert_int_equal(told.n_stretches, 2);
	assert_int_equal(told.stretches[0].start_ns, 150);
	assert_int_equal(told.stretches[0].end_ns, 450);
	assert_int_equal(told.stretches[0].stack, 7);
	assert_false(told.stretches[0].is_preempted);
	assert_int_equal(told.stretches[1].end_ns - told.stretches[1].start_ns, 10);
	assert_int_equal(told.stretches[1].stack, SCHEDULE_NO_STACK);
	assert_true(told.stretches[1].is_preempted);
	figures = schedule_figures(schedule);
	assert_int_equal(figures->watched_ns, 900);
	assert_int_equal(figures->n_switches, 2);
	assert_int_equal(figures->threads.count, 1);
	assert_int_equal(figures->threads.items[0].running_ns, 50 + 50 + 90);
	assert_int_equal(figures->threads.items[0].off_cpu_ns, 310);
	assert_int_equal(figures->threads.items[0].n_preempted, 1);
	schedule_destroy(schedule);
}

static void test_a_new_thread_waits_for_its_first_turn(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);

	schedule_begin(schedule, 0);
	apply_task(schedule, PERF_RECORD_FORK, 2, 100);
	apply_switch(schedule, 2, 130, false, false);
	schedule_end(schedule, 200);
	assert_int_equal(told.n_stretches, 1);
	assert_true(told.stretches[0].is_new);
	assert_int_equal(told.stretches[0].end_ns - told.stretches[0].start_ns, 30);
	schedule_destroy(schedule);
}

static void test_waits_across_the_ends_of_the_recording_count(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);

	schedule_begin(schedule, 1000);
	/* Asleep before, woken by us watching. */
	apply_switch(schedule, 5, 1400, false, false);
	/* Asleep all the time: /proc says so. */
	apply_task(schedule, PERF_RECORD_COMM, 6, 0);
	schedule_note_asleep(schedule, 1, 6);
	/* Not asleep at the end of it. */
	apply_switch(schedule, 5, 1500, true, false);
	schedule_end(schedule, 2000);
	assert_int_equal(told.n_stretches, 3);
	assert_int_equal(told.stretches[0].start_ns, 1000);
	assert_int_equal(told.stretches[0].end_ns, 1400);
	assert_false(told.stretches[0].is_unfinished);
	assert_int_equal(told.stretches[1].tid, 5);
	assert_int_equal(told.stretches[1].end_ns - told.stretches[1].start_ns, 500);
	assert_true(told.stretches[1].is_unfinished);
	assert_int_equal(told.stretches[2].tid, 6);
	assert_int_equal(told.stretches[2].end_ns - told.stretches[2].start_ns, 1000);
	schedule_destroy(schedule);
}

static void test_of_whole_cpus_only_who_was_seen_counts(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, true, 0);

	schedule_begin(schedule, 1000);
	apply_switch(schedule, 0, 1100, true, false); /* the idle task */
	apply_switch(schedule, 0, 1200, false, false);
	apply_switch(schedule, 5, 1400, false, false);
	apply_task(schedule, PERF_RECORD_COMM, 6, 0);
	schedule_end(schedule, 2000);
	assert_int_equal(told.n_stretches, 0);
	assert_int_equal(schedule_figures(schedule)->n_switches, 0);
	schedule_destroy(schedule);
}

static void test_lost_records_make_no_time_up(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);

	schedule_begin(schedule, 0);
	apply_switch(schedule, 1, 10, false, false);
	schedule_set_stack(schedule, 1, 1, 20, 3);
	apply_switch(schedule, 1, 20, true, false);
	/* The return is lost; the next leaving has no stack. */
	apply_switch(schedule, 1, 60, true, false);
	apply_switch(schedule, 1, 70, false, false);
	schedule_end(schedule, 100);
	assert_int_equal(told.n_stretches, 2);
	assert_int_equal(told.stretches[1].start_ns, 60);
	assert_int_equal(told.stretches[1].stack, SCHEDULE_NO_STACK);
	schedule_destroy(schedule);
}

static void test_a_stack_seen_later_belongs_to_where_it_was_seen(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);

	schedule_begin(schedule, 0);
	apply_switch(schedule, 1, 10, true, false);
	schedule_set_stack(schedule, 1, 1, 500, 9); /* looked up; records come later */
	apply_switch(schedule, 1, 100, false, false);
	apply_switch(schedule, 1, 110, true, false);
	apply_switch(schedule, 1, 900, false, false);
	schedule_end(schedule, 1000);
	assert_int_equal(told.n_stretches, 2);
	assert_int_equal(told.stretches[0].stack, SCHEDULE_NO_STACK);
	assert_int_equal(told.stretches[1].stack, 9);
	schedule_destroy(schedule);
}

static void test_sleepers_are_listed_once(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);
	struct sleeping_thread_vector sleepers = { 0 };

	schedule_begin(schedule, 0);
	apply_switch(schedule, 1, 10, true, false);
	apply_switch(schedule, 2, 10, true, true);
	schedule_set_stack(schedule, 1, 3, 10, 1);
	apply_switch(schedule, 3, 10, true, false);
	schedule_list_sleepers(schedule, 10, &sleepers);
	assert_int_equal(sleepers.count, 0);
	schedule_list_sleepers(schedule, 11, &sleepers);
	assert_int_equal(sleepers.count, 1);
	assert_int_equal(sleepers.items[0].tid, 1);
	assert_true(sleepers.items[0].is_certain);
	schedule_list_sleepers(schedule, 50, &sleepers);
	assert_int_equal(sleepers.count, 1);
	sleeping_thread_vector_deinit(&sleepers);
	schedule_destroy(schedule);
}

static void test_how_many_ran_at_once(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);
	const struct address_vector *concurrency;

	schedule_begin(schedule, 0);
	apply_switch(schedule, 1, 100, false, false);
	apply_switch(schedule, 2, 150, false, false);
	apply_switch(schedule, 1, 400, true, false);
	schedule_end(schedule, 1000);
	concurrency = &schedule_figures(schedule)->concurrency_ns;
	assert_int_equal(concurrency->count, 3);
	assert_int_equal(concurrency->items[0], 100);
	assert_int_equal(concurrency->items[1], 50 + 600);
	assert_int_equal(concurrency->items[2], 250);
	schedule_destroy(schedule);
}

static void test_what_nobody_watched_went_on_as_before(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);
	const struct schedule_figures *figures;

	schedule_begin(schedule, 0);
	apply_task(schedule, PERF_RECORD_COMM, 1, 0);
	apply_switch(schedule, 1, 100, true, false);
	apply_switch(schedule, 1, 400, false, false);
	schedule_pause(schedule, 500);
	/* Not from then on. */
	apply_switch(schedule, 1, 600, true, false);
	apply_switch(schedule, 1, 601, false, false);
	assert_true(schedule_resume(schedule, 1500) == 2.0);
	/* It had left meanwhile. */
	apply_switch(schedule, 1, 1520, false, false);
	schedule_end(schedule, 1600);

	figures = schedule_figures(schedule);
	assert_int_equal(figures->threads.items[0].running_ns, 200 + 400 + 80);
	assert_int_equal(figures->threads.items[0].off_cpu_ns, 300 + 600 + 20);
	assert_int_equal(figures->n_switches, 1 + 2);
	assert_int_equal(figures->watched_ns, 1600);
	assert_int_equal(told.n_stretches, 2);
	assert_int_equal(told.stretches[1].start_ns, 1500);
	assert_int_equal(told.stretches[1].seen_ns, 20);
	schedule_destroy(schedule);
}

static uint64_t kernel_count;

/** Asked half as long after the pause as was recorded before it. */
static bool count_of_kernel(uint32_t pid, uint32_t tid, uint64_t *count_ret, uint64_t *time_ns_ret)
{
	*count_ret = kernel_count;
	*time_ns_ret = 3000 + 500;
	return true;
}

static void ignore(void *context, const struct off_cpu_stretch *stretch)
{
}

static void test_the_kernel_counts_the_switches_of_a_pause(void **state)
{
	struct schedule *schedule = schedule_create(ignore, NULL, false, 0);

	schedule_set_counter(schedule, count_of_kernel);
	schedule_begin(schedule, 0);
	apply_task(schedule, PERF_RECORD_FORK, 1, 1);
	for (uint64_t i = 0; i < 200; i++) {
		apply_switch(schedule, 1, 1 + 5 * i, false, false);
		apply_switch(schedule, 1, 3 + 5 * i, true, false);
	}
	schedule_pause(schedule, 1000);
	/* Twice the time, but thrice the switches; and 100 since. */
	kernel_count = 200 + 600 + 100;
	assert_true(schedule_resume(schedule, 3000) == 2.0);
	assert_true(schedule_count_factor(schedule, 1, 1) == 3.0);
	assert_true(schedule_count_factor(schedule, 2, 2) == 0.0);
	schedule_end(schedule, 3000);
	assert_int_equal(schedule_figures(schedule)->n_switches, 800);
	assert_int_equal(schedule_figures(schedule)->threads.items[0].n_switches, 800);
	schedule_destroy(schedule);
}

static void test_a_long_wait_goes_on_in_a_pause(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 0);

	schedule_begin(schedule, 0);
	apply_task(schedule, PERF_RECORD_COMM, 1, 0);
	schedule_set_stack(schedule, 1, 1, 99, 7);
	apply_switch(schedule, 1, 100, true, false);
	schedule_pause(schedule, 300);
	schedule_resume(schedule, 400);
	apply_switch(schedule, 1, 450, false, false);
	schedule_end(schedule, 450);

	assert_int_equal(told.n_stretches, 2);
	assert_true(told.stretches[0].goes_on);
	assert_int_equal(told.stretches[0].seen_ns, 200);
	assert_int_equal(told.stretches[0].stack, 7);
	assert_false(told.stretches[1].goes_on);
	assert_int_equal(told.stretches[1].start_ns, 100);
	assert_int_equal(told.stretches[1].seen_ns, 50);
	assert_int_equal(told.stretches[1].stack, 7);
	schedule_destroy(schedule);
}

static void test_samples_tell_who_runs_after_a_pause(void **state)
{
	struct told told = { 0 };
	struct schedule *schedule = schedule_create(note, &told, false, 10);
	const struct schedule_figures *figures;

	schedule_begin(schedule, 0);
	for (uint32_t tid = 1; tid <= 2; tid++)
		apply_task(schedule, PERF_RECORD_COMM, tid, 1);
	schedule_pause(schedule, 1);
	schedule_note_running(schedule, 1, 1, 990);
	schedule_resume(schedule, 1000);
	schedule_end(schedule, 1100);

	figures = schedule_figures(schedule);
	assert_int_equal(figures->threads.items[0].running_ns, 100);
	assert_int_equal(figures->threads.items[1].running_ns, 0);
	assert_int_equal(figures->threads.items[1].off_cpu_ns, 100);
	schedule_destroy(schedule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wait_lasts_from_leaving_to_coming_back),
		cmocka_unit_test(test_a_new_thread_waits_for_its_first_turn),
		cmocka_unit_test(test_waits_across_the_ends_of_the_recording_count),
		cmocka_unit_test(test_of_whole_cpus_only_who_was_seen_counts),
		cmocka_unit_test(test_lost_records_make_no_time_up),
		cmocka_unit_test(test_a_stack_seen_later_belongs_to_where_it_was_seen),
		cmocka_unit_test(test_sleepers_are_listed_once),
		cmocka_unit_test(test_how_many_ran_at_once),
		cmocka_unit_test(test_what_nobody_watched_went_on_as_before),
		cmocka_unit_test(test_the_kernel_counts_the_switches_of_a_pause),
		cmocka_unit_test(test_a_long_wait_goes_on_in_a_pause),
		cmocka_unit_test(test_samples_tell_who_runs_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
