#include "compare/statistics.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/** Pairs up to which the exact distribution is counted; 2^30 sign patterns fit a double. */
#define EXACT_PAIRS_MAX 30

struct pair_difference {
	double size; /**< Above 0. */
	bool is_positive;
};

static int compare_differences(const void *left, const void *right)
{
	const struct pair_difference *a = left, *b = right;

	return (a->size > b->size) - (a->size < b->size);
}

/** P(W <= w) when each of the ranks 1 .. n counts or not, with equal chances. */
static double cumulative(size_t n, size_t w)
{
	size_t n_sums = n * (n + 1) / 2 + 1;
	_cleanup_free_ double *ways = memory_allocate(n_sums, sizeof(double));
	double below = 0;

	ways[0] = 1;
	for (size_t rank = 1; rank <= n; rank++) {
		for (size_t sum = n_sums; sum-- > rank;)
			ways[sum] += ways[sum - rank];
	}
	for (size_t sum = 0; sum <= w && sum < n_sums; sum++)
		below += ways[sum];
	return below / pow(2, (double)n);
}

/** Normal approximation; @p tie_sum: the sum of t^3 - t over groups of t equal sizes. */
static double approximate(double n, double w, double tie_sum)
{
	double variance = n * (n + 1) * (2 * n + 1) / 24 - tie_sum / 48;
	double distance = fabs(w - n * (n + 1) / 4) - 0.5;

	if (variance <= 0 || distance <= 0)
		return 1;
	return erfc(distance / sqrt(2 * variance));
}

/** Pairs that are equal say nothing about which is larger, and are left out. */
static size_t take_differences(struct series a, struct series b, struct pair_difference *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < a.count; i++) {
		double difference = b.values[i] - a.values[i];

		if (difference != 0)
			ret[count++] = (struct pair_difference){ fabs(difference), difference > 0 };
	}
	return count;
}

double statistics_signed_rank_test(struct series a, struct series b)
{
	_cleanup_free_ struct pair_difference *pairs = memory_allocate(a.count, sizeof(*pairs));
	size_t count = take_differences(a, b, pairs), end;
	double positive = 0, total = (double)count * ((double)count + 1) / 2, tie_sum = 0;

	if (count == 0)
		return 1;
	qsort(pairs, count, sizeof(*pairs), compare_differences);
	for (size_t i = 0; i < count; i = end) {
		double n_equal;

		for (end = i + 1; end < count && pairs[end].size <= pairs[i].size;)
			end++;
		n_equal = (double)(end - i);
		tie_sum += n_equal * n_equal * n_equal - n_equal;
		/* Equal sizes share the mean of the ranks i + 1 .. end. */
		for (size_t tied = i; tied < end; tied++)
			positive += pairs[tied].is_positive ? (double)(i + 1 + end) / 2 : 0;
	}
	if (tie_sum > 0 || count > EXACT_PAIRS_MAX)
		return approximate((double)count, positive, tie_sum);
	return fmin(1, 2 * cumulative(count, (size_t)fmin(positive, total - positive)));
}
