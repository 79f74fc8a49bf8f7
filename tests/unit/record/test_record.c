#include "record_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static const struct record_layout recorder_layout = {
	.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
		       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
	.has_sample_id_all = true,
};

static const struct record_layout_table recorder_table = {
	.layouts = &recorder_layout,
	.n_layouts = 1,
};

static struct record decode(const struct record_layout_table *table, struct bytes bytes)
{
	struct record record;

	assert_null(record_decode(table, bytes, "test", 0, &record));
	return record;
}

static void assert_fails(const struct record_layout_table *table, struct bytes bytes,
			 enum error_code code, const char *part_of_message)
{
	_cleanup_error_ struct error *error = NULL;
	struct record record;

	error = record_decode(table, bytes, "test", 4096, &record);
	assert_non_null(error);
	assert_int_equal(error->code, code);
	if (!strstr(error->message, part_of_message))
		fail_msg("'%s' does not say '%s'", error->message, part_of_message);
}

static const struct record common_values = {
	.pid = 10, .tid = 11, .time_ns = 123456789, .cpu = 3, .id = 77
};

static void assert_common(const struct record *record)
{
	assert_int_equal(record->pid, 10);
	assert_int_equal(record->tid, 11);
	assert_int_equal(record->time_ns, 123456789);
	assert_int_equal(record->cpu, 3);
	assert_int_equal(record->id, 77);
}

static void test_mmap2_with_file_identity(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = common_values;
	struct record record;

	values.mapping = (struct mapping_record){
		.start = 0x7f0000001000,
		.size_bytes = 0x2000,
		.file_offset = 0x1000,
		.device_major = 8,
		.device_minor = 1,
		.inode = 4242,
		.inode_generation = 9,
		.protection = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE,
		.path = "/usr/lib/libc.so.6",
	};
	record = decode(&recorder_table, record_builder_mmap2(&builder, &recorder_layout, &values));
	assert_common(&record);
	assert_int_equal(record.mapping.start, 0x7f0000001000);
	assert_int_equal(record.mapping.size_bytes, 0x2000);
	assert_int_equal(record.mapping.file_offset, 0x1000);
	assert_int_equal(record.mapping.device_major, 8);
	assert_int_equal(record.mapping.device_minor, 1);
	assert_int_equal(record.mapping.inode, 4242);
	assert_int_equal(record.mapping.inode_generation, 9);
	assert_int_equal(record.mapping.build_id.size_bytes, 0);
	assert_int_equal(record.mapping.protection, PROT_READ | PROT_EXEC);
	assert_int_equal(record.mapping.flags, MAP_PRIVATE);
	assert_string_equal(record.mapping.path, "/usr/lib/libc.so.6");
	record_builder_deinit(&builder);
}

static void test_mmap2_with_build_id(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = common_values;
	struct bytes bytes;
	struct record record;

	values.mapping.path = "x";
	values.mapping.build_id = (struct build_id){ .bytes = { 1, 2, 3 }, .size_bytes = 20 };
	bytes = record_builder_mmap2(&builder, &recorder_layout, &values);
	record = decode(&recorder_table, bytes);
	assert_true(build_id_equal(&record.mapping.build_id, &values.mapping.build_id));
	assert_int_equal(record.mapping.inode, 0);

	/* The size byte is after the header, pid, tid and three words. */
	((uint8_t *)bytes.data)[40] = 21;
	assert_fails(&recorder_table, bytes, ERROR_FORMAT, "build id longer than 20 bytes");
	record_builder_deinit(&builder);
}

static void test_mmap_says_exec_unless_data(void **state)
{
	const uint16_t miscs[] = { 0, PERF_RECORD_MISC_MMAP_DATA };
	const uint32_t protections[] = { PROT_EXEC, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(miscs); i++) {
		struct record_builder builder = { 0 };
		struct record record;

		record_builder_begin(&builder, PERF_RECORD_MMAP, miscs[i]);
		record_builder_u32(&builder, 10);
		record_builder_u32(&builder, 11);
		record_builder_u64(&builder, 0x400000);
		record_builder_u64(&builder, 0x1000);
		record_builder_u64(&builder, 0x2000);
		record_builder_text(&builder, "/bin/true");
		record_builder_trailer(&builder, &recorder_layout, &common_values);
		record = decode(&recorder_table, record_builder_end(&builder));
		assert_common(&record);
		assert_int_equal(record.mapping.file_offset, 0x2000);
		assert_int_equal(record.mapping.protection, protections[i]);
		assert_string_equal(record.mapping.path, "/bin/true");
		record_builder_deinit(&builder);
	}
}

static void test_comm(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = common_values;
	struct record record;

	values.comm = (struct comm_record){ .name = "a thread", .is_exec = true };
	record = decode(&recorder_table, record_builder_comm(&builder, &recorder_layout, &values));
	assert_common(&record);
	assert_string_equal(record.comm.name, "a thread");
	assert_true(record.comm.is_exec);
	record_builder_deinit(&builder);
}

static void test_fork_names_the_child(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = common_values;
	struct record record;

	values.type = PERF_RECORD_FORK;
	values.task = (struct task_record){ .parent_pid = 1, .parent_tid = 2, .time_ns = 55 };
	record = decode(&recorder_table, record_builder_task(&builder, &recorder_layout, &values));
	assert_common(&record);
	assert_int_equal(record.task.pid, 10);
	assert_int_equal(record.task.tid, 11);
	assert_int_equal(record.task.parent_pid, 1);
	assert_int_equal(record.task.parent_tid, 2);
	assert_int_equal(record.task.time_ns, 55);
	record_builder_deinit(&builder);
}

static void test_lost_counts(void **state)
{
	struct record_builder builder = { 0 };
	struct record record;

	record_builder_begin(&builder, PERF_RECORD_LOST, 0);
	record_builder_u64(&builder, 77);
	record_builder_u64(&builder, 1000);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_common(&record);
	assert_int_equal(record.lost.count, 1000);

	record_builder_begin(&builder, PERF_RECORD_LOST_SAMPLES, 0);
	record_builder_u64(&builder, 2000);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_int_equal(record.lost.count, 2000);
	record_builder_deinit(&builder);
}

static void test_throttle_and_switch(void **state)
{
	struct record_builder builder = { 0 };
	struct record record;

	record_builder_begin(&builder, PERF_RECORD_UNTHROTTLE, 0);
	for (uint64_t i = 5; i < 8; i++)
		record_builder_u64(&builder, i);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_true(record.throttle.is_end);
	assert_int_equal(record.throttle.time_ns, 5);

	record_builder_begin(&builder, PERF_RECORD_SWITCH,
			     PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_common(&record);
	assert_true(record.context_switch.is_out);
	assert_true(record.context_switch.is_preempted);

	record_builder_begin(&builder, PERF_RECORD_SWITCH_CPU_WIDE, 0);
	record_builder_u32(&builder, 21);
	record_builder_u32(&builder, 22);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_false(record.context_switch.is_out);
	assert_int_equal(record.context_switch.next_or_previous_pid, 21);
	assert_int_equal(record.context_switch.next_or_previous_tid, 22);
	record_builder_deinit(&builder);
}

static struct record build_id_record(struct record_builder *builder, uint16_t misc, uint8_t n_bytes,
				     uint8_t size_byte)
{
	record_builder_begin(builder, RECORD_TYPE_HEADER_BUILD_ID, misc);
	record_builder_u32(builder, (uint32_t)-1);
	for (uint8_t i = 0; i < BUILD_ID_SIZE_MAX_BYTES; i++)
		record_builder_u8(builder, i < n_bytes ? i + 1 : 0);
	record_builder_u8(builder, size_byte);
	for (size_t i = 0; i < 3; i++)
		record_builder_u8(builder, 0xcc);
	record_builder_text(builder, "[kernel.kallsyms]");
	return decode(&recorder_table, record_builder_end(builder));
}

static void test_build_id_sizes(void **state)
{
	struct record_builder builder = { 0 };
	struct record record;

	record = build_id_record(&builder, 1 << 15 | PERF_RECORD_MISC_KERNEL, 20, 16);
	assert_int_equal(record.build_id.pid, -1);
	assert_int_equal(record.build_id.build_id.size_bytes, 16);
	assert_string_equal(record.build_id.path, "[kernel.kallsyms]");
	/* Without the misc bit the size byte is rubbish and zero groups are padding. */
	record = build_id_record(&builder, 0, 16, 0xcc);
	assert_int_equal(record.build_id.build_id.size_bytes, 16);
	record = build_id_record(&builder, 0, 20, 0);
	assert_int_equal(record.build_id.build_id.size_bytes, 20);
	record_builder_deinit(&builder);
}

static void test_unknown_type_keeps_header_and_trailer(void **state)
{
	struct record_builder builder = { 0 };
	struct record record;

	record_builder_begin(&builder, 63, 0x1234);
	record_builder_u64(&builder, UINT64_MAX);
	record_builder_trailer(&builder, &recorder_layout, &common_values);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_int_equal(record.type, 63);
	assert_int_equal(record.misc, 0x1234);
	assert_common(&record);

	record_builder_begin(&builder, 200, 0);
	record = decode(&recorder_table, record_builder_end(&builder));
	assert_int_equal(record.type, 200);
	assert_int_equal(record.bytes.size, 8);
	assert_int_equal(record.time_ns, 0);
	record_builder_deinit(&builder);
}

static void test_text_must_end_before_the_trailer(void **state)
{
	struct record_builder builder = { 0 };

	record_builder_begin(&builder, PERF_RECORD_COMM, 0);
	record_builder_u64(&builder, 1);
	record_builder_bytes(&builder, "12345678", 8);
	record_builder_trailer(&builder, &recorder_layout, &(struct record){ 0 });
	assert_fails(&recorder_table, record_builder_end(&builder), ERROR_FORMAT,
		     "text without an end");
	record_builder_deinit(&builder);
}

static void test_impossible_sizes(void **state)
{
	struct record_builder builder = { 0 };
	struct bytes bytes;
	struct perf_event_header header = { .type = PERF_RECORD_COMM };

	record_builder_bytes(&builder, &header, sizeof(header));
	bytes = record_builder_all(&builder);
	for (header.size = 0; header.size < 8; header.size++) {
		memcpy((void *)bytes.data, &header, sizeof(header));
		assert_fails(&recorder_table, bytes, ERROR_FORMAT, "at offset 4096");
	}
	header.size = 16;
	memcpy((void *)bytes.data, &header, sizeof(header));
	assert_fails(&recorder_table, bytes, ERROR_FORMAT, "16 bytes wanted at offset 4096");
	assert_fails(&recorder_table, (struct bytes){ bytes.data, 7 }, ERROR_FORMAT, "only 7 left");
	record_builder_deinit(&builder);
}

/** Every prefix of a record fails; every shortened record either decodes or fails, in bounds. */
static void test_truncation_at_every_byte(void **state)
{
	struct record_builder builder = { 0 };
	struct record values = common_values;
	struct bytes bytes;

	values.mapping.path = "/usr/bin/something";
	bytes = record_builder_mmap2(&builder, &recorder_layout, &values);
	for (size_t size = 0; size < bytes.size; size++) {
		/* A heap copy of exactly that size lets a sanitizer see a read past it. */
		_cleanup_free_ uint8_t *copy = memory_duplicate(bytes.data, size);
		struct error *error;
		struct record record;

		assert_fails(&recorder_table, (struct bytes){ copy, size }, ERROR_FORMAT, "left");
		if (size < sizeof(struct perf_event_header))
			continue;
		memcpy(copy + 6, &(uint16_t){ (uint16_t)size }, sizeof(uint16_t));
		error = record_decode(&recorder_table, (struct bytes){ copy, size }, "test", 0,
				      &record);
		assert_true(error || record.bytes.size == size);
		error_destroy(error);
	}
	record_builder_deinit(&builder);
}

static void test_time_agrees_with_decode(void **state)
{
	const uint64_t sample_types[] = {
		PERF_SAMPLE_TIME,
		PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU,
		PERF_SAMPLE_IP | PERF_SAMPLE_TID,
	};
	struct record values = common_values;

	values.comm.name = "name";
	for (size_t i = 0; i < ARRAY_SIZE(sample_types) * 2; i++) {
		struct record_layout layout = {
			.sample_type = sample_types[i / 2],
			.has_sample_id_all = i % 2,
		};
		struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
		struct record_builder builder = { 0 };
		struct bytes all;

		record_builder_comm(&builder, &layout, &values);
		record_builder_sample(&builder, &layout, &common_values);
		record_builder_finished_round(&builder);
		all = record_builder_all(&builder);
		while (all.size) {
			struct record record = decode(&table, all);
			uint64_t time_ns;
			size_t size_bytes;

			assert_null(
				record_decode_time(&table, all, "test", 0, &time_ns, &size_bytes));
			assert_int_equal(time_ns, record.time_ns);
			assert_int_equal(size_bytes, record.bytes.size);
			all.data += size_bytes;
			all.size -= size_bytes;
		}
		record_builder_deinit(&builder);
	}
}

static void test_layout_of_attr(void **state)
{
	struct perf_event_attr attr = {
		.sample_type = PERF_SAMPLE_IP,
		.read_format = PERF_FORMAT_ID,
		.sample_regs_user = 0xff,
		.sample_regs_intr = 0xf,
		.branch_sample_type = PERF_SAMPLE_BRANCH_ANY,
		.sample_id_all = 1,
	};
	struct record_layout layout = record_layout_of(&attr);

	assert_int_equal(layout.sample_type, PERF_SAMPLE_IP);
	assert_int_equal(layout.read_format, PERF_FORMAT_ID);
	assert_int_equal(layout.user_registers_mask, 0xff);
	assert_int_equal(layout.interrupt_registers_mask, 0xf);
	assert_int_equal(layout.branch_sample_type, PERF_SAMPLE_BRANCH_ANY);
	assert_true(layout.has_sample_id_all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mmap2_with_file_identity),
		cmocka_unit_test(test_mmap2_with_build_id),
		cmocka_unit_test(test_mmap_says_exec_unless_data),
		cmocka_unit_test(test_comm),
		cmocka_unit_test(test_fork_names_the_child),
		cmocka_unit_test(test_lost_counts),
		cmocka_unit_test(test_throttle_and_switch),
		cmocka_unit_test(test_build_id_sizes),
		cmocka_unit_test(test_unknown_type_keeps_header_and_trailer),
		cmocka_unit_test(test_text_must_end_before_the_trailer),
		cmocka_unit_test(test_impossible_sizes),
		cmocka_unit_test(test_truncation_at_every_byte),
		cmocka_unit_test(test_time_agrees_with_decode),
		cmocka_unit_test(test_layout_of_attr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
