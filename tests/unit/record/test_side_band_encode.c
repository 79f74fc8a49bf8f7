#include "record_builder.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <cmocka.h>

static const struct record_layout layout = {
	.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
		       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
	.has_sample_id_all = true,
};

static const struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };

/** Encode and decode again; the bytes live as long as @p buffer. */
static struct record round_trip(const struct record *record, uint64_t *buffer)
{
	size_t size_bytes = record_encode_side_band(&layout, record, (uint8_t *)buffer);
	struct record decoded;

	assert_int_equal(size_bytes % 8, 0);
	assert_null(record_decode(&table,
				  (struct bytes){ .data = (uint8_t *)buffer, .size = size_bytes },
				  "test", 0, &decoded));
	assert_int_equal(decoded.bytes.size, size_bytes);
	assert_int_equal(decoded.type, record->type);
	assert_int_equal(decoded.pid, record->pid);
	assert_int_equal(decoded.tid, record->tid);
	assert_int_equal(decoded.time_ns, record->time_ns);
	assert_int_equal(decoded.cpu, record->cpu);
	return decoded;
}

static uint64_t *make_buffer(void)
{
	return memory_allocate(RECORD_SIZE_MAX_BYTES / 8, 8);
}

static void test_mapping(void **state)
{
	const struct record record = {
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.pid = 10,
		.tid = 11,
		.time_ns = 12,
		.cpu = 3,
		.id = 99,
		.mapping = { .start = 0x7f0000001000,
			     .size_bytes = 0x5000,
			     .file_offset = 0x2000,
			     .device_major = 8,
			     .device_minor = 1,
			     .inode = 12345,
			     .protection = PROT_READ | PROT_EXEC,
			     .flags = MAP_PRIVATE,
			     .path = "/usr/lib/a b\n.so" },
	};
	uint64_t *buffer = make_buffer();
	struct record decoded = round_trip(&record, buffer);

	assert_int_equal(decoded.mapping.start, record.mapping.start);
	assert_int_equal(decoded.mapping.size_bytes, record.mapping.size_bytes);
	assert_int_equal(decoded.mapping.file_offset, record.mapping.file_offset);
	assert_int_equal(decoded.mapping.device_major, 8);
	assert_int_equal(decoded.mapping.inode, 12345);
	assert_int_equal(decoded.mapping.protection, PROT_READ | PROT_EXEC);
	assert_string_equal(decoded.mapping.path, record.mapping.path);
	free(buffer);
}

static void test_mapping_with_build_id(void **state)
{
	const struct record record = {
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.pid = 10,
		.tid = 10,
		.mapping = { .start = 0x1000,
			     .size_bytes = 0x1000,
			     .build_id = { .bytes = { 1, 2, 3 }, .size_bytes = 20 },
			     .protection = PROT_READ | PROT_EXEC,
			     .path = "/bin/x" },
	};
	uint64_t *buffer = make_buffer();
	struct record decoded = round_trip(&record, buffer);

	assert_true(build_id_equal(&decoded.mapping.build_id, &record.mapping.build_id));
	assert_int_equal(decoded.mapping.inode, 0);
	assert_int_equal(decoded.mapping.protection, PROT_READ | PROT_EXEC);
	assert_string_equal(decoded.mapping.path, "/bin/x");
	free(buffer);
}

static void test_comm_of_each_length(void **state)
{
	uint64_t *buffer = make_buffer();

	for (size_t length = 0; length < 32; length++) {
		char name[33] = "";
		const struct record record = {
			.type = PERF_RECORD_COMM, .pid = 5, .tid = 6, .comm = { .name = name }
		};

		memset(name, 'x', length);
		assert_string_equal(round_trip(&record, buffer).comm.name, name);
	}
	free(buffer);
}

static void test_fork(void **state)
{
	const struct record record = {
		.type = PERF_RECORD_FORK,
		.pid = 20,
		.tid = 21,
		.task = { .pid = 20, .parent_pid = 10, .tid = 21, .parent_tid = 11, .time_ns = 7 },
	};
	uint64_t *buffer = make_buffer();
	struct record decoded = round_trip(&record, buffer);

	assert_int_equal(decoded.task.parent_pid, 10);
	assert_int_equal(decoded.task.parent_tid, 11);
	assert_int_equal(decoded.task.time_ns, 7);
	free(buffer);
}

static void test_endless_path_is_cut(void **state)
{
	char *path = memory_allocate(1, 100001);
	const struct record record = { .type = PERF_RECORD_MMAP2, .mapping = { .path = path } };
	uint64_t *buffer = make_buffer();

	memset(path, 'p', 100000);
	assert_int_equal(strlen(round_trip(&record, buffer).mapping.path),
			 RECORD_TEXT_SIZE_MAX_BYTES - 1);
	free(buffer);
	free(path);
}

static void test_throttle(void **state)
{
	for (uint32_t type = PERF_RECORD_THROTTLE; type <= PERF_RECORD_UNTHROTTLE; type++) {
		const struct record record = {
			.type = type, .time_ns = 12, .id = 99, .throttle = { .time_ns = 12 }
		};
		_cleanup_free_ uint64_t *buffer = make_buffer();
		struct record decoded = round_trip(&record, buffer);

		assert_int_equal(decoded.throttle.time_ns, 12);
		assert_int_equal(decoded.throttle.is_end, type == PERF_RECORD_UNTHROTTLE);
		assert_int_equal(decoded.id, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_mapping_with_build_id),
		cmocka_unit_test(test_comm_of_each_length),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_endless_path_is_cut),
		cmocka_unit_test(test_throttle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
