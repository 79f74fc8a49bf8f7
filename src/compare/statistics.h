#pragma once

/**
 * What can be said from repeated measurements. Times of programs are skewed and
 * have outliers, so everything here is about medians and ranks, and nothing is
 * ever left out of the data.
 */

#include "base/attributes.h"

/** Measurements in the order they were taken. All finite. */
struct series {
	const double *values;
	size_t count;
};

struct interval {
	double low, high;
};

/** An estimate and its 95 % interval. */
struct estimate {
	double value;
	struct interval interval;
};

/** NAN without values. Even counts: the mean of the two in the middle. */
double statistics_median(struct series series);

/** Median absolute deviation from the median: the spread that outliers do not change. */
double statistics_deviation(struct series series);

double statistics_mean(struct series series);

/** With n - 1; 0 for fewer than two values. */
double statistics_standard_deviation(struct series series);

/**
 * The 95 % interval of the median of @p series by the percentile bootstrap (Efron and
 * Tibshirani, An Introduction to the Bootstrap, chapter 13).
 */
struct estimate statistics_median_estimate(struct series series, uint64_t seed,
					   uint32_t n_resamples);

/**
 * The ratio of medians, @p changed / @p reference, by the percentile bootstrap.
 *
 * Pairs: the i-th values were taken next to each other, so what disturbed one
 * disturbed the other; they are drawn together, and disturbances that last longer than
 * a run cancel out. The counts are equal then.
 *
 * @return false when there is no ratio: no values, or a median that is not positive.
 */
bool statistics_ratio_of_medians(struct series reference, struct series changed, bool is_paired,
				 uint64_t seed, uint32_t n_resamples,
				 struct estimate *ret) MUST_CHECK;

/**
 * Mann and Whitney's rank test, two-sided: how likely ranks as uneven as these are when
 * both series come from the same distribution. Exact for few values without ties, else by
 * the normal approximation with corrections for ties and continuity. 1 without values.
 */
double statistics_rank_test(struct series a, struct series b);

/**
 * Wilcoxon's signed-rank test, two-sided: how likely differences of pairs as one-sided as these
 * are when neither side tends to be larger. What disturbs both of a pair cancels out, so it sees
 * smaller differences than the test above where the machine is busy. Exact for few pairs without
 * ties, else by the normal approximation with corrections for ties and continuity. Pairs that are
 * equal are left out; 1 when none is left. The counts are equal.
 */
double statistics_signed_rank_test(struct series a, struct series b);

/**
 * Spearman's correlation of the values with their order: -1 .. 1; 0 when all are equal.
 *
 * @param p_ret  How likely one as strong is without any drift (two-sided, normal
 *               approximation of rho * sqrt(n - 1)).
 */
double statistics_drift(struct series series, double *p_ret);

/**
 * Values far from the median: |0.6745 (x - median) / MAD| > 3.5 (Iglewicz and Hoaglin, How
 * to Detect and Handle Outliers, 1993). None when the deviation is 0.
 */
size_t statistics_outliers(struct series series);
