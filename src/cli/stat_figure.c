#include "cli/stat.h"

#include <math.h>
#include <stdlib.h>

/** 97.5 % quantiles of Student's t by degrees of freedom, from 1; the normal one after the last. */
static const double t_quantiles[] = {
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
	2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
};

#define NORMAL_QUANTILE 1.96

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

struct stat_figure stat_figure_make(double *values, size_t n)
{
	struct stat_figure figure = { .n = n };
	double sum = 0, squares = 0;

	qsort(values, n, sizeof(*values), compare_doubles);
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	figure.mean = sum / (double)n;
	figure.median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	if (n < 2)
		return figure;
	for (size_t i = 0; i < n; i++)
		squares += (values[i] - figure.mean) * (values[i] - figure.mean);
	figure.error = sqrt(squares / (double)(n - 1) / (double)n);
	figure.interval_half = figure.error * (n - 2 < ARRAY_SIZE(t_quantiles) ? t_quantiles[n - 2]
									       : NORMAL_QUANTILE);
	return figure;
}

double stat_figure_error_percent(const struct stat_figure *figure)
{
	return figure->mean != 0 ? 100 * figure->error / figure->mean : 0;
}
