#include "capture/perf_events/sample_trim.h"

#include "record_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define REGISTERS_MASK UINT64_C(0xff01ff)
#define N_REGISTERS    17

static const struct record_layout layout = {
	.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
		       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
		       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
	.user_registers_mask = REGISTERS_MASK,
	.has_sample_id_all = true,
};

static const struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };

/** A sample as the kernel writes it: @p copied_bytes of stack, the first @p filled_bytes valid. */
static struct bytes build_sample(struct record_builder *builder, uint64_t n_callchain,
				 uint64_t copied_bytes, uint64_t filled_bytes)
{
	record_builder_begin(builder, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	record_builder_u64(builder, 11);       /* identifier */
	record_builder_u64(builder, 0x401000); /* ip */
	record_builder_u32(builder, 5);        /* pid */
	record_builder_u32(builder, 6);        /* tid */
	record_builder_u64(builder, 1000);     /* time */
	record_builder_u32(builder, 1);        /* cpu */
	record_builder_u32(builder, 0);
	record_builder_u64(builder, 1003009); /* period */
	record_builder_u64(builder, n_callchain);
	for (uint64_t i = 0; i < n_callchain; i++)
		record_builder_u64(builder, 0xffffffff81000000 + i);
	record_builder_u64(builder, PERF_SAMPLE_REGS_ABI_64);
	for (uint64_t i = 0; i < N_REGISTERS; i++)
		record_builder_u64(builder, 100 + i);
	record_builder_u64(builder, copied_bytes);
	for (uint64_t i = 0; i < copied_bytes; i++)
		record_builder_u8(builder, i < filled_bytes ? (uint8_t)(i + 1) : 0);
	if (copied_bytes)
		record_builder_u64(builder, filled_bytes);
	return record_builder_end(builder);
}

static void assert_trims_to(uint64_t n_callchain, uint64_t copied_bytes, uint64_t filled_bytes,
			    size_t kept_bytes)
{
	struct record_builder builder = { 0 };
	struct byte_vector trimmed = { 0 };
	struct bytes sample = build_sample(&builder, n_callchain, copied_bytes, filled_bytes);
	struct record before, after;

	assert_null(record_decode(&table, sample, "test", 0, &before));
	sample_trim_append(&trimmed, &table, sample);
	assert_int_equal(trimmed.count, sample.size - copied_bytes + kept_bytes);
	assert_null(record_decode(&table,
				  (struct bytes){ .data = trimmed.items, .size = trimmed.count },
				  "test", 0, &after));
	assert_int_equal(after.bytes.size, trimmed.count);
	assert_int_equal(after.time_ns, before.time_ns);
	assert_int_equal(after.sample.n_callchain, n_callchain);
	assert_int_equal(after.sample.user_registers[N_REGISTERS - 1], 100 + N_REGISTERS - 1);
	assert_int_equal(after.sample.user_stack.size, filled_bytes);
	assert_memory_equal(after.sample.user_stack.data, before.sample.user_stack.data,
			    filled_bytes);
	byte_vector_deinit(&trimmed);
	record_builder_deinit(&builder);
}

static void test_keeps_what_was_filled(void **state)
{
	assert_trims_to(0, 4096, 100, 104);
	assert_trims_to(3, 4096, 104, 104);
	assert_trims_to(17, 8192, 8192, 8192);
}

static void test_nothing_filled(void **state)
{
	assert_trims_to(2, 1024, 0, 8);
}

static void test_no_stack_is_copied_as_it_is(void **state)
{
	struct record_builder builder = { 0 };
	struct byte_vector copy = { 0 };
	struct bytes sample = build_sample(&builder, 1, 0, 0);

	sample_trim_append(&copy, &table, sample);
	assert_int_equal(copy.count, sample.size);
	assert_memory_equal(copy.items, sample.data, sample.size);
	byte_vector_deinit(&copy);
	record_builder_deinit(&builder);
}

static void test_malformed_is_copied_as_it_is(void **state)
{
	struct record_builder builder = { 0 };
	struct byte_vector copy = { 0 };
	struct bytes sample = build_sample(&builder, 1, 64, 32);
	uint8_t *bytes = memory_duplicate(sample.data, sample.size);
	uint64_t huge = UINT64_MAX;

	/* A callchain count that leads out of the record. */
	memcpy(bytes + 8 + 6 * 8, &huge, sizeof(huge));
	sample_trim_append(&copy, &table, (struct bytes){ .data = bytes, .size = sample.size });
	assert_int_equal(copy.count, sample.size);
	free(bytes);
	byte_vector_deinit(&copy);
	record_builder_deinit(&builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_what_was_filled),
		cmocka_unit_test(test_nothing_filled),
		cmocka_unit_test(test_no_stack_is_copied_as_it_is),
		cmocka_unit_test(test_malformed_is_copied_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
