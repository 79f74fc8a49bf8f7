#include "compare/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_blocks_are_mirrored_and_all_orders_occur(void **state)
{
	struct random random = { 1 };
	size_t order[6], n_first[3] = { 0 };

	for (int block = 0; block < 300; block++) {
		size_t seen = 0;

		schedule_block(&random, 3, order);
		for (size_t i = 0; i < 3; i++) {
			assert_in_range(order[i], 0, 2);
			seen |= (size_t)1 << order[i];
			assert_int_equal(order[i], order[5 - i]);
		}
		assert_int_equal(seen, 7);
		n_first[order[0]]++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_in_range(n_first[i], 70, 130);
}

static void test_one_side(void **state)
{
	struct random random = { 1 };
	size_t order[2] = { 9, 9 };

	schedule_block(&random, 1, order);
	assert_int_equal(order[0] + order[1], 0);
}

static void test_a_seed_repeats(void **state)
{
	struct random first = { 5 }, second = { 5 };

	for (int i = 0; i < 100; i++)
		assert_int_equal(random_next(&first), random_next(&second));
	/* The first value of SplitMix64 from seed 0. */
	assert_true(random_next(&(struct random){ 0 }) == UINT64_C(0xe220a8397b1dcdaf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_mirrored_and_all_orders_occur),
		cmocka_unit_test(test_one_side),
		cmocka_unit_test(test_a_seed_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
