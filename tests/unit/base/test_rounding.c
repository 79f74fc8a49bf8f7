#include "base/rounding.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_nearest(void **state)
{
	assert_int_equal(round_u64(0), 0);
	assert_int_equal(round_u64(0.49), 0);
	assert_int_equal(round_u64(0.5), 1);
	assert_int_equal(round_u64(1e15 + 0.5), UINT64_C(1000000000000001));
	assert_true(round_u64(0x1p52 + 1) == (UINT64_C(1) << 52) + 1);
	assert_true(round_u64(0x1p63) == UINT64_C(1) << 63);
	assert_true(round_u64(nextafter(0x1p64, 0)) == UINT64_MAX - 2047);
}

static void test_what_does_not_fit(void **state)
{
	assert_int_equal(round_u64(-1), 0);
	assert_int_equal(round_u64(-INFINITY), 0);
	assert_int_equal(round_u64(NAN), 0);
	assert_true(round_u64(0x1p64) == UINT64_MAX);
	assert_true(round_u64(INFINITY) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
