#include "record_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FULL_SAMPLE_TYPE                                                                           \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |             \
	 PERF_SAMPLE_PERIOD | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |         \
	 PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |               \
	 PERF_SAMPLE_WEIGHT | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_TRANSACTION)

static const struct record_layout full_layout = {
	.sample_type = FULL_SAMPLE_TYPE,
	.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED,
	.user_registers_mask = 0x8181,
	.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX,
	.has_sample_id_all = true,
};

static void assert_sample_equal(const struct record *record, const struct record *values,
				uint64_t sample_type)
{
	const struct sample_record *actual = &record->sample, *expected = &values->sample;

	assert_int_equal(record->misc, values->misc);
	assert_int_equal(record->pid, sample_type & PERF_SAMPLE_TID ? values->pid : 0);
	assert_int_equal(record->tid, sample_type & PERF_SAMPLE_TID ? values->tid : 0);
	assert_int_equal(record->time_ns, sample_type & PERF_SAMPLE_TIME ? values->time_ns : 0);
	assert_int_equal(record->cpu, sample_type & PERF_SAMPLE_CPU ? values->cpu : 0);
	assert_int_equal(actual->ip, sample_type & PERF_SAMPLE_IP ? expected->ip : 0);
	assert_int_equal(actual->period, sample_type & PERF_SAMPLE_PERIOD ? expected->period : 0);
	assert_int_equal(actual->address, sample_type & PERF_SAMPLE_ADDR ? expected->address : 0);
	if (sample_type & PERF_SAMPLE_CALLCHAIN) {
		assert_int_equal(actual->n_callchain, expected->n_callchain);
		assert_memory_equal(actual->callchain, expected->callchain,
				    expected->n_callchain * sizeof(uint64_t));
	} else {
		assert_null(actual->callchain);
	}
	if (sample_type & PERF_SAMPLE_RAW) {
		assert_int_equal(actual->raw.size, expected->raw.size);
		assert_memory_equal(actual->raw.data, expected->raw.data, expected->raw.size);
	}
	if (sample_type & PERF_SAMPLE_BRANCH_STACK) {
		assert_int_equal(actual->n_branches, expected->n_branches);
		assert_memory_equal(actual->branches, expected->branches,
				    expected->n_branches * sizeof(*expected->branches));
	}
	assert_int_equal(actual->has_user_registers, !!(sample_type & PERF_SAMPLE_REGS_USER));
	if (sample_type & PERF_SAMPLE_REGS_USER)
		assert_memory_equal(actual->user_registers, expected->user_registers,
				    sizeof(uint64_t) * 4);
	if (sample_type & PERF_SAMPLE_STACK_USER) {
		assert_int_equal(actual->user_stack_asked_bytes, 64);
		assert_int_equal(actual->user_stack.size, expected->user_stack.size);
		assert_memory_equal(actual->user_stack.data, expected->user_stack.data,
				    expected->user_stack.size);
	}
	assert_int_equal(actual->weight, sample_type & PERF_SAMPLE_WEIGHT ? 21 : 0);
	assert_int_equal(actual->data_source, sample_type & PERF_SAMPLE_DATA_SRC ? 22 : 0);
}

/** All fields, then all without one of them, then each alone. */
static void test_round_trip_of_field_sets(void **state)
{
	struct record values = record_builder_example(14);

	for (unsigned int bit = 0; bit < 64; bit++) {
		const uint64_t field = UINT64_C(1) << bit;
		const uint64_t field_sets[] = { FULL_SAMPLE_TYPE & ~field,
						FULL_SAMPLE_TYPE & field };

		for (size_t i = 0; i < ARRAY_SIZE(field_sets); i++) {
			struct record_layout layout = full_layout;
			struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
			struct record_builder builder = { 0 };
			struct record record;

			layout.sample_type = field_sets[i];
			assert_null(record_decode(&table,
						  record_builder_sample(&builder, &layout, &values),
						  "test", 0, &record));
			assert_sample_equal(&record, &values, layout.sample_type);
			record_builder_deinit(&builder);
		}
	}
}

static void test_read_formats(void **state)
{
	struct record values = record_builder_example(14);

	for (uint64_t read_format = 0; read_format < 16; read_format++) {
		struct record_layout layout = full_layout;
		struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
		struct record_builder builder = { 0 };
		struct record record;

		layout.read_format = read_format;
		assert_null(record_decode(&table, record_builder_sample(&builder, &layout, &values),
					  "test", 0, &record));
		assert_sample_equal(&record, &values, layout.sample_type);
		record_builder_deinit(&builder);
	}
}

static void test_no_registers_of_kernel_threads(void **state)
{
	struct record_layout layout = {
		.sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT,
		.user_registers_mask = UINT64_MAX,
	};
	struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
	struct record_builder builder = { 0 };
	struct record record;

	record_builder_begin(&builder, PERF_RECORD_SAMPLE, 0);
	record_builder_u64(&builder, PERF_SAMPLE_REGS_ABI_NONE);
	record_builder_u64(&builder, 0); /* No stack, and then no dyn_size either. */
	record_builder_u64(&builder, 5);
	assert_null(record_decode(&table, record_builder_end(&builder), "test", 0, &record));
	assert_false(record.sample.has_user_registers);
	assert_int_equal(record.sample.user_stack.size, 0);
	assert_int_equal(record.sample.weight, 5);
	record_builder_deinit(&builder);
}

static void assert_body_fails(uint64_t sample_type, const uint64_t *words, size_t n_words,
			      const char *part_of_message)
{
	struct record_layout layout = {
		.sample_type = sample_type,
		.read_format = PERF_FORMAT_GROUP,
		.user_registers_mask = 0xff,
	};
	struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
	struct record_builder builder = { 0 };
	_cleanup_error_ struct error *error = NULL;
	struct record record = { .time_ns = 99 };

	record_builder_begin(&builder, PERF_RECORD_SAMPLE, 0);
	record_builder_bytes(&builder, words, n_words * sizeof(*words));
	error = record_decode(&table, record_builder_end(&builder), "test", 0, &record);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	if (!strstr(error->message, part_of_message))
		fail_msg("'%s' does not say '%s'", error->message, part_of_message);
	assert_int_equal(record.time_ns, 99);
	record_builder_deinit(&builder);
}

static void test_hostile_counts(void **state)
{
	/* The last three wrap to something small when multiplied by an element's size. */
	const uint64_t counts[] = { 2,
				    1000,
				    UINT32_MAX,
				    UINT64_MAX,
				    UINT64_C(1) << 61,
				    (UINT64_C(1) << 61) + 1,
				    UINT64_MAX / 24 + 1 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		const uint64_t words[] = { counts[i], 0 };

		assert_body_fails(PERF_SAMPLE_READ, words, 2, "counter group");
		assert_body_fails(PERF_SAMPLE_CALLCHAIN, words, 2, "callchain");
		assert_body_fails(PERF_SAMPLE_BRANCH_STACK, words, 2, "branch stack");
		if (counts[i] > 8)
			assert_body_fails(PERF_SAMPLE_STACK_USER, words, 2, "stack copy");
	}
	assert_body_fails(PERF_SAMPLE_RAW, (uint64_t[]){ UINT32_MAX }, 1, "only 4 left");
	assert_body_fails(PERF_SAMPLE_REGS_USER, (uint64_t[]){ 2, 0, 0 }, 3, "user registers");
	assert_body_fails(PERF_SAMPLE_STACK_USER, (uint64_t[]){ 8, 0, 9 }, 3, "more valid bytes");
	assert_body_fails(PERF_SAMPLE_STACK_USER, (uint64_t[]){ 8, 0 }, 2, "only 0 left");
}

static void test_truncation_at_every_byte(void **state)
{
	struct record_layout_table table = { .layouts = &full_layout, .n_layouts = 1 };
	struct record_builder builder = { 0 };
	struct record values = record_builder_example(14);
	struct bytes bytes = record_builder_sample(&builder, &full_layout, &values);
	/* TRANSACTION is the last word and not looked at. */
	const size_t needed_size_bytes = bytes.size - 8;

	for (size_t size = 8; size < bytes.size; size++) {
		_cleanup_free_ uint8_t *copy = memory_duplicate(bytes.data, size);
		_cleanup_error_ struct error *error = NULL;
		struct record record;

		memcpy(copy + 6, &(uint16_t){ (uint16_t)size }, sizeof(uint16_t));
		error = record_decode(&table, (struct bytes){ copy, size }, "test", 0, &record);
		assert_int_equal(error == NULL, size >= needed_size_bytes);
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

/** Whatever the bytes, what decodes lies within the record (sanitizers check the reading). */
static void test_mutations_stay_in_bounds(void **state)
{
	struct record_layout_table table = { .layouts = &full_layout, .n_layouts = 1 };
	struct record_builder builder = { 0 };
	struct record values = record_builder_example(14);
	struct bytes bytes = record_builder_sample(&builder, &full_layout, &values);
	uint64_t random = 42;
	size_t n_decoded = 0;

	for (size_t round = 0; round < 20000; round++) {
		_cleanup_free_ uint8_t *copy = memory_duplicate(bytes.data, bytes.size);
		_cleanup_error_ struct error *error = NULL;
		struct record record;

		for (uint64_t i = next_random(&random) % 4 + 1; i > 0; i--)
			copy[8 + next_random(&random) % (bytes.size - 8)] =
				(uint8_t)next_random(&random);
		error = record_decode(&table, (struct bytes){ copy, bytes.size }, "test", 0,
				      &record);
		if (error)
			continue;
		n_decoded++;
		assert_true(record.sample.n_callchain * 8 <= bytes.size);
		assert_true(record.sample.user_stack.size <= bytes.size);
		assert_true(record.sample.n_callchain == 0 ||
			    (const uint8_t *)(record.sample.callchain +
					      record.sample.n_callchain) <= copy + bytes.size);
	}
	assert_in_range(n_decoded, 1, 19999);
	record_builder_deinit(&builder);
}

static void test_events_are_told_apart_by_id(void **state)
{
	const uint64_t id_fields[] = { PERF_SAMPLE_IDENTIFIER, PERF_SAMPLE_ID,
				       PERF_SAMPLE_ID | PERF_SAMPLE_TID | PERF_SAMPLE_ADDR };
	const uint64_t ids[] = { 100, 101, 200, 201 };
	const uint32_t event_of_id[] = { 0, 0, 1, 1 };

	for (size_t i = 0; i < ARRAY_SIZE(id_fields); i++) {
		struct record_layout layouts[] = {
			{ .sample_type = id_fields[i] | PERF_SAMPLE_CPU,
			  .has_sample_id_all = true },
			{ .sample_type = id_fields[i] | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
			  .has_sample_id_all = true },
		};
		struct record_layout_table table = { layouts, 2, ids, event_of_id, 4, false };
		struct record values = { .id = 201, .cpu = 1, .sample.period = 7 };
		struct record_builder builder = { 0 };
		_cleanup_error_ struct error *error = NULL;
		struct record record;

		assert_null(record_decode(&table,
					  record_builder_sample(&builder, &layouts[1], &values),
					  "test", 0, &record));
		assert_int_equal(record.event_index, 1);
		assert_int_equal(record.id, 201);
		assert_int_equal(record.sample.period, 7);

		values.comm = (struct comm_record){ .name = "x" };
		assert_null(record_decode(&table,
					  record_builder_comm(&builder, &layouts[1], &values),
					  "test", 0, &record));
		assert_int_equal(record.event_index, 1);

		values.id = 300;
		error = record_decode(&table, record_builder_sample(&builder, &layouts[1], &values),
				      "test", 0, &record);
		assert_non_null(error);
		assert_non_null(strstr(error->message, "unknown event"));
		record_builder_deinit(&builder);
	}
}

static void test_sorted_ids_find_the_same_events(void **state)
{
	const struct record_layout layouts[] = {
		{ .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME },
		{ .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME },
		{ .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME },
	};
	uint64_t ids[] = { 900, 17, 300, 5, 301, 18 };
	uint32_t event_of_id[] = { 2, 0, 1, 0, 2, 1 };
	struct record_layout_table table = { layouts, 3, ids, event_of_id, 6, true };

	const struct {
		uint64_t id;
		uint32_t event;
	} expected[] = { { 5, 0 }, { 17, 0 }, { 18, 1 }, { 300, 1 }, { 301, 2 }, { 900, 2 } };

	record_ids_sort(ids, event_of_id, ARRAY_SIZE(ids));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct record values = { .id = expected[i].id, .time_ns = 5 };
		struct record_builder builder = { 0 };
		struct bytes bytes = record_builder_sample(&builder, &layouts[0], &values);
		struct record record;

		assert_null(record_decode(&table, bytes, "test", 0, &record));
		assert_int_equal(record.event_index, expected[i].event);
		record_builder_deinit(&builder);
	}
}

/** With IDENTIFIER trailers may differ: the last word says whose it is. */
static void test_trailers_may_differ(void **state)
{
	const uint64_t ids[] = { 1, 2 };
	const uint32_t event_of_id[] = { 0, 1 };
	const struct record_layout layouts[] = {
		{ .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME,
		  .has_sample_id_all = true },
		{ .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
				 PERF_SAMPLE_CPU,
		  .has_sample_id_all = true },
	};
	struct record_layout_table table = { layouts, 2, ids, event_of_id, 2, false };

	for (uint32_t i = 0; i < 2; i++) {
		struct record values = { .pid = 5, .time_ns = 1234, .cpu = 3, .id = ids[i] };
		struct record_builder builder = { 0 };
		struct record record;
		struct bytes bytes;
		uint64_t time_ns;
		size_t size_bytes;

		values.comm = (struct comm_record){ .name = "x" };
		bytes = record_builder_comm(&builder, &layouts[i], &values);
		assert_null(record_decode(&table, bytes, "test", 0, &record));
		assert_int_equal(record.event_index, i);
		assert_int_equal(record.time_ns, 1234);
		assert_int_equal(record.cpu, i ? 3 : 0);
		assert_null(record_decode_time(&table, bytes, "test", 0, &time_ns, &size_bytes));
		assert_int_equal(time_ns, 1234);
		record_builder_deinit(&builder);
	}
}

static void test_sample_before_any_event_is_an_error(void **state)
{
	struct record_layout_table table = { 0 };
	struct record_builder builder = { 0 };
	struct record values = record_builder_example(14);
	_cleanup_error_ struct error *error = NULL;
	struct record record;

	error = record_decode(&table, record_builder_sample(&builder, &full_layout, &values),
			      "test", 0, &record);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	record_builder_deinit(&builder);
}

/** What encode writes decodes under the attr for storage, with only the chain changed. */
static void test_encode_replaces_the_chain(void **state)
{
	const uint64_t new_chain[] = { PERF_CONTEXT_USER, 1, 2, 3 };
	const struct stored_chain chain = { new_chain, ARRAY_SIZE(new_chain),
					    STACK_END_COPY_ENDED };
	const uint64_t without_chain = FULL_SAMPLE_TYPE & ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
	const uint64_t sample_types[] = { FULL_SAMPLE_TYPE, without_chain };

	for (size_t i = 0; i < ARRAY_SIZE(sample_types); i++) {
		struct perf_event_attr recorded = {
			.size = sizeof(recorded),
			.sample_type = sample_types[i],
			.read_format = full_layout.read_format,
			.branch_sample_type = full_layout.branch_sample_type,
			.sample_regs_user = full_layout.user_registers_mask,
			.sample_stack_user = 64,
			.exclude_callchain_user = 1,
		};
		struct record_layout layout = record_layout_of(&recorded), stored_layout;
		struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
		struct record_layout_table stored_table = { .layouts = &stored_layout,
							    .n_layouts = 1 };
		struct perf_event_attr stored;
		struct record_builder builder = { 0 };
		struct record values = record_builder_example(14), record;
		_Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
		size_t size_bytes;

		assert_null(record_decode(&table, record_builder_sample(&builder, &layout, &values),
					  "test", 0, &record));
		assert_int_equal(record_stack_end(&record), STACK_END_NONE);
		size_bytes = record_encode_sample(&layout, &record, &chain, out);

		record_attr_for_storage(&recorded, &stored);
		assert_int_equal(stored.sample_stack_user, 0);
		assert_int_equal(stored.sample_regs_user, 0);
		assert_int_equal(stored.exclude_callchain_user, 0);
		stored_layout = record_layout_of(&stored);
		assert_null(record_decode(&stored_table, (struct bytes){ out, size_bytes }, "test",
					  0, &record));
		values.sample.callchain = new_chain;
		values.sample.n_callchain = ARRAY_SIZE(new_chain);
		assert_int_equal(record.bytes.size, size_bytes);
		assert_int_equal(record_stack_end(&record), STACK_END_COPY_ENDED);
		record.misc &= (uint16_t)~RECORD_MISC_STACK_END_MASK;
		assert_sample_equal(&record, &values, stored.sample_type);
		record_builder_deinit(&builder);
	}
}

/** Each end comes back, but for what says nothing; what is none is nothing. */
static void test_stack_ends_are_kept(void **state)
{
	struct record_layout layout = { .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN };
	struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
	_Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
	const uint64_t address = 1;

	for (enum stack_end end = STACK_END_NONE; end < N_STACK_ENDS; end++) {
		const struct stored_chain chain = { &address, 1, end };
		struct record made = { .misc = PERF_RECORD_MISC_KERNEL }, record;
		size_t size_bytes = record_encode_made_sample(&layout, &made, &chain, out);

		assert_null(record_decode(&table, (struct bytes){ out, size_bytes }, "test", 0,
					  &record));
		assert_int_equal(record_stack_end(&record),
				 end == STACK_END_UNTRACED ? STACK_END_NONE : end);
		assert_int_equal(record.misc & ~RECORD_MISC_STACK_END_MASK,
				 PERF_RECORD_MISC_KERNEL);
	}
	assert_int_equal(record_stack_end(&(struct record){ .misc = UINT16_MAX }), STACK_END_NONE);
}

static void test_encode_clips_a_long_chain(void **state)
{
	struct record_layout layout = { .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN };
	struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
	struct record_builder builder = { 0 };
	struct record values = record_builder_example(14), record;
	_cleanup_free_ uint64_t *chain = memory_allocate(20000, sizeof(*chain));
	_Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
	size_t size_bytes;

	for (uint64_t i = 0; i < 20000; i++)
		chain[i] = i;
	assert_null(record_decode(&table, record_builder_sample(&builder, &layout, &values), "test",
				  0, &record));
	size_bytes = record_encode_sample(
		&layout, &record, &(struct stored_chain){ chain, 20000, STACK_END_ROOT }, out);
	assert_int_equal(size_bytes, RECORD_SIZE_MAX_BYTES);
	assert_null(record_decode(&table, (struct bytes){ out, size_bytes }, "test", 0, &record));
	assert_int_equal(record.sample.n_callchain, (RECORD_SIZE_MAX_BYTES - 24) / 8);
	assert_int_equal(record.sample.callchain[0], 0);
	assert_int_equal(record.sample.callchain[8000], 8000);
	assert_int_equal(record_stack_end(&record), STACK_END_TOO_DEEP);
	record_builder_deinit(&builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_of_field_sets),
		cmocka_unit_test(test_read_formats),
		cmocka_unit_test(test_no_registers_of_kernel_threads),
		cmocka_unit_test(test_hostile_counts),
		cmocka_unit_test(test_truncation_at_every_byte),
		cmocka_unit_test(test_mutations_stay_in_bounds),
		cmocka_unit_test(test_events_are_told_apart_by_id),
		cmocka_unit_test(test_sorted_ids_find_the_same_events),
		cmocka_unit_test(test_trailers_may_differ),
		cmocka_unit_test(test_sample_before_any_event_is_an_error),
		cmocka_unit_test(test_encode_replaces_the_chain),
		cmocka_unit_test(test_stack_ends_are_kept),
		cmocka_unit_test(test_encode_clips_a_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
