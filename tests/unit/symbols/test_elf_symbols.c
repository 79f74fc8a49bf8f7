/** Symbols of ELF files. Arguments: programs that call atoi or strtol of another library. */

#include "symbols/elf_symbols_internal.h"

#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char **program_paths;
static int n_programs;

static void test_functions(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct elf_symbols_found found;
		struct fixture_program program;
		const struct symbol_entry *entry;
		struct symbol_table table;
		size_t hint = 0;
		uint64_t address;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		assert_null(elf_symbols_read(program.object, NULL, &table, &found));
		assert_true(found.has_full);
		assert_true(found.has_dynamic);
		address = fixture_program_symbol(&program, "mark_innermost");
		entry = symbol_table_find(&table, address, &hint);
		assert_non_null(entry);
		assert_string_equal(symbol_table_name(&table, entry), "outermost");
		assert_int_equal(entry->address, fixture_program_symbol(&program, "outermost"));
		for (size_t k = 1; k < table.count; k++)
			assert_true(table.entries[k - 1].address < table.entries[k].address);
		symbol_table_deinit(&table);
		fixture_program_close(&program);
	}
}

static void test_stubs_are_named_after_what_they_call(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct elf_symbols_found found;
		struct fixture_program program;
		struct symbol_table table;
		size_t n_stubs = 0;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		assert_null(elf_symbols_read(program.object, NULL, &table, &found));
		for (size_t k = 0; k < table.count; k++) {
			const char *name = symbol_table_name(&table, &table.entries[k]);

			if (strcmp(name, "strtol@plt") == 0 || strcmp(name, "atoi@plt") == 0)
				n_stubs++;
		}
		assert_int_equal(n_stubs, 1);
		symbol_table_deinit(&table);
		fixture_program_close(&program);
	}
}

static void test_object_without_file(void **state)
{
	struct fixture_program program;
	struct symbol_result result;

	fixture_program_open(&program, "/nonexistent/program", &(struct symbolizer_options){ 0 });
	result = fixture_program_resolve(&program, 0x1000);
	assert_int_equal(result.status, SYMBOL_NO_TABLE);
	assert_int_equal(symbolizer_source_kind(program.symbolizer, program.object), SYMBOLS_NONE);
	fixture_program_close(&program);
}

static void test_address_without_symbol(void **state)
{
	struct fixture_program program;

	fixture_program_open(&program, program_paths[0], &(struct symbolizer_options){ 0 });
	assert_int_equal(fixture_program_resolve(&program, 1).status, SYMBOL_NO_MATCH);
	assert_int_equal(fixture_program_resolve(&program, UINT64_MAX).status, SYMBOL_NO_MATCH);
	fixture_program_close(&program);
}

static void test_kernel_with_hidden_addresses(void **state)
{
	char path[] = "/tmp/kallsyms-test-XXXXXX";
	struct symbolizer_options options = { .kallsyms_path = path };
	struct object_registry *registry = object_registry_create(NULL);
	struct object *kernel = object_registry_kernel(registry);
	uint64_t address = 0xffffffff81000010;
	struct symbolizer *symbolizer;
	struct symbol_result result;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(write(fd, "0000000000000000 T _text\n", 25) == 25);
	close(fd);
	symbolizer = symbolizer_create(&options);
	symbolizer_resolve(symbolizer, kernel, &address, 1, &result);
	assert_int_equal(result.status, SYMBOL_NO_TABLE);
	assert_non_null(strstr(symbolizer_object_problem(symbolizer, kernel), "kptr_restrict"));
	symbolizer_destroy(symbolizer);
	object_registry_destroy(registry);
	unlink(path);
}

static void test_jit_code_of_a_process(void **state)
{
	_cleanup_free_ char *path = memory_format_text("/tmp/perf-%d.map", getpid());
	struct object_registry *registry = object_registry_create(NULL);
	struct object *object = object_registry_memory(registry, (uint32_t)getpid(), "//anon");
	struct symbolizer *symbolizer = symbolizer_create(&(struct symbolizer_options){ 0 });
	uint64_t addresses[] = { 0x7f0000001008, 0x7f0000001010 };
	struct symbol_result results[2];
	FILE *file;

	/* A runtime that had our pid before may have left one. */
	unlink(path);
	file = fopen(path, "wx");
	assert_non_null(file);
	fputs("7f0000001000 10 LazyCompile:*run /srv/app.js:12\n", file);
	fclose(file);
	symbolizer_resolve(symbolizer, object, addresses, 2, results);
	unlink(path);
	assert_int_equal(results[0].status, SYMBOL_FOUND);
	assert_string_equal(results[0].frames[0].name, "LazyCompile:*run /srv/app.js:12");
	assert_int_equal(results[0].symbol_elf_address, 0x7f0000001000);
	assert_int_equal(results[0].symbol_size_bytes, 0x10);
	assert_int_equal(results[1].status, SYMBOL_NO_MATCH);
	symbolizer_destroy(symbolizer);
	object_registry_destroy(registry);
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_stubs_are_named_after_what_they_call),
		cmocka_unit_test(test_object_without_file),
		cmocka_unit_test(test_address_without_symbol),
		cmocka_unit_test(test_kernel_with_hidden_addresses),
		cmocka_unit_test(test_jit_code_of_a_process),
	};

	if (n_arguments < 2)
		return 2;
	program_paths = arguments + 1;
	n_programs = n_arguments - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
