#include "symbols/kallsyms_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct error *parse(const char *text, struct symbol_table *ret)
{
	return kallsyms_parse(memory_duplicate_text(text), strlen(text), ret);
}

static void expect(const struct symbol_table *table, uint64_t address, const char *name)
{
	size_t hint = 0;
	const struct symbol_entry *entry = symbol_table_find(table, address, &hint);

	if (name) {
		assert_non_null(entry);
		assert_string_equal(symbol_table_name(table, entry), name);
	} else {
		assert_null(entry);
	}
}

static void test_kernel_and_modules(void **state)
{
	struct symbol_table table;

	assert_null(parse("0000000000000000 A fixed_percpu_data\n"
			  "ffffffff81000000 T _stext\n"
			  "ffffffff81000000 t local_alias\n"
			  "ffffffff81000040 t do_work\n"
			  "ffffffff81000100 W weak_work\n"
			  "ffffffff81000200 D some_data\n"
			  "ffffffff81000300 T after_data\n"
			  "ffffffffc0001000 t ext4_open\t[ext4]\n"
			  "ffffffffc0000010 t btrfs_open\t[btrfs]\n"
			  "ffffffffc0002000 t bpf_prog_1234_main\t[bpf]",
			  &table));
	expect(&table, 0xffffffff81000000, "_stext");
	expect(&table, 0xffffffff8100003f, "_stext");
	expect(&table, 0xffffffff810000ff, "do_work");
	expect(&table, 0xffffffff810001ff, "weak_work");
	expect(&table, 0xffffffff81000200, NULL);
	expect(&table, 0xffffffff81000300, "after_data");
	expect(&table, 0xffffffffc0000010, "btrfs_open [btrfs]");
	expect(&table, 0xffffffffc0001fff, "ext4_open [ext4]");
	expect(&table, 0xffffffffc0002fff, "bpf_prog_1234_main [bpf]");
	expect(&table, 0xffffffffc0003000, NULL);
	symbol_table_deinit(&table);
}

static void test_hidden_addresses_are_a_permission_problem(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	struct symbol_table table;

	error = parse("0000000000000000 T _stext\n0000000000000000 t do_work\n", &table);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_PERMISSION);
	assert_non_null(strstr(error->message, "kptr_restrict"));
	assert_non_null(error->hint);
}

static void test_bad_lines_are_skipped(void **state)
{
	struct symbol_table table;

	assert_null(parse("\n"
			  "nonsense\n"
			  "ffffffff81000000\n"
			  "ffffffff81000000 T\n"
			  "ffffffff81000000 TT name\n"
			  " T name\n"
			  "ffffffff81000010 T good\n",
			  &table));
	assert_int_equal(table.count, 1);
	expect(&table, 0xffffffff81000010, "good");
	symbol_table_deinit(&table);
}

static void test_empty_is_an_error(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	struct symbol_table table;

	error = parse("", &table);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
}

static void test_missing_file(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	struct symbol_table table;

	error = kallsyms_read("/nonexistent/kallsyms", &table);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_and_modules),
		cmocka_unit_test(test_hidden_addresses_are_a_permission_problem),
		cmocka_unit_test(test_bad_lines_are_skipped),
		cmocka_unit_test(test_empty_is_an_error),
		cmocka_unit_test(test_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
