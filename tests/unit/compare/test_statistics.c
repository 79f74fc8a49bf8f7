#include "compare/statistics.h"

#include "compare/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SERIES(...)                                                                                \
	((struct series){ (const double[]){ __VA_ARGS__ },                                         \
			  sizeof((double[]){ __VA_ARGS__ }) / sizeof(double) })

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.9g is not %.9g", value, expected);
}

static void test_median_and_deviation(void **state)
{
	assert_near(statistics_median(SERIES(5, 1, 3)), 3, 0);
	assert_near(statistics_median(SERIES(4, 1, 3, 2)), 2.5, 0);
	assert_true(isnan(statistics_median((struct series){ NULL, 0 })));
	/* The example of Wikipedia's article: median 2, distances 1 1 0 0 2 4 7, so 1. */
	assert_near(statistics_deviation(SERIES(1, 1, 2, 2, 4, 6, 9)), 1, 0);
	assert_near(statistics_mean(SERIES(1, 2, 6)), 3, 0);
	assert_near(statistics_standard_deviation(SERIES(2, 4, 4, 4, 5, 5, 7, 9)), 2.13808994,
		    1e-8);
	assert_near(statistics_standard_deviation(SERIES(2)), 0, 0);
}

static void test_rank_test_is_exact_for_few_values(void **state)
{
	/* All of one below all of the other: 2 of C(6,3) = 20 orders are as extreme. */
	assert_near(statistics_rank_test(SERIES(1, 2, 3), SERIES(4, 5, 6)), 0.1, 1e-12);
	/* C(10,5) = 252. */
	assert_near(statistics_rank_test(SERIES(1, 2, 3, 4, 5), SERIES(6, 7, 8, 9, 10)), 2.0 / 252,
		    1e-12);
	/* U = 1: 0 and 1 have one order each, so 2 * 2 / 20. */
	assert_near(statistics_rank_test(SERIES(1, 2, 4), SERIES(3, 5, 6)), 0.2, 1e-12);
	assert_near(statistics_rank_test(SERIES(1, 4), SERIES(2, 3)), 1, 1e-12);
	/* Either way round. */
	assert_near(statistics_rank_test(SERIES(3, 5, 6), SERIES(1, 2, 4)), 0.2, 1e-12);
}

static void test_rank_test_with_ties(void **state)
{
	/* By hand: ranks 1, 3, 3, 5.5 and 7.5 make U = 20 - 15 = 5; groups of 3, 2, 2 and 2 equal
	 * values make the variance 25/12 * (11 - 42/90) = 21.944; z = (7.5 - 0.5) / 4.6845. */
	assert_near(statistics_rank_test(SERIES(1, 2, 2, 3, 4), SERIES(2, 3, 4, 5, 5)), 0.13510,
		    1e-4);
	assert_near(statistics_rank_test(SERIES(7, 7, 7), SERIES(7, 7)), 1, 0);
	assert_near(statistics_rank_test(SERIES(7), (struct series){ NULL, 0 }), 1, 0);
}

static void test_drift(void **state)
{
	double p;

	assert_near(statistics_drift(SERIES(1, 2, 3, 4, 5), &p), 1, 1e-12);
	assert_near(p, erfc(2 / M_SQRT2), 1e-12);
	assert_near(statistics_drift(SERIES(5, 4, 3, 2, 1), &p), -1, 1e-12);
	/* d = 1 1 1 1 0: 1 - 6 * 4 / (5 * 24) */
	assert_near(statistics_drift(SERIES(2, 1, 4, 3, 5), &p), 0.8, 1e-12);
	assert_near(statistics_drift(SERIES(3, 3, 3), &p), 0, 0);
	assert_near(p, 1, 0);
}

static void test_outliers(void **state)
{
	assert_int_equal(statistics_outliers(SERIES(10, 11, 9, 10, 12, 8, 100)), 1);
	assert_int_equal(statistics_outliers(SERIES(10, 11, 9, 10, 12, 8)), 0);
	assert_int_equal(statistics_outliers(SERIES(5, 5, 5, 5, 6)), 0);
}

static void test_ratio_of_constants_is_exact(void **state)
{
	struct estimate ratio;

	assert_true(statistics_ratio_of_medians(SERIES(2, 2, 2), SERIES(3, 3, 3), true, 1, 100,
						&ratio));
	assert_near(ratio.value, 1.5, 0);
	assert_near(ratio.interval.low, 1.5, 0);
	assert_near(ratio.interval.high, 1.5, 0);
	assert_false(statistics_ratio_of_medians(SERIES(0, 0), SERIES(1, 1), true, 1, 100, &ratio));
	assert_false(statistics_ratio_of_medians((struct series){ NULL, 0 }, SERIES(1), false, 1,
						 100, &ratio));
}

/** About normal: twelve even ones. */
static double random_normal(struct random *random)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)random_below(random, 1000000) / 1e6;
	return sum;
}

/** How often of 400 the interval of a true ratio of 1.05 holds it. */
static int count_covered(bool is_paired, double common, double *mean_width_ret)
{
	struct random random = { 42 };
	int n_covered = 0;

	*mean_width_ret = 0;
	for (int trial = 0; trial < 400; trial++) {
		double a[40], b[40];
		struct estimate ratio = { 0 };

		for (int i = 0; i < 40; i++) {
			double disturbance = common * random_normal(&random);

			a[i] = 100 + disturbance + random_normal(&random);
			b[i] = 105 + disturbance + random_normal(&random);
		}
		assert_true(statistics_ratio_of_medians((struct series){ a, 40 },
							(struct series){ b, 40 }, is_paired,
							(uint64_t)trial, 500, &ratio));
		n_covered += ratio.interval.low <= 1.05 && 1.05 <= ratio.interval.high;
		*mean_width_ret += (ratio.interval.high - ratio.interval.low) / 400;
	}
	return n_covered;
}

static void test_interval_covers_the_truth(void **state)
{
	double width, width_of_pairs;

	/* 380 +- 3 * 4.4 would be exact; the percentile bootstrap of a median is a bit wide. */
	assert_in_range(count_covered(false, 0, &width), 366, 398);
	assert_in_range(count_covered(true, 0, &width), 366, 398);
	/* What disturbs both of a pair makes the interval of pairs narrower, and still right. */
	assert_in_range(count_covered(false, 2, &width), 366, 400);
	assert_in_range(count_covered(true, 2, &width_of_pairs), 366, 400);
	assert_true(width_of_pairs < width);
}

static void test_same_seed_same_interval(void **state)
{
	struct series a = SERIES(1.0, 1.2, 1.1, 1.4, 1.3), b = SERIES(1.1, 1.5, 1.2, 1.6, 1.1);
	struct estimate first, second;

	assert_true(statistics_ratio_of_medians(a, b, true, 7, 1000, &first));
	assert_true(statistics_ratio_of_medians(a, b, true, 7, 1000, &second));
	assert_near(first.interval.low, second.interval.low, 0);
	assert_near(first.interval.high, second.interval.high, 0);
}

static void test_median_estimate(void **state)
{
	struct estimate median = statistics_median_estimate(SERIES(1, 2, 3, 4, 5), 1, 2000);

	assert_near(median.value, 3, 0);
	/* P(median of a resample = 1) is 5.8 %, more than 2.5 %. */
	assert_near(median.interval.low, 1, 0);
	assert_near(median.interval.high, 5, 0);
	assert_true(isnan(statistics_median_estimate((struct series){ NULL, 0 }, 1, 10).value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median_and_deviation),
		cmocka_unit_test(test_rank_test_is_exact_for_few_values),
		cmocka_unit_test(test_rank_test_with_ties),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_ratio_of_constants_is_exact),
		cmocka_unit_test(test_interval_covers_the_truth),
		cmocka_unit_test(test_same_seed_same_interval),
		cmocka_unit_test(test_median_estimate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
