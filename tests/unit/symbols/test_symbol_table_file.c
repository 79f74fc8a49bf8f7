#include "symbols/symbol_table_file_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void add(struct symbol_table_builder *builder, uint64_t address, uint64_t size_bytes,
		uint32_t name_offset, enum symbol_pool pool)
{
	symbol_candidate_vector_append(&builder->candidates, (struct symbol_candidate){
								     .address = address,
								     .end = address + size_bytes,
								     .name_offset = name_offset,
								     .pool = (uint8_t)pool,
								     .is_sized = true,
							     });
}

static struct byte_vector write_example(void)
{
	static const char main_names[] = "\0main\0twice", dynamic_names[] = "\0exported";
	struct symbol_table_builder builder = { 0 };
	struct byte_vector content = { 0 };
	struct symbol_table table;

	symbol_table_set_pool(&builder.table, SYMBOL_POOL_MAIN, main_names, sizeof(main_names));
	symbol_table_set_pool(&builder.table, SYMBOL_POOL_DYNAMIC, dynamic_names,
			      sizeof(dynamic_names));
	add(&builder, 0x300, 0x10, 6, SYMBOL_POOL_MAIN);
	add(&builder, 0x100, 0x100, 1, SYMBOL_POOL_MAIN);
	add(&builder, 0x200, 0x40, 1, SYMBOL_POOL_DYNAMIC);
	add(&builder, 0x400, 0x10, symbol_table_make_name(&builder.table, "exported", "@plt"),
	    SYMBOL_POOL_MADE);
	symbol_table_build(&builder, &table);
	symbol_table_file_write(&table, 77, &content);
	symbol_table_deinit(&table);
	return content;
}

static void expect(const struct symbol_table *table, uint64_t address, const char *name)
{
	size_t hint = 0;
	const struct symbol_entry *entry = symbol_table_find(table, address, &hint);

	if (!name) {
		assert_null(entry);
		return;
	}
	assert_non_null(entry);
	assert_string_equal(symbol_table_name(table, entry), name);
}

static void test_a_table_comes_back(void **state)
{
	struct byte_vector content = write_example();
	struct symbol_table table;
	uint32_t tag;

	assert_null(symbol_table_file_read((struct bytes){ content.items, content.count }, &table,
					   &tag));
	assert_int_equal(tag, 77);
	assert_int_equal(table.count, 4);
	expect(&table, 0xff, NULL);
	expect(&table, 0x1ff, "main");
	expect(&table, 0x200, "exported");
	expect(&table, 0x240, NULL);
	expect(&table, 0x300, "twice");
	expect(&table, 0x40f, "exported@plt");
	symbol_table_deinit(&table);
	byte_vector_deinit(&content);
}

/** @return whether it was accepted; then all of it was read. */
static bool read_all(const uint8_t *bytes, size_t size_bytes)
{
	_cleanup_free_ uint8_t *copy = memory_allocate(size_bytes + !size_bytes, 1);
	_cleanup_error_ struct error *error = NULL;
	struct symbol_table table;
	size_t length = 0, hint = 0;
	uint32_t tag;

	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	error = symbol_table_file_read((struct bytes){ copy, size_bytes }, &table, &tag);
	if (error)
		return false;
	for (uint64_t address = 0; address < 0x500; address++) {
		const struct symbol_entry *entry = symbol_table_find(&table, address, &hint);

		if (entry)
			length += strlen(symbol_table_name(&table, entry));
	}
	symbol_table_deinit(&table);
	assert_true(length < 1000000);
	return true;
}

static void test_cut_anywhere(void **state)
{
	struct byte_vector content = write_example();

	assert_true(read_all(content.items, content.count));
	for (size_t size = 0; size < content.count; size++)
		assert_false(read_all(content.items, size));
	byte_vector_deinit(&content);
}

static void test_changed_anywhere(void **state)
{
	static const uint8_t changes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	struct byte_vector content = write_example();
	unsigned int n_refused = 0;

	for (size_t i = 0; i < content.count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
			content.items[i] ^= changes[k];
			n_refused += !read_all(content.items, content.count);
			content.items[i] ^= changes[k];
		}
	}
	/* Each bit of the two counts. */
	assert_true(n_refused >= 8 * 8);
	byte_vector_deinit(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_table_comes_back),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_changed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
