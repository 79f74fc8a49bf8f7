#include "compare/statistics.h"

#include "base/memory.h"
#include "compare/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/** Largest product of counts for which the rank test is exact. */
#define EXACT_RANK_TEST_MAX 400

#define OUTLIER_SCORE_MAX 3.5
#define OUTLIER_SCALE     0.6745

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double *sorted_copy(struct series series)
{
	double *sorted = memory_allocate(series.count, sizeof(double));

	if (series.count) {
		memcpy(sorted, series.values, series.count * sizeof(double));
		qsort(sorted, series.count, sizeof(double), compare_doubles);
	}
	return sorted;
}

static double median_of_sorted(const double *sorted, size_t count)
{
	if (count == 0)
		return NAN;
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double statistics_median(struct series series)
{
	_cleanup_free_ double *sorted = sorted_copy(series);

	return median_of_sorted(sorted, series.count);
}

double statistics_deviation(struct series series)
{
	_cleanup_free_ double *distances = memory_allocate(series.count, sizeof(double));
	double median = statistics_median(series);

	for (size_t i = 0; i < series.count; i++)
		distances[i] = fabs(series.values[i] - median);
	return statistics_median((struct series){ distances, series.count });
}

double statistics_mean(struct series series)
{
	double sum = 0;

	for (size_t i = 0; i < series.count; i++)
		sum += series.values[i];
	return series.count ? sum / (double)series.count : NAN;
}

double statistics_standard_deviation(struct series series)
{
	double mean = statistics_mean(series), sum = 0;

	if (series.count < 2)
		return 0;
	for (size_t i = 0; i < series.count; i++)
		sum += (series.values[i] - mean) * (series.values[i] - mean);
	return sqrt(sum / (double)(series.count - 1));
}

/**
 * A series ready to be drawn from: a resample is kept as how often each rank was drawn, so
 * that its median is found by counting instead of sorting.
 */
struct resampler {
	size_t count;
	double *sorted;
	uint32_t *rank;    /**< By position in the series. */
	uint32_t *n_drawn; /**< By rank. */
};

struct ranked_value {
	double value;
	uint32_t position;
};

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked_value *a = left, *b = right;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

/** Ascending; equal values in their order. */
static struct ranked_value *rank_values(struct series series)
{
	struct ranked_value *ranked = memory_allocate(series.count, sizeof(*ranked));

	for (size_t i = 0; i < series.count; i++)
		ranked[i] = (struct ranked_value){ series.values[i], (uint32_t)i };
	if (series.count)
		qsort(ranked, series.count, sizeof(*ranked), compare_ranked);
	return ranked;
}

static void resampler_init(struct resampler *resampler, struct series series)
{
	_cleanup_free_ struct ranked_value *ranked = rank_values(series);

	*resampler = (struct resampler){
		.count = series.count,
		.sorted = memory_allocate(series.count, sizeof(double)),
		.rank = memory_allocate(series.count, sizeof(uint32_t)),
		.n_drawn = memory_allocate(series.count, sizeof(uint32_t)),
	};
	for (size_t i = 0; i < series.count; i++) {
		resampler->sorted[i] = ranked[i].value;
		resampler->rank[ranked[i].position] = (uint32_t)i;
	}
}

static void resampler_deinit(struct resampler *resampler)
{
	free(resampler->sorted);
	free(resampler->rank);
	free(resampler->n_drawn);
}

static void resampler_clear(struct resampler *resampler)
{
	memset(resampler->n_drawn, 0, resampler->count * sizeof(uint32_t));
}

static void resampler_draw(struct resampler *resampler, uint32_t position)
{
	resampler->n_drawn[resampler->rank[position]]++;
}

/** The median of what was drawn; as many as the series has values. */
static double resampler_median(const struct resampler *resampler)
{
	size_t low = (resampler->count - 1) / 2, high = resampler->count / 2, n_below = 0, rank = 0;
	double low_value;

	while (n_below + resampler->n_drawn[rank] <= low)
		n_below += resampler->n_drawn[rank++];
	low_value = resampler->sorted[rank];
	while (n_below + resampler->n_drawn[rank] <= high)
		n_below += resampler->n_drawn[rank++];
	return (low_value + resampler->sorted[rank]) / 2;
}

static void resampler_redraw(struct resampler *resampler, struct random *random)
{
	resampler_clear(resampler);
	for (size_t i = 0; i < resampler->count; i++)
		resampler_draw(resampler, random_below(random, (uint32_t)resampler->count));
}

static void redraw_pairs(struct resampler *a, struct resampler *b, struct random *random)
{
	resampler_clear(a);
	resampler_clear(b);
	for (size_t i = 0; i < a->count; i++) {
		uint32_t position = random_below(random, (uint32_t)a->count);

		resampler_draw(a, position);
		resampler_draw(b, position);
	}
}

/** The middle 95 % of @p values, which are sorted on the way. */
static struct interval percentile_interval(double *values, uint32_t count)
{
	uint32_t n_outside = (uint32_t)(0.025 * count);

	qsort(values, count, sizeof(double), compare_doubles);
	return (struct interval){ values[n_outside], values[count - 1 - n_outside] };
}

struct estimate statistics_median_estimate(struct series series, uint64_t seed,
					   uint32_t n_resamples)
{
	_cleanup_free_ double *medians = memory_allocate(n_resamples, sizeof(double));
	struct random random = { seed };
	struct resampler resampler;
	struct estimate estimate;

	if (series.count == 0)
		return (struct estimate){ NAN, { NAN, NAN } };
	resampler_init(&resampler, series);
	for (uint32_t i = 0; i < n_resamples; i++) {
		resampler_redraw(&resampler, &random);
		medians[i] = resampler_median(&resampler);
	}
	estimate.value = median_of_sorted(resampler.sorted, series.count);
	estimate.interval = percentile_interval(medians, n_resamples);
	resampler_deinit(&resampler);
	return estimate;
}

bool statistics_ratio_of_medians(struct series reference, struct series changed, bool is_paired,
				 uint64_t seed, uint32_t n_resamples, struct estimate *ret)
{
	_cleanup_free_ double *ratios = memory_allocate(n_resamples, sizeof(double));
	struct random random = { seed };
	struct resampler from, to;
	bool has_ratio;

	if (!(statistics_median(reference) > 0) || !(statistics_median(changed) > 0))
		return false;
	assert(!is_paired || reference.count == changed.count);
	resampler_init(&from, reference);
	resampler_init(&to, changed);
	has_ratio = true;
	for (uint32_t i = 0; i < n_resamples && has_ratio; i++) {
		double median;

		if (is_paired) {
			redraw_pairs(&from, &to, &random);
		} else {
			resampler_redraw(&from, &random);
			resampler_redraw(&to, &random);
		}
		median = resampler_median(&from);
		has_ratio = median > 0;
		ratios[i] = resampler_median(&to) / median;
	}
	if (has_ratio) {
		ret->value = median_of_sorted(to.sorted, to.count) /
			     median_of_sorted(from.sorted, from.count);
		ret->interval = percentile_interval(ratios, n_resamples);
	}
	resampler_deinit(&from);
	resampler_deinit(&to);
	return has_ratio;
}

/** Two-sided probability of a standard normal value as far out as @p z. */
static double normal_p(double z)
{
	return erfc(fabs(z) / M_SQRT2);
}

/**
 * P(U <= u) for counts @p n and @p m. The numbers of ways are the coefficients of
 * the Gaussian binomial: the product of (1 - q^(m+i)) / (1 - q^i) for i = 1 .. n.
 */
static double rank_test_cumulative(size_t n, size_t m, size_t u)
{
	size_t n_terms = n * m + 1;
	_cleanup_free_ double *ways = memory_allocate(n_terms, sizeof(double));
	double below = 0, total = 0;

	ways[0] = 1;
	for (size_t i = 1; i <= n; i++) {
		for (size_t term = n_terms; term-- > m + i;)
			ways[term] -= ways[term - m - i];
		for (size_t term = i; term < n_terms; term++)
			ways[term] += ways[term - i];
	}
	for (size_t term = 0; term < n_terms; term++) {
		total += ways[term];
		below += term <= u ? ways[term] : 0;
	}
	return below / total;
}

/** Normal approximation; @p tie_sum: the sum of t^3 - t over groups of t equal values. */
static double rank_test_approximate(double n, double m, double u, double tie_sum)
{
	double count = n + m;
	double variance = n * m / 12 * (count + 1 - tie_sum / (count * (count - 1)));
	double distance = fabs(u - n * m / 2) - 0.5;

	if (variance <= 0 || distance <= 0)
		return 1;
	return normal_p(distance / sqrt(variance));
}

double statistics_rank_test(struct series a, struct series b)
{
	size_t count = a.count + b.count, end;
	_cleanup_free_ double *both = memory_allocate(count, sizeof(double));
	_cleanup_free_ struct ranked_value *ranked = NULL;
	double rank_sum = 0, tie_sum = 0, u, p;

	if (a.count == 0 || b.count == 0)
		return 1;
	memcpy(both, a.values, a.count * sizeof(double));
	memcpy(both + a.count, b.values, b.count * sizeof(double));
	ranked = rank_values((struct series){ both, count });
	for (size_t i = 0; i < count; i = end) {
		double n_equal;

		for (end = i + 1; end < count && ranked[end].value == ranked[i].value;)
			end++;
		n_equal = (double)(end - i);
		tie_sum += n_equal * n_equal * n_equal - n_equal;
		/* Equal values share the mean of the ranks i + 1 .. end. */
		for (size_t tied = i; tied < end; tied++)
			rank_sum += ranked[tied].position < a.count ? (double)(i + 1 + end) / 2 : 0;
	}
	u = rank_sum - (double)a.count * (double)(a.count + 1) / 2;
	if (tie_sum > 0 || a.count * b.count > EXACT_RANK_TEST_MAX)
		return rank_test_approximate((double)a.count, (double)b.count, u, tie_sum);
	u = MIN(u, (double)(a.count * b.count) - u);
	p = 2 * rank_test_cumulative(a.count, b.count, (size_t)u);
	return MIN(p, 1.0);
}

double statistics_drift(struct series series, double *p_ret)
{
	_cleanup_free_ struct ranked_value *ranked = rank_values(series);
	double middle = ((double)series.count - 1) / 2;
	double product = 0, rank_square = 0, order_square = 0, correlation;
	size_t end;

	for (size_t i = 0; i < series.count; i = end) {
		double rank;

		for (end = i + 1; end < series.count && ranked[end].value == ranked[i].value;)
			end++;
		rank = (double)(i + end - 1) / 2 - middle;
		for (size_t tied = i; tied < end; tied++) {
			double order = (double)ranked[tied].position - middle;

			product += rank * order;
			rank_square += rank * rank;
			order_square += order * order;
		}
	}
	*p_ret = 1;
	if (rank_square <= 0 || order_square <= 0)
		return 0;
	correlation = product / sqrt(rank_square * order_square);
	*p_ret = normal_p(correlation * sqrt((double)series.count - 1));
	return correlation;
}

size_t statistics_outliers(struct series series)
{
	double median = statistics_median(series), deviation = statistics_deviation(series);
	size_t n_outliers = 0;

	for (size_t i = 0; i < series.count && deviation > 0; i++)
		n_outliers += OUTLIER_SCALE * fabs(series.values[i] - median) / deviation >
			      OUTLIER_SCORE_MAX;
	return n_outliers;
}
