#include "cmocka_headers.h"

#include "base/vector.h"

struct pair {
	int first;
	int second;
};

DEFINE_VECTOR(pair_vector, struct pair)

static void items_keep_their_order_while_growing(void **state)
{
	struct address_vector vector = { 0 };

	for (uint64_t i = 0; i < 10000; i++)
		address_vector_append(&vector, i * 3);
	assert_int_equal(vector.count, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(vector.items[i], i * 3);
	address_vector_deinit(&vector);
	assert_null(vector.items);
	assert_int_equal(vector.count, 0);
	assert_int_equal(vector.capacity, 0);
}

static void a_new_item_is_zeroed(void **state)
{
	struct pair_vector vector = { 0 };

	for (int i = 0; i < 100; i++) {
		struct pair *pair = pair_vector_append_new(&vector);

		assert_int_equal(pair->first, 0);
		assert_int_equal(pair->second, 0);
		*pair = (struct pair){ i, -i };
	}
	/* Also where an older item was. */
	pair_vector_clear(&vector);
	assert_int_equal(pair_vector_append_new(&vector)->second, 0);
	assert_int_equal(vector.count, 1);
	pair_vector_deinit(&vector);
}

static void clear_keeps_and_reserve_never_shrinks_memory(void **state)
{
	struct index_vector vector = { 0 };
	uint32_t *items;

	index_vector_reserve(&vector, 50);
	items = vector.items;
	for (uint32_t i = 0; i < 50; i++)
		index_vector_append(&vector, i);
	assert_ptr_equal(vector.items, items);
	index_vector_reserve(&vector, 10);
	index_vector_clear(&vector);
	assert_int_equal(vector.count, 0);
	assert_int_equal(vector.capacity, 50);
	index_vector_deinit(&vector);
}

static void runs_of_bytes_are_appended(void **state)
{
	struct byte_vector vector = { 0 };

	byte_vector_append_bytes(&vector, NULL, 0);
	assert_null(vector.items);
	byte_vector_append_bytes(&vector, "abc", 3);
	byte_vector_append(&vector, 'd');
	byte_vector_append_bytes(&vector, "efghijklmnopqrstuvwxyz", 22);
	assert_int_equal(vector.count, 26);
	assert_memory_equal(vector.items, "abcdefghijklmnopqrstuvwxyz", 26);
	byte_vector_deinit(&vector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_keep_their_order_while_growing),
		cmocka_unit_test(a_new_item_is_zeroed),
		cmocka_unit_test(clear_keeps_and_reserve_never_shrinks_memory),
		cmocka_unit_test(runs_of_bytes_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
