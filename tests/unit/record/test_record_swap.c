#include "record_builder.h"

#include <byteswap.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TRAILER                                                                                    \
	"44"                                                                                       \
	"8"                                                                                        \
	"8"                                                                                        \
	"8"                                                                                        \
	"44"                                                                                       \
	"8"

static const struct record_layout layouts[] = {
	{
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
			       PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
			       PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |
			       PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_REGS_USER |
			       PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT | PERF_SAMPLE_DATA_SRC,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED,
		.user_registers_mask = 0x8181,
		.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX,
		.has_sample_id_all = true,
	},
	{
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_CPU,
		.has_sample_id_all = true,
	},
};
static const uint64_t ids[] = { 14, 15 };
static const uint32_t event_of_id[] = { 0, 1 };
static const struct record_layout_table table = { layouts, 2, ids, event_of_id, 2, true };

/** A digit: a number of so many bytes to turn around; '.': a byte to leave; ' ': nothing. */
static void turn(uint8_t *bytes, size_t size_bytes, const char *form)
{
	size_t at = 0;

	for (; *form; form++) {
		size_t n_bytes = *form == '.' ? 1 : *form == ' ' ? 0 : (size_t)(*form - '0');

		for (size_t i = 0; *form != '.' && i < n_bytes / 2; i++) {
			uint8_t kept = bytes[at + i];

			bytes[at + i] = bytes[at + n_bytes - 1 - i];
			bytes[at + n_bytes - 1 - i] = kept;
		}
		at += n_bytes;
	}
	assert_int_equal(at, size_bytes);
}

static void assert_comes_back(struct bytes record, const char *form)
{
	_Alignas(8) uint8_t bytes[1024];

	assert_true(record.size <= sizeof(bytes));
	memcpy(bytes, record.data, record.size);
	turn(bytes, record.size, form);
	assert_memory_not_equal(bytes, record.data, record.size);
	record_swap(&table, bytes, record.size);
	assert_memory_equal(bytes, record.data, record.size);
}

static void test_samples_of_each_event(void **state)
{
	struct record_builder builder = { 0 };
	const struct record values[] = { record_builder_example(14), record_builder_example(15) };

	assert_comes_back(record_builder_sample(&builder, &layouts[0], &values[0]),
			  "422 8844888844 8" /* up to the period */
			  "88 88 88 88"      /* group of three, with time and ids */
			  "8 88888"          /* chain */
			  "4............"    /* raw */
			  "88 888 888"       /* branches */
			  "8 8888"           /* registers */
			  "8................................................................8"
			  "88");
	assert_comes_back(record_builder_sample(&builder, &layouts[1], &values[1]), "422 8844");
	record_builder_deinit(&builder);
}

static void test_side_band(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = record_builder_example(14);

	values.comm = (struct comm_record){ .name = "comm" };
	assert_comes_back(record_builder_comm(&builder, &layouts[0], &values),
			  "422 44 ........" TRAILER);
	values.id = 15;
	assert_comes_back(record_builder_comm(&builder, &layouts[1], &values),
			  "422 44 ........ 44 8");
	values.id = 14;
	values.type = PERF_RECORD_FORK;
	values.task = (struct task_record){ 1, 2, 3, 4, 5 };
	assert_comes_back(record_builder_task(&builder, &layouts[0], &values), "422 44448" TRAILER);
	values.mapping = (struct mapping_record){ .start = 1,
						  .size_bytes = 2,
						  .inode = 3,
						  .protection = 5,
						  .flags = 2,
						  .path = "/bin/x" };
	assert_comes_back(record_builder_mmap2(&builder, &layouts[0], &values),
			  "422 44888 4488 44 ........" TRAILER);
	values.mapping.build_id = (struct build_id){ { 1, 2, 3 }, 20 };
	assert_comes_back(record_builder_mmap2(&builder, &layouts[0], &values),
			  "422 44888 ........................ 44 ........" TRAILER);
	record_builder_deinit(&builder);
}

/** What it cannot be sure of is left: no byte outside is touched, whatever the counts say. */
static void test_impossible_counts_stay_inside(void **state)
{
	const uint8_t values[] = { 0, 1, 0x7f, 0xff };
	const struct record sample_values = record_builder_example(14);
	struct record_builder builder = { 0 };
	struct bytes sample = record_builder_sample(&builder, &layouts[0], &sample_values);

	for (size_t size_bytes = 0; size_bytes <= sample.size; size_bytes++) {
		for (size_t i = 0; i < size_bytes; i++) {
			_Alignas(8) uint8_t bytes[1024];

			memset(bytes, 0x5a, sizeof(bytes));
			memcpy(bytes, sample.data, size_bytes);
			bytes[i] = values[i % ARRAY_SIZE(values)];
			record_swap(&table, bytes, size_bytes);
			for (size_t j = size_bytes; j < sizeof(bytes); j++)
				assert_int_equal(bytes[j], 0x5a);
		}
	}
	record_builder_deinit(&builder);
}

static void test_attr(void **state)
{
	const struct perf_event_attr wanted = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(wanted),
		.config = 1,
		.sample_freq = 997,
		.sample_type = 0x12345,
		.read_format = 7,
		.wakeup_events = 1,
		.bp_type = 2,
		.branch_sample_type = 3,
		.sample_regs_user = 4,
		.sample_stack_user = 5,
		.clockid = 1,
		.sample_regs_intr = 6,
		.aux_watermark = 7,
		.sample_max_stack = 8,
		.disabled = 1,
		.freq = 1,
		.sample_id_all = 1,
		.mmap2 = 1,
	};
	struct perf_event_attr attr = wanted;
	uint8_t *bytes = (uint8_t *)&attr, *flags = bytes + 40;

	/* As a compiler for the other order lays bit fields out: from the highest bit on. */
	attr.wakeup_events = 0;
	memset(flags, 0, 8);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (((const uint8_t *)&wanted)[40 + bit / 8] >> bit % 8 & 1)
			flags[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	attr.wakeup_events = 1;
	turn(bytes, sizeof(attr),
	     sizeof(attr) == 136 ? "448888 ........ 44 8888 44 8 4 22 44 88"
				 : "448888 ........ 44 8888 44 8 4 22 44 8");
	record_swap_attr(bytes, sizeof(attr));
	assert_memory_equal(&attr, &wanted, sizeof(attr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_of_each_event),
		cmocka_unit_test(test_side_band),
		cmocka_unit_test(test_impossible_counts_stay_inside),
		cmocka_unit_test(test_attr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
