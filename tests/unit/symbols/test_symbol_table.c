#include "symbols/symbol_table_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void add(struct symbol_table_builder *builder, const char *name, uint64_t address,
		uint64_t end, enum symbol_binding binding, bool is_sized)
{
	symbol_candidate_vector_append(
		&builder->candidates,
		(struct symbol_candidate){
			.address = address,
			.end = end,
			.name_offset = symbol_table_make_name(&builder->table, name, ""),
			.pool = SYMBOL_POOL_MADE,
			.binding = (uint8_t)binding,
			.is_sized = is_sized,
		});
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

static void test_one_name_an_address(void **state)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;

	add(&builder, "local", 0x100, 0x110, SYMBOL_BINDING_LOCAL, true);
	add(&builder, "weak", 0x100, 0x110, SYMBOL_BINDING_WEAK, true);
	add(&builder, "__global", 0x100, 0x110, SYMBOL_BINDING_GLOBAL, true);
	add(&builder, "_global", 0x100, 0x110, SYMBOL_BINDING_GLOBAL, true);
	add(&builder, "global", 0x100, 0x110, SYMBOL_BINDING_GLOBAL, true);
	add(&builder, "unsized", 0x100, 0x200, SYMBOL_BINDING_GLOBAL, false);
	add(&builder, "only_local_is_sized", 0x80, 0x90, SYMBOL_BINDING_LOCAL, true);
	add(&builder, "unsized_global", 0x80, 0x200, SYMBOL_BINDING_GLOBAL, false);
	symbol_table_build(&builder, &table);

	assert_int_equal(table.count, 2);
	expect(&table, 0x100, "global");
	expect(&table, 0x80, "only_local_is_sized");
	symbol_table_deinit(&table);
}

static void test_ends(void **state)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;

	add(&builder, "sized", 0x100, 0x110, SYMBOL_BINDING_GLOBAL, true);
	add(&builder, "to_next", 0x120, 0x400, SYMBOL_BINDING_GLOBAL, false);
	add(&builder, "to_section_end", 0x200, 0x240, SYMBOL_BINDING_GLOBAL, false);
	add(&builder, "other", 0x500, 0x510, SYMBOL_BINDING_GLOBAL, true);
	symbol_table_build(&builder, &table);

	expect(&table, 0xff, NULL);
	expect(&table, 0x100, "sized");
	expect(&table, 0x10f, "sized");
	expect(&table, 0x110, NULL);
	expect(&table, 0x120, "to_next");
	expect(&table, 0x1ff, "to_next");
	expect(&table, 0x23f, "to_section_end");
	expect(&table, 0x240, NULL);
	expect(&table, 0x50f, "other");
	expect(&table, 0x510, NULL);
	expect(&table, UINT64_MAX, NULL);
	symbol_table_deinit(&table);
}

static void test_symbols_inside_symbols(void **state)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;

	add(&builder, "outer", 0x100, 0x200, SYMBOL_BINDING_GLOBAL, true);
	add(&builder, "inner", 0x140, 0x150, SYMBOL_BINDING_LOCAL, true);
	add(&builder, "label", 0x180, 0x400, SYMBOL_BINDING_GLOBAL, false);
	symbol_table_build(&builder, &table);

	expect(&table, 0x13f, "outer");
	expect(&table, 0x140, "inner");
	expect(&table, 0x150, "outer");
	expect(&table, 0x180, "outer");
	assert_int_equal(table.count, 2);
	symbol_table_deinit(&table);
}

static void test_merge_agrees_with_single_searches(void **state)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;
	size_t hint = 0;

	for (uint64_t i = 1000; i-- > 0;) {
		char name[32];

		snprintf(name, sizeof(name), "function_%03d", (int)i);
		add(&builder, name, 0x1000 + i * 16, 0x1000 + i * 16 + 8 + i % 8,
		    SYMBOL_BINDING_GLOBAL, true);
	}
	symbol_table_build(&builder, &table);
	assert_int_equal(table.count, 1000);
	for (uint64_t address = 0xff0; address < 0x1000 + 1001 * 16; address += 7) {
		size_t fresh = 0;

		assert_ptr_equal(symbol_table_find(&table, address, &hint),
				 symbol_table_find(&table, address, &fresh));
	}
	/* A hint from a higher address does no harm. */
	assert_non_null(symbol_table_find(&table, 0x1000, &hint));
	symbol_table_deinit(&table);
}

static void test_empty(void **state)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;

	symbol_table_build(&builder, &table);
	expect(&table, 0, NULL);
	expect(&table, 0x1000, NULL);
	symbol_table_deinit(&table);
}

static void test_pool_must_be_terminated(void **state)
{
	struct symbol_table table = { 0 };
	struct symbol_entry beyond = { .name = 6 };
	struct symbol_entry inside = { .name = 2 };

	symbol_table_set_pool(&table, SYMBOL_POOL_MAIN, "\0\0ab\0cd", 7);
	assert_int_equal(table.pools[SYMBOL_POOL_MAIN].size_bytes, 5);
	assert_string_equal(symbol_table_name(&table, &inside), "ab");
	assert_string_equal(symbol_table_name(&table, &beyond), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_name_an_address),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_symbols_inside_symbols),
		cmocka_unit_test(test_merge_agrees_with_single_searches),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_pool_must_be_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
