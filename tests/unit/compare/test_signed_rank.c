#include "compare/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double test_of(const double *a, const double *b, size_t count)
{
	return statistics_signed_rank_test((struct series){ a, count },
					   (struct series){ b, count });
}

static void test_all_pairs_on_one_side(void **state)
{
	const double a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 1.1, 2.2, 3.3, 4.4, 5.5, 6.6 };

	/* Two of 2^6 sign patterns. */
	assert_true(fabs(test_of(a, b, 6) - 2.0 / 64) < 1e-12);
	assert_true(fabs(test_of(b, a, 6) - 2.0 / 64) < 1e-12);
	assert_true(fabs(test_of(a, b, 5) - 2.0 / 32) < 1e-12);
}

/** SOURCE: scipy.stats.wilcoxon of these pairs, exact: W = 14, p = 0.193359375. */
static void test_exact_value(void **state)
{
	const double a[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const double b[] = { 1, -2, 3, 4, 5, -6, 7, 8, 9, -4.5 };

	assert_true(fabs(test_of(a, b, 10) - 0.193359375) < 1e-9);
}

/** Differences that cancel out between pairs are seen though the sides overlap widely. */
static void test_pairs_see_through_drift(void **state)
{
	double a[60], b[60];

	for (int i = 0; i < 60; i++) {
		a[i] = 100 + i * 10;
		b[i] = a[i] + 1 + (i % 7) * 0.1;
	}
	assert_true(test_of(a, b, 60) < 1e-6);
	assert_true(statistics_rank_test((struct series){ a, 60 }, (struct series){ b, 60 }) > 0.5);
}

static void test_equal_pairs_say_nothing(void **state)
{
	const double a[] = { 3, 3, 3 };

	assert_true(test_of(a, a, 3) == 1);
	assert_true(test_of(a, a, 0) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_pairs_on_one_side),
		cmocka_unit_test(test_exact_value),
		cmocka_unit_test(test_pairs_see_through_drift),
		cmocka_unit_test(test_equal_pairs_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
