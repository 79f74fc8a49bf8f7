#include "capture/perf_events/sample_spans.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	PID = 10,
	OTHER_TID = 11,
	CALLER = 0x401234,
};

static void test_a_call_is_from_entry_to_return(void **state)
{
	struct sample_spans *spans = sample_spans_create(true, false);

	assert_false(sample_spans_are_open(spans, PID, PID));
	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	assert_true(sample_spans_are_open(spans, PID, PID));
	assert_false(sample_spans_are_open(spans, PID, OTHER_TID));
	/* Recursion: the inner return is not the end. */
	sample_spans_begin(spans, PID, PID, 0xf00, CALLER);
	sample_spans_end(spans, PID, PID, 0xf00);
	assert_true(sample_spans_are_open(spans, PID, PID));
	sample_spans_end(spans, PID, PID, 0x1000);
	assert_false(sample_spans_are_open(spans, PID, PID));
	assert_int_equal(sample_spans_count(spans), 1);
	sample_spans_destroy(spans);
}

static void test_a_call_left_by_an_exception_ends_with_the_next(void **state)
{
	struct sample_spans *spans = sample_spans_create(true, false);

	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_begin(spans, PID, PID, 0x1800, CALLER);
	sample_spans_end(spans, PID, PID, 0x1800);
	assert_false(sample_spans_are_open(spans, PID, PID));
	assert_int_equal(sample_spans_count(spans), 2);
	sample_spans_destroy(spans);
}

static void test_a_stack_shows_that_a_call_was_left(void **state)
{
	struct sample_spans *spans = sample_spans_create(true, false);
	uint64_t words[] = { 1, 2, CALLER, 4 };
	struct bytes stack = { (const uint8_t *)words, sizeof(words) };

	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_see_stack(spans, PID, 0x1000 - 16, stack);
	assert_true(sample_spans_are_open(spans, PID, PID));
	/* Too far out to be seen. */
	stack.size = 20;
	sample_spans_see_stack(spans, PID, 0x1000 - 16, stack);
	sample_spans_see_stack(spans, PID, 0x800, stack);
	assert_true(sample_spans_are_open(spans, PID, PID));
	/* As deep as it was, but another call. */
	stack.size = sizeof(words);
	words[2] = CALLER + 5;
	sample_spans_see_stack(spans, PID, 0x1000 - 16, stack);
	assert_false(sample_spans_are_open(spans, PID, PID));

	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_see_stack(spans, PID, 0x1008, stack);
	assert_false(sample_spans_are_open(spans, PID, PID));
	sample_spans_destroy(spans);
}

static void test_two_functions(void **state)
{
	struct sample_spans *spans = sample_spans_create(false, false);

	sample_spans_end(spans, PID, PID, 0x500);
	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_begin(spans, PID, PID, 0x1800, CALLER);
	/* Its stack pointer says nothing: it is another function's. */
	sample_spans_end(spans, PID, PID, 0x500);
	assert_false(sample_spans_are_open(spans, PID, PID));
	assert_int_equal(sample_spans_count(spans), 1);
	sample_spans_destroy(spans);
}

static void test_spans_of_a_process(void **state)
{
	struct sample_spans *spans = sample_spans_create(false, true);

	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_begin(spans, PID, OTHER_TID, 0x9000, CALLER);
	assert_true(sample_spans_are_open(spans, PID, 12));
	assert_false(sample_spans_are_open(spans, 99, 99));
	sample_spans_end(spans, PID, 12, 0x500);
	assert_false(sample_spans_are_open(spans, PID, PID));
	sample_spans_destroy(spans);

	/* Of calls: until the last of its threads is out. */
	spans = sample_spans_create(true, true);
	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_begin(spans, PID, OTHER_TID, 0x9000, CALLER);
	sample_spans_end(spans, PID, PID, 0x1000);
	assert_true(sample_spans_are_open(spans, PID, PID));
	sample_spans_end(spans, PID, OTHER_TID, 0x9000);
	assert_false(sample_spans_are_open(spans, PID, PID));
	sample_spans_destroy(spans);
}

static void test_threads_come_and_go(void **state)
{
	struct sample_spans *spans = sample_spans_create(true, false);
	struct record fork_record = {
		.type = PERF_RECORD_FORK,
		.task = { .pid = 20, .tid = 20, .parent_pid = PID, .parent_tid = PID },
	};
	struct record thread_record = {
		.type = PERF_RECORD_FORK,
		.task = { .pid = PID, .tid = OTHER_TID, .parent_pid = PID, .parent_tid = PID },
	};
	struct record exec = { .type = PERF_RECORD_COMM, .pid = 20, .tid = 20 };
	struct record end = { .type = PERF_RECORD_EXIT, .pid = PID, .tid = PID };

	sample_spans_begin(spans, PID, PID, 0x1000, CALLER);
	sample_spans_apply(spans, &fork_record);
	sample_spans_apply(spans, &thread_record);
	assert_true(sample_spans_are_open(spans, 20, 20));
	assert_false(sample_spans_are_open(spans, PID, OTHER_TID));
	sample_spans_apply(spans, &exec);
	assert_true(sample_spans_are_open(spans, 20, 20)); /* only a new name */
	exec.comm.is_exec = true;
	sample_spans_apply(spans, &exec);
	assert_false(sample_spans_are_open(spans, 20, 20));
	sample_spans_apply(spans, &end);
	assert_false(sample_spans_are_open(spans, PID, PID));
	sample_spans_destroy(spans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_is_from_entry_to_return),
		cmocka_unit_test(test_a_call_left_by_an_exception_ends_with_the_next),
		cmocka_unit_test(test_a_stack_shows_that_a_call_was_left),
		cmocka_unit_test(test_two_functions),
		cmocka_unit_test(test_spans_of_a_process),
		cmocka_unit_test(test_threads_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
