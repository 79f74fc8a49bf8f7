#include "file_builder.h"

#include "base/memory.h"
#include "perfdata/perf_data_header_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_times(const struct read_back *read_back, const uint64_t *times_ns, size_t count)
{
	assert_int_equal(read_back->times_ns.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(read_back->times_ns.items[i], times_ns[i]);
}

static void assert_error_says(const struct read_back *read_back, enum error_code code,
			      const char *part_of_message)
{
	assert_non_null(read_back->error);
	assert_int_equal(read_back->code, code);
	if (!strstr(read_back->error, part_of_message))
		fail_msg("'%s' does not say '%s'", read_back->error, part_of_message);
}

static void test_pipe_mode_with_attrs_of_any_size(void **state)
{
	const uint32_t sizes[] = { 64, 72, 80, 96, 112, 128, 136, 144, 4000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct record_builder builder = { 0 };
		struct read_back read_back;

		append_pipe_header(&builder, sizes[i]);
		append_simple_sample(&builder, 10);
		append_simple_sample(&builder, 20);
		read_back = read_back_bytes(record_builder_all(&builder));
		assert_null(read_back.error);
		assert_times(&read_back, (uint64_t[]){ 10, 20 }, 2);
		read_back_deinit(&read_back);
		record_builder_deinit(&builder);
	}
}

static void test_no_rounds_sorts_everything(void **state)
{
	struct record_builder builder = { 0 };
	struct read_back read_back;
	uint64_t sorted[1000];

	append_pipe_header(&builder, 112);
	for (uint64_t i = 0; i < 1000; i++) {
		append_simple_sample(&builder, 1 + (i * 7) % 1000);
		sorted[i] = i + 1;
	}
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_null(read_back.error);
	assert_times(&read_back, sorted, 1000);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

/** 25 comes one round late, which is allowed; 5 comes two rounds late and cannot be in order. */
static void test_rounds_are_a_window_of_two(void **state)
{
	struct record_builder builder = { 0 };
	struct read_back read_back;

	append_pipe_header(&builder, 112);
	append_simple_sample(&builder, 30);
	append_simple_sample(&builder, 10);
	record_builder_finished_round(&builder);
	append_simple_sample(&builder, 40);
	append_simple_sample(&builder, 25);
	record_builder_finished_round(&builder);
	append_simple_sample(&builder, 5);
	append_simple_sample(&builder, 35);
	record_builder_finished_round(&builder);
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_null(read_back.error);
	assert_times(&read_back, (uint64_t[]){ 10, 25, 30, 5, 35, 40 }, 6);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

static void test_equal_times_stay_in_file_order(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = { .pid = 1, .tid = 1, .time_ns = 7 };
	struct read_back read_back;

	append_pipe_header(&builder, 112);
	append_simple_sample(&builder, 9);
	append_simple_sample(&builder, 7);
	values.comm = (struct comm_record){ .name = "x" };
	record_builder_comm(&builder, &simple_layout, &values);
	append_simple_sample(&builder, 7);
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_times(&read_back, (uint64_t[]){ 7, 7, 7, 9 }, 4);
	assert_int_equal(read_back.types.items[0], PERF_RECORD_SAMPLE);
	assert_int_equal(read_back.types.items[1], PERF_RECORD_COMM);
	assert_int_equal(read_back.types.items[2], PERF_RECORD_SAMPLE);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

/** Payloads are not records: what looks like one inside them must not be read. */
static void test_payloads_are_skipped(void **state)
{
	struct record_builder builder = { 0 };
	struct read_back read_back;

	append_pipe_header(&builder, 112);
	record_builder_begin(&builder, RECORD_TYPE_TRACING_DATA, 0);
	record_builder_u32(&builder, 13);
	record_builder_u32(&builder, 0);
	record_builder_end(&builder);
	record_builder_bytes(&builder, "sixteen bytes ..", 16);
	append_simple_sample(&builder, 10);
	record_builder_begin(&builder, RECORD_TYPE_AUXTRACE, 0);
	record_builder_u64(&builder, 64);
	for (size_t i = 0; i < 4; i++)
		record_builder_u64(&builder, 0);
	record_builder_end(&builder);
	for (size_t i = 0; i < 8; i++)
		record_builder_u64(&builder, 0);
	append_simple_sample(&builder, 20);
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_null(read_back.error);
	assert_times(&read_back, (uint64_t[]){ 10, 20 }, 2);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

/** Through a FIFO nothing can be mapped; more data than the buffer moves it along. */
static void test_unseekable_input(void **state)
{
	const size_t n_samples = 20000;
	struct record_builder builder = { 0 };
	char path[] = "/tmp/perf-profile-fifo-XXXXXX";
	struct read_back read_back;
	struct bytes all;
	pid_t child;

	append_pipe_header(&builder, 112);
	for (uint64_t i = 0; i < n_samples; i++)
		append_simple_sample(&builder, i + 1);
	all = record_builder_all(&builder);
	assert_int_not_equal(mkstemp(path), -1);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	child = fork();
	if (child == 0) {
		FILE *file = fopen(path, "w");
		size_t n = file ? fwrite(all.data, 1, all.size, file) : 0;

		fclose(file);
		_exit(n != all.size);
	}
	read_back = read_back_path(path);
	assert_null(read_back.error);
	assert_int_equal(read_back.times_ns.count, n_samples);
	assert_int_equal(read_back.times_ns.items[n_samples - 1], n_samples);
	unlink(path);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

/** An odd-sized record leaves those behind it unaligned: they are read all the same. */
static void test_unaligned_records(void **state)
{
	struct record_builder builder = { 0 };
	struct read_back read_back;

	append_pipe_header(&builder, 112);
	record_builder_begin(&builder, RECORD_TYPE_TIME_CONV, 0);
	record_builder_u8(&builder, 1);
	record_builder_u16(&builder, 1);
	record_builder_end(&builder);
	append_simple_sample(&builder, 10);
	append_simple_sample(&builder, 20);
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_null(read_back.error);
	assert_times(&read_back, (uint64_t[]){ 10, 20 }, 2);
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

static void test_size_zero_keeps_what_came_before(void **state)
{
	struct record_builder builder = { 0 };
	struct read_back read_back;

	append_pipe_header(&builder, 112);
	append_simple_sample(&builder, 20);
	append_simple_sample(&builder, 10);
	record_builder_u64(&builder, PERF_RECORD_SAMPLE);
	append_simple_sample(&builder, 30);
	read_back = read_back_bytes(record_builder_all(&builder));
	assert_times(&read_back, (uint64_t[]){ 10, 20 }, 2);
	/* Pipe header 16, attr 128, two samples of 32. */
	assert_error_says(&read_back, ERROR_FORMAT, "impossible size 0 at offset 208");
	read_back_deinit(&read_back);
	record_builder_deinit(&builder);
}

static void test_refused_files(void **state)
{
	const struct {
		const char *bytes;
		size_t size_bytes;
		enum error_code code;
		const char *message;
	} cases[] = {
		{ "", 0, ERROR_FORMAT, "empty" },
		{ "PERF", 4, ERROR_FORMAT, "not a perf.data file" },
		{ "#!/bin/sh and more", 18, ERROR_FORMAT, "not a perf.data file" },
		{ "2ELIFREP\0\0\0\0\0\0\0\x68", 16, ERROR_FORMAT,
		  "cut off inside the file header" },
		{ "PERFILE2\x68\0\0\0\0\0\0\0", 16, ERROR_FORMAT,
		  "cut off inside the file header" },
		{ "PERFILE2\x11\0\0\0\0\0\0\0", 16, ERROR_FORMAT, "file header of 17 bytes" },
		{ "PERFILE2\x10\0\0\0\0\0\0\0", 16, ERROR_FORMAT, "no event is described" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct read_back read_back = read_back_bytes(
			(struct bytes){ (const uint8_t *)cases[i].bytes, cases[i].size_bytes });

		assert_error_says(&read_back, cases[i].code, cases[i].message);
		assert_int_equal(read_back.types.count, 0);
		read_back_deinit(&read_back);
	}
}

/** A writer that had nothing to say, and files cut after the first byte of a section. */
static void test_features_without_a_body(void **state)
{
	static const uint8_t byte = 1;

	for (uint32_t feature = 0; feature < PERF_DATA_N_FEATURES; feature++) {
		for (size_t size = 0; size <= sizeof(byte); size++) {
			struct perf_data_events events = { 0 };
			struct perf_data_facts facts = { 0 };
			struct bytes body = { &byte, size };

			perf_data_facts_add(&facts, &events, feature,
					    byte_reader_make(body, "test"));
			assert_int_equal(facts.header.n_build_ids, 0);
			perf_data_facts_deinit(&facts);
			perf_data_events_deinit(&events);
		}
	}
}

static void test_missing_file(void **state)
{
	struct read_back read_back = read_back_path("/nonexistent/perf.data");

	assert_error_says(&read_back, ERROR_NOT_FOUND, "/nonexistent/perf.data");
	read_back_deinit(&read_back);
}

/** A pipe may be cut anywhere: whole records come, then the place of the cut. */
static void test_pipe_cut_at_every_byte(void **state)
{
	struct record_builder builder = { 0 };
	size_t first_sample_offset;
	struct bytes all;

	append_pipe_header(&builder, 112);
	first_sample_offset = builder.bytes.count;
	append_simple_sample(&builder, 10);
	append_simple_sample(&builder, 20);
	all = record_builder_all(&builder);
	for (size_t size = first_sample_offset; size < all.size; size++) {
		struct read_back read_back = read_back_bytes((struct bytes){ all.data, size });
		size_t n_whole = (size - first_sample_offset) / 32;
		size_t cut_offset = first_sample_offset + n_whole * 32;
		_cleanup_free_ char *message = memory_format_text(
			"the file ends inside the record at offset %zu", cut_offset);

		if (size == cut_offset)
			assert_null(read_back.error);
		else
			assert_error_says(&read_back, ERROR_FORMAT, message);
		assert_int_equal(read_back.types.count, n_whole);
		read_back_deinit(&read_back);
	}
	record_builder_deinit(&builder);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/** Whatever the bytes: it ends, without an error or with one (sanitizers watch the rest). */
static void test_mutations(void **state)
{
	struct record_builder builder = { 0 };
	uint64_t random = 1;
	size_t n_errors = 0;
	struct bytes all;

	append_pipe_header(&builder, 112);
	for (uint64_t i = 0; i < 20; i++) {
		append_simple_sample(&builder, i);
		if (i % 5 == 0)
			record_builder_finished_round(&builder);
	}
	all = record_builder_all(&builder);
	for (size_t round = 0; round < 2000; round++) {
		_cleanup_free_ uint8_t *copy = memory_duplicate(all.data, all.size);
		struct read_back read_back;

		for (uint64_t i = next_random(&random) % 3 + 1; i > 0; i--)
			copy[next_random(&random) % all.size] = (uint8_t)next_random(&random);
		read_back = read_back_bytes((struct bytes){ copy, all.size });
		n_errors += read_back.error != NULL;
		assert_true(read_back.types.count <= all.size / 8);
		read_back_deinit(&read_back);
	}
	assert_in_range(n_errors, 1, 1999);
	record_builder_deinit(&builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe_mode_with_attrs_of_any_size),
		cmocka_unit_test(test_no_rounds_sorts_everything),
		cmocka_unit_test(test_rounds_are_a_window_of_two),
		cmocka_unit_test(test_equal_times_stay_in_file_order),
		cmocka_unit_test(test_payloads_are_skipped),
		cmocka_unit_test(test_unseekable_input),
		cmocka_unit_test(test_unaligned_records),
		cmocka_unit_test(test_size_zero_keeps_what_came_before),
		cmocka_unit_test(test_refused_files),
		cmocka_unit_test(test_features_without_a_body),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_pipe_cut_at_every_byte),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
