#include "../base/cmocka_headers.h"

#include "cli/options.h"

#include "../base/error_assertions.h"

static void whole_numbers(void **state)
{
	static const char *const wrong[] = { "",     " 5",  "5 ",  "+5",
					     "-5",   "0x5", "5.0", "5k",
					     "five", "4",   "101", "18446744073709551616" };
	uint64_t value = 1;

	assert_success(option_read_u64("-c", "5", 5, 100, &value));
	assert_int_equal(value, 5);
	assert_success(option_read_u64("-c", "0100", 5, 100, &value));
	assert_int_equal(value, 100);
	assert_success(option_read_u64("-c", "18446744073709551615", 0, UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		value = 77;
		assert_failure(option_read_u64("-c", wrong[i], 5, 100, &value), ERROR_USAGE,
			       "is not a whole number from 5 to 100");
		assert_int_equal(value, 77);
	}
}

static void numbers_with_a_point(void **state)
{
	static const char *const wrong[] = { "",     ".",     "inf", "nan", "0x1", "1e3", "1,5",
					     "1.5x", "1.2.3", "- 1", "--1", "11",  "-1.5" };
	double value = 0;

	assert_success(option_read_double("--limit", "0.5", -1, 10, &value));
	assert_float_equal(value, 0.5, 0);
	assert_success(option_read_double("--limit", ".25", -1, 10, &value));
	assert_float_equal(value, 0.25, 0);
	assert_success(option_read_double("--limit", "-1", -1, 10, &value));
	assert_float_equal(value, -1, 0);
	assert_success(option_read_double("--limit", "10.", -1, 10, &value));
	assert_float_equal(value, 10, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_failure(option_read_double("--limit", wrong[i], -1, 10, &value), ERROR_USAGE,
			       "--limit");
	assert_float_equal(value, 10, 0);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} right[] = {
		{ "4096", 4096 },   { "512K", 512 << 10 }, { "512k", 512 << 10 },
		{ "8M", 8 << 20 },  { "8MiB", 8 << 20 },   { "8MB", 8 << 20 },
		{ "1G", 1u << 30 }, { "100B", 100 },
	};

	static const char *const wrong[] = { "",
					     "K",
					     "1T",
					     "1 K",
					     "-1K",
					     "1.5M",
					     "1Kx",
					     "1KiBs",
					     "99999999999999999999",
					     "18446744073709551615K",
					     "5G",
					     "0" };
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_success(option_read_size("-m", right[i].text, 1, UINT64_C(4) << 30, &bytes));
		assert_int_equal(bytes, right[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		bytes = 77;
		assert_failure(option_read_size("-m", wrong[i], 1, UINT64_C(4) << 30, &bytes),
			       ERROR_USAGE, "is not a size");
		assert_int_equal(bytes, 77);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} right[] = {
		{ "10", UINT64_C(10000000000) },
		{ "1.5s", 1500000000 },
		{ "300ms", 300000000 },
		{ "20us", 20000 },
		{ "7ns", 7 },
		{ "2m", UINT64_C(120000000000) },
		{ "1h", UINT64_C(3600000000000) },
		{ ".1", 100000000 },
		{ "0", 0 },
	};

	static const char *const wrong[] = { "",    "s",   "1 s", "-1",    "1d",
					     "1e9", "inf", "nan", "1.5.2", "9999999h" };
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_success(option_read_duration("--duration", right[i].text, &ns));
		assert_int_equal(ns, right[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		ns = 77;
		assert_failure(option_read_duration("--duration", wrong[i], &ns), ERROR_USAGE,
			       "is not a duration");
		assert_int_equal(ns, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(numbers_with_a_point),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
