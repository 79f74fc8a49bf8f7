#include "cmocka_headers.h"

#include "base/hash_map.h"

DEFINE_HASH_MAP(number_map, uint32_t, uint64_t, hash_u32, equal_u32)
DEFINE_HASH_MAP(text_map, const char *, int, hash_text, equal_text)

static uint64_t hash_all_alike(uint32_t value)
{
	(void)value;
	return UINT64_MAX;
}

DEFINE_HASH_MAP(colliding_map, uint32_t, uint32_t, hash_all_alike, equal_u32)

static void an_empty_map_has_nothing(void **state)
{
	struct number_map map = { 0 };
	size_t cursor = 0;
	uint64_t *value;
	uint32_t key;

	assert_null(number_map_find(&map, 0));
	assert_false(number_map_next(&map, &cursor, &key, &value));
	number_map_deinit(&map);
}

static void values_are_found_again(void **state)
{
	struct number_map map = { 0 };

	for (uint32_t i = 0; i < 20000; i++) {
		bool is_new = false;
		uint64_t *value = number_map_insert(&map, i * 7, &is_new);

		assert_true(is_new);
		assert_int_equal(*value, 0);
		*value = i;
	}
	assert_int_equal(map.count, 20000);
	for (uint32_t i = 0; i < 20000; i++)
		assert_int_equal(*number_map_find(&map, i * 7), i);
	assert_null(number_map_find(&map, 1));
	number_map_deinit(&map);
}

static void removed_keys_are_gone_and_no_others(void **state)
{
	struct number_map map = { 0 };
	struct colliding_map colliding = { 0 };

	number_map_remove(&map, 1);
	for (uint32_t i = 0; i < 20000; i++)
		*number_map_insert(&map, i * 7, NULL) = i;
	for (uint32_t i = 0; i < 20000; i += 3)
		number_map_remove(&map, i * 7);
	number_map_remove(&map, 1);
	for (uint32_t i = 0; i < 20000; i++) {
		const uint64_t *value = number_map_find(&map, i * 7);

		assert_true(i % 3 == 0 ? !value : value && *value == i);
	}
	assert_int_equal(map.count, 20000 - 6667);
	assert_int_equal(*number_map_insert(&map, 0, NULL), 0);
	for (uint32_t i = 0; i < 12; i++)
		*colliding_map_insert(&colliding, i, NULL) = i + 1;
	for (uint32_t i = 0; i < 12; i += 2)
		colliding_map_remove(&colliding, i);
	for (uint32_t i = 0; i < 12; i++)
		assert_true(i % 2 == 0 ? !colliding_map_find(&colliding, i)
				       : *colliding_map_find(&colliding, i) == i + 1);
	number_map_deinit(&map);
	colliding_map_deinit(&colliding);
}

static void a_second_insert_gives_the_same_value(void **state)
{
	struct number_map map = { 0 };
	bool is_new = true;

	*number_map_insert(&map, 5, NULL) = 50;
	assert_int_equal(*number_map_insert(&map, 5, &is_new), 50);
	assert_false(is_new);
	assert_int_equal(map.count, 1);
	number_map_deinit(&map);
}

static void colliding_keys_are_kept_apart(void **state)
{
	struct colliding_map map = { 0 };

	for (uint32_t i = 0; i < 200; i++)
		*colliding_map_insert(&map, i, NULL) = i + 1;
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(*colliding_map_find(&map, i), i + 1);
	assert_null(colliding_map_find(&map, 200));
	colliding_map_deinit(&map);
}

static void next_visits_each_entry_once(void **state)
{
	struct number_map map = { 0 };
	uint64_t sum = 0, *value;
	size_t cursor = 0, n_visited = 0;
	uint32_t key;

	for (uint32_t i = 1; i <= 100; i++)
		*number_map_insert(&map, i, NULL) = i;
	while (number_map_next(&map, &cursor, &key, &value)) {
		assert_int_equal(*value, key);
		sum += key;
		n_visited++;
	}
	assert_int_equal(n_visited, 100);
	assert_int_equal(sum, 5050);
	number_map_deinit(&map);
}

static void texts_are_compared_not_their_addresses(void **state)
{
	struct text_map map = { 0 };
	char key[] = "name";

	*text_map_insert(&map, key, NULL) = 1;
	assert_int_equal(*text_map_find(&map, "name"), 1);
	assert_null(text_map_find(&map, "nam"));
	text_map_deinit(&map);
}

static void hashes_are_stable(void **state)
{
	/* Kept in files and colours: they must not change between versions. */
	assert_int_equal(hash_u64(0), 0);
	assert_int_equal(hash_u64(1), UINT64_C(0xb456bcfc34c2cb2c));
	assert_int_equal(hash_text("a"), hash_bytes("a", 1));
	assert_int_not_equal(hash_text("ab"), hash_text("ba"));
	assert_int_not_equal(hash_combine(1, 2), hash_combine(2, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(values_are_found_again),
		cmocka_unit_test(removed_keys_are_gone_and_no_others),
		cmocka_unit_test(a_second_insert_gives_the_same_value),
		cmocka_unit_test(colliding_keys_are_kept_apart),
		cmocka_unit_test(next_visits_each_entry_once),
		cmocka_unit_test(texts_are_compared_not_their_addresses),
		cmocka_unit_test(hashes_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
