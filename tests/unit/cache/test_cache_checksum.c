#include "cache_fixture.h"

static void test_every_bit_counts(void **state)
{
	uint8_t bytes[100];

	for (size_t size = 1; size <= sizeof(bytes); size++) {
		uint64_t whole;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(i * 7);
		whole = cache_checksum((struct bytes){ bytes, size });
		for (size_t bit = 0; bit < size * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(cache_checksum((struct bytes){ bytes, size }) != whole);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void test_the_length_counts(void **state)
{
	const uint8_t zeroes[100] = { 0 };
	uint64_t before = cache_checksum((struct bytes){ zeroes, 0 });

	for (size_t size = 1; size <= sizeof(zeroes); size++) {
		uint64_t now = cache_checksum((struct bytes){ zeroes, size });

		assert_true(now != before);
		before = now;
	}
}

static void test_the_order_counts(void **state)
{
	uint64_t words[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	const struct bytes bytes = { (const uint8_t *)words, sizeof(words) };
	uint64_t whole = cache_checksum(bytes);

	for (size_t i = 1; i < ARRAY_SIZE(words); i++) {
		uint64_t first = words[0];

		words[0] = words[i];
		words[i] = first;
		assert_true(cache_checksum(bytes) != whole);
		words[i] = words[0];
		words[0] = first;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_the_length_counts),
		cmocka_unit_test(test_the_order_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
