#include "record_builder.h"
#include "record/record_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
	struct record_layout layout;
	struct record_layout_table layouts;
	struct record_window window;
	struct record_builder builder;
	uint64_t n_left, last_left_time_ns;
	uint32_t last_left_pid;
};

static void note_leaving(void *context, const struct record *record)
{
	struct fixture *fixture = context;

	/* In the order they came. */
	assert_true(record->time_ns >= fixture->last_left_time_ns);
	fixture->n_left++;
	fixture->last_left_time_ns = record->time_ns;
	if (record->type == PERF_RECORD_COMM)
		fixture->last_left_pid = record->pid;
}

static int set_up(void **state)
{
	struct fixture *fixture = memory_allocate(1, sizeof(*fixture));

	fixture->layout = (struct record_layout){
		.sample_type =
			PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN,
		.has_sample_id_all = true,
	};
	fixture->layouts =
		(struct record_layout_table){ .layouts = &fixture->layout, .n_layouts = 1 };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	record_window_deinit(&fixture->window);
	record_builder_deinit(&fixture->builder);
	free(fixture);
	return 0;
}

static void open_window(struct fixture *fixture, uint64_t size_bytes, uint64_t span_ns)
{
	const struct record_window_limits limits = { .size_bytes = size_bytes, .span_ns = span_ns };

	record_window_init(&fixture->window, &fixture->layouts, &limits, note_leaving, fixture);
}

static size_t append_sample(struct fixture *fixture, uint64_t time_ns, uint64_t depth)
{
	static const uint64_t callchain[4096];
	const struct record values = {
		.pid = 1,
		.tid = 1,
		.time_ns = time_ns,
		.sample = { .ip = time_ns, .callchain = callchain, .n_callchain = depth },
	};
	struct bytes bytes;

	fixture->builder.bytes.count = 0;
	bytes = record_builder_sample(&fixture->builder, &fixture->layout, &values);
	record_window_append(&fixture->window, bytes);
	return bytes.size;
}

static void append_comm(struct fixture *fixture, uint64_t time_ns, uint32_t pid)
{
	const struct record values = {
		.type = PERF_RECORD_COMM,
		.pid = pid,
		.tid = pid,
		.time_ns = time_ns,
		.comm.name = "x",
	};

	fixture->builder.bytes.count = 0;
	record_window_append(&fixture->window,
			     record_builder_comm(&fixture->builder, &fixture->layout, &values));
}

/** What is there: ascending times up to @p last_ns without a gap; @return the first. */
static uint64_t check_times(const struct fixture *fixture, uint64_t last_ns, uint64_t step_ns)
{
	struct record_window_cursor cursor = { 0 };
	uint64_t first_ns = 0, expected_ns = 0, size_bytes = 0;
	struct bytes bytes;

	while ((bytes = record_window_next(&fixture->window, &cursor)).size) {
		struct record record;

		assert_null(record_decode(&fixture->layouts, bytes, "test", 0, &record));
		if (!first_ns)
			first_ns = expected_ns = record.time_ns;
		assert_int_equal(record.time_ns, expected_ns);
		expected_ns += step_ns;
		size_bytes += bytes.size;
	}
	assert_int_equal(size_bytes, fixture->window.size_bytes);
	assert_int_equal(expected_ns, last_ns + step_ns);
	return first_ns;
}

static void an_empty_window_has_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct record_window_cursor cursor = { 0 };

	open_window(fixture, 4096, 0);
	assert_int_equal(record_window_next(&fixture->window, &cursor).size, 0);
	assert_int_equal(record_window_next(&fixture->window, &cursor).size, 0);
}

static void the_last_that_fit_are_kept(void **state)
{
	struct fixture *fixture = *state;
	size_t size_bytes = 0;
	uint64_t first_ns;

	/* Some chunks and a bit. */
	open_window(fixture, 3 * RECORD_WINDOW_CHUNK_BYTES + 1000, 0);
	for (uint64_t i = 1; i <= 50000; i++)
		size_bytes = append_sample(fixture, i * 10, i % 100);
	first_ns = check_times(fixture, 500000, 10);
	assert_int_equal(fixture->n_left, first_ns / 10 - 1);
	assert_int_equal(fixture->window.n_samples_left, fixture->n_left);
	assert_int_equal(fixture->window.left_time_ns, first_ns - 10);
	assert_true(fixture->window.size_bytes <= fixture->window.limits.size_bytes);
	/* Full but for less than two records. */
	assert_true(fixture->window.size_bytes + 2 * (size_bytes + 800) >
		    fixture->window.limits.size_bytes);
}

static void the_last_of_a_time_are_kept(void **state)
{
	struct fixture *fixture = *state;

	open_window(fixture, UINT64_C(1) << 30, 1000);
	for (uint64_t i = 1; i <= 5000; i++)
		append_sample(fixture, i * 10, 5);
	assert_int_equal(check_times(fixture, 50000, 10), 49000);
	/* After a pause only what is new is young enough. */
	append_sample(fixture, 1000000, 5);
	assert_int_equal(check_times(fixture, 1000000, 10), 1000000);
}

static void what_is_told_of_processes_leaves_too(void **state)
{
	struct fixture *fixture = *state;

	open_window(fixture, UINT64_C(1) << 30, 1000);
	append_comm(fixture, 10, 77);
	append_sample(fixture, 20, 0);
	assert_int_equal(fixture->n_left, 0);
	append_sample(fixture, 5000, 0);
	assert_int_equal(fixture->n_left, 2);
	assert_int_equal(fixture->last_left_pid, 77);
	assert_int_equal(fixture->window.n_samples_left, 1);
}

static void one_record_is_always_kept(void **state)
{
	struct fixture *fixture = *state;

	open_window(fixture, 1, 0);
	append_sample(fixture, 10, 4000);
	append_sample(fixture, 20, 4000);
	assert_int_equal(check_times(fixture, 20, 10), 20);
	assert_int_equal(fixture->n_left, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_window_has_nothing), TEST(the_last_that_fit_are_kept),
		TEST(the_last_of_a_time_are_kept), TEST(what_is_told_of_processes_leaves_too),
		TEST(one_record_is_always_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
