#include "cmocka_headers.h"

#include "base/string_table.h"

#include <stdio.h>

static void the_empty_string_is_id_0(void **state)
{
	struct string_table table;

	string_table_init(&table);
	assert_int_equal(string_table_intern(&table, ""), 0);
	assert_int_equal(string_table_intern(&table, NULL), 0);
	assert_int_equal(string_table_intern_length(&table, NULL, 0), 0);
	assert_string_equal(string_table_text(&table, 0), "");
	string_table_deinit(&table);
}

static void equal_text_has_equal_ids(void **state)
{
	struct string_table table;
	char buffer[] = "malloc";
	string_id id;

	string_table_init(&table);
	id = string_table_intern(&table, buffer);
	buffer[0] = 'M';
	assert_int_equal(string_table_intern(&table, "malloc"), id);
	assert_int_equal(string_table_intern_length(&table, "mallocate", 6), id);
	assert_int_not_equal(string_table_intern(&table, buffer), id);
	assert_int_not_equal(string_table_intern(&table, "mallo"), id);
	assert_string_equal(string_table_text(&table, id), "malloc");
	string_table_deinit(&table);
}

static void texts_stay_where_they_are(void **state)
{
	struct string_table table;
	const char *first;
	char name[32];

	string_table_init(&table);
	first = string_table_text(&table, string_table_intern(&table, "first"));
	for (int i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "function_%d", i);
		assert_int_equal(string_table_intern(&table, name), i + 2);
	}
	assert_ptr_equal(string_table_text(&table, 1), first);
	assert_string_equal(first, "first");
	assert_string_equal(string_table_text(&table, 50001), "function_49999");
	string_table_deinit(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_string_is_id_0),
		cmocka_unit_test(equal_text_has_equal_ids),
		cmocka_unit_test(texts_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
