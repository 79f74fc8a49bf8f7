#include "process/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#define PID 100

static struct record mapping_record(uint64_t start, uint64_t end, uint64_t file_offset,
				    const char *path)
{
	return (struct record){
		.type = PERF_RECORD_MMAP2,
		.pid = PID,
		.tid = PID,
		.mapping = { .start = start,
			     .size_bytes = end - start,
			     .file_offset = file_offset,
			     .inode = 1,
			     .protection = PROT_READ | PROT_EXEC,
			     .path = path },
	};
}

static void map(struct process_table *table, uint64_t start, uint64_t end, uint64_t file_offset,
		const char *path)
{
	struct record record = mapping_record(start, end, file_offset, path);

	process_table_apply(table, &record);
}

static int set_up(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	struct process_table **table = memory_allocate(2, sizeof(void *));

	table[0] = process_table_create(registry);
	((struct object_registry **)table)[1] = registry;
	*state = table;
	return 0;
}

static int tear_down(void **state)
{
	process_table_destroy(((struct process_table **)*state)[0]);
	object_registry_destroy(((struct object_registry **)*state)[1]);
	free(*state);
	return 0;
}

static struct process_table *table_of(void **state)
{
	return *(struct process_table **)*state;
}

static void check_mapping(const struct mapping *mapping, uint64_t start, uint64_t end,
			  uint64_t file_offset, const char *path)
{
	assert_non_null(mapping);
	assert_int_equal(mapping->start, start);
	assert_int_equal(mapping->end, end);
	assert_int_equal(mapping->file_offset, file_offset);
	assert_string_equal(mapping->object->path, path);
}

static void test_find(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);

	assert_null(process_find_mapping(process, 0x1000));
	map(table, 0x3000, 0x4000, 0, "/b");
	map(table, 0x1000, 0x2000, 0x5000, "/a");
	assert_int_equal(process->mappings.count, 2);
	assert_null(process_find_mapping(process, 0xfff));
	check_mapping(process_find_mapping(process, 0x1000), 0x1000, 0x2000, 0x5000, "/a");
	check_mapping(process_find_mapping(process, 0x1fff), 0x1000, 0x2000, 0x5000, "/a");
	assert_null(process_find_mapping(process, 0x2000));
	check_mapping(process_find_mapping(process, 0x3000), 0x3000, 0x4000, 0, "/b");
	assert_null(process_find_mapping(process, UINT64_MAX));
}

static void test_cut_both_ends_and_split(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);

	map(table, 0x1000, 0x5000, 0x10000, "/a");
	map(table, 0x2000, 0x3000, 0, "/b");
	assert_int_equal(process->mappings.count, 3);
	check_mapping(&process->mappings.items[0], 0x1000, 0x2000, 0x10000, "/a");
	check_mapping(&process->mappings.items[1], 0x2000, 0x3000, 0, "/b");
	check_mapping(&process->mappings.items[2], 0x3000, 0x5000, 0x12000, "/a");

	map(table, 0x1800, 0x4000, 0x400, "/c");
	assert_int_equal(process->mappings.count, 3);
	check_mapping(&process->mappings.items[0], 0x1000, 0x1800, 0x10000, "/a");
	check_mapping(&process->mappings.items[1], 0x1800, 0x4000, 0x400, "/c");
	check_mapping(&process->mappings.items[2], 0x4000, 0x5000, 0x13000, "/a");
}

static void test_generation_counts_changes_only(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);
	uint64_t generation = process->generation;

	map(table, 0x1000, 0x5000, 0, "/a");
	assert_true(process->generation > generation);
	generation = process->generation;
	map(table, 0x1000, 0x5000, 0, "/a");
	map(table, 0x2000, 0x3000, 0x1000, "/a");
	assert_int_equal(process->generation, generation);
	map(table, 0x2000, 0x3000, 0x2000, "/a");
	assert_true(process->generation > generation);
}

static void test_anonymous_memory_protected_again_is_no_change(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);
	uint64_t generation;

	map(table, 0x10000, 0x20000, 0x10000, "//anon");
	generation = process->generation;
	map(table, 0x12000, 0x13000, 0, "//anon");
	assert_int_equal(process->generation, generation);
	assert_int_equal(process->mappings.count, 1);
}

static void test_nonsense_is_ignored(void **state)
{
	struct process_table *table = table_of(state);
	struct record kernel = mapping_record(0x1000, 0x2000, 0, "[kernel.kallsyms]_text");

	kernel.pid = UINT32_MAX;
	process_table_apply(table, &kernel);
	assert_int_equal(process_table_find(table, UINT32_MAX)->mappings.count, 0);
	map(table, 0x1000, 0x1000, 0, "/empty");
	map(table, 0x2000, 0x1000, 0, "/negative");
	map(table, UINT64_MAX - 0xfff, 0x1000, 0, "/wraps");
	assert_int_equal(process_table_find(table, PID)->mappings.count, 0);
}

static void test_data_mapping_cuts(void **state)
{
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);
	struct record data = mapping_record(0x2000, 0x3000, 0, "/data");
	uint64_t generation;

	data.mapping.protection = PROT_READ | PROT_WRITE;
	generation = process->generation;
	process_table_apply(table, &data);
	assert_int_equal(process->generation, generation);
	map(table, 0x1000, 0x4000, 0, "/a");
	generation = process->generation;
	process_table_apply(table, &data);
	assert_true(process->generation > generation);
	assert_null(process_find_mapping(process, 0x2800));
	check_mapping(process_find_mapping(process, 0x3000), 0x3000, 0x4000, 0x2000, "/a");
}

/* The model: what each small address means, one array element an address. */
#define MODEL_SIZE 64

struct model {
	const char *paths[MODEL_SIZE];
	uint64_t file_offsets[MODEL_SIZE];
};

static void check_model(const struct process *process, const struct model *model)
{
	for (size_t i = 1; i < process->mappings.count; i++)
		assert_true(process->mappings.items[i - 1].end <= process->mappings.items[i].start);
	for (uint64_t address = 0; address < MODEL_SIZE; address++) {
		const struct mapping *mapping = process_find_mapping(process, address);

		if (!model->paths[address]) {
			assert_null(mapping);
			continue;
		}
		assert_non_null(mapping);
		assert_true(mapping->start <= address && address < mapping->end);
		assert_string_equal(mapping->object->path, model->paths[address]);
		assert_int_equal(mapping->file_offset + (address - mapping->start),
				 model->file_offsets[address]);
	}
}

static void test_random_operations_against_model(void **state)
{
	static const char *const paths[] = { "/a", "/b", "/c", NULL };
	struct process_table *table = table_of(state);
	struct process *process = process_table_find(table, PID);
	unsigned int seed = 20240817;
	struct model model = { 0 };

	for (int round = 0; round < 20000; round++) {
		const char *path = paths[rand_r(&seed) % ARRAY_SIZE(paths)];
		uint64_t start = rand_r(&seed) % MODEL_SIZE;
		uint64_t end = start + 1 + rand_r(&seed) % (MODEL_SIZE - start);
		uint64_t file_offset = start + rand_r(&seed) % 3 * 100;
		struct record record = mapping_record(start, end, file_offset, path ? path : "");

		/* Mostly short ranges, so that many live at once. */
		if (round % 8)
			end = MIN(end, start + 4);
		record.mapping.size_bytes = end - start;
		if (!path)
			record.mapping.protection = PROT_READ;
		process_table_apply(table, &record);
		for (uint64_t address = start; address < end; address++) {
			model.paths[address] = path;
			model.file_offsets[address] = file_offset + (address - start);
		}
		check_model(process, &model);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_both_ends_and_split, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_generation_counts_changes_only, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_anonymous_memory_protected_again_is_no_change,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense_is_ignored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_data_mapping_cuts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_operations_against_model, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
