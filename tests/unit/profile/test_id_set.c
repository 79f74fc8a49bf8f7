#include "profile/id_set_internal.h"

#include "base/hash_map.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Ids under @p hash, in the order they were added, as a number of decimal digits. */
static unsigned int ids_under(const struct id_set *set, uint64_t hash)
{
	struct id_probe probe = id_set_probe(set, hash);
	unsigned int digits = 0;
	uint32_t id;

	while ((id = id_probe_next(&probe)) != ID_NONE)
		digits = digits * 10 + id;
	return digits;
}

static void test_empty_set_has_nothing(void **state)
{
	struct id_set set = { 0 };
	struct id_probe probe = id_set_probe(&set, 5);

	assert_int_equal(id_probe_next(&probe), ID_NONE);
	id_set_deinit(&set);
}

static void test_same_hash_gives_all_candidates(void **state)
{
	struct id_set set = { 0 };

	id_set_add(&set, 7, 1);
	id_set_add(&set, 7, 2);
	id_set_add(&set, 8, 3);
	id_set_add(&set, 7 + 64, 4); /* the same slot in a set of 64 */
	assert_int_equal(ids_under(&set, 7), 12);
	assert_int_equal(ids_under(&set, 8), 3);
	assert_int_equal(ids_under(&set, 71), 4);
	assert_int_equal(ids_under(&set, 9), 0);
	id_set_deinit(&set);
}

static void test_growing_keeps_everything(void **state)
{
	struct id_set set = { 0 };

	for (uint32_t id = 0; id < 10000; id++)
		id_set_add(&set, hash_u32(id), id);
	assert_int_equal(set.count, 10000);
	assert_true(set.capacity / 4 * 3 >= 10000);
	for (uint32_t id = 0; id < 10000; id++) {
		struct id_probe probe = id_set_probe(&set, hash_u32(id));
		uint32_t found;

		while ((found = id_probe_next(&probe)) != id)
			assert_int_not_equal(found, ID_NONE);
	}
	id_set_deinit(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_set_has_nothing),
		cmocka_unit_test(test_same_hash_gives_all_candidates),
		cmocka_unit_test(test_growing_keeps_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
