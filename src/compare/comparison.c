#include "compare/comparison.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

#define N_RESAMPLES 4000

#define RANK_P_MAX 0.05

/** From so many pairs on the signed-rank test is used: of five, none can be significant. */
#define PAIRS_LEAST 10

void comparison_init(struct comparison *comparison, const struct comparison_options *options)
{
	*comparison = (struct comparison){ .options = options, .is_paired = true };
}

void comparison_deinit(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->sides.count; i++) {
		struct side *side = &comparison->sides.items[i];

		free(side->name);
		command_line_deinit(&side->command);
		parameter_vector_deinit(&side->parameters);
		run_vector_deinit(&side->runs);
		cause_destroy(side->cause);
	}
	side_vector_deinit(&comparison->sides);
}

size_t comparison_stored_sides(const struct comparison *comparison)
{
	size_t n_stored = 0;

	while (n_stored < comparison->sides.count && comparison->sides.items[n_stored].is_stored)
		n_stored++;
	return n_stored;
}

struct side *comparison_add_side(struct comparison *comparison, const char *name,
				 struct command_line command)
{
	struct side *side = side_vector_append_new(&comparison->sides);

	side->name = memory_duplicate_text(name);
	side->command = command;
	return side;
}

struct series side_series(const struct side *side, enum metric metric, double **values_ret)
{
	double *values = memory_allocate(side->runs.count, sizeof(double));
	struct series series = { values, side->runs.count };

	*values_ret = values;
	for (size_t i = 0; i < side->runs.count; i++) {
		values[i] = side->runs.items[i].values[metric];
		if (isnan(values[i]))
			series.count = 0;
	}
	return series;
}

bool comparison_ratio(const struct comparison *comparison, size_t side, enum metric metric,
		      uint32_t n_resamples, struct estimate *ret)
{
	_cleanup_free_ double *reference_values = NULL;
	_cleanup_free_ double *changed_values = NULL;
	struct series reference =
		side_series(&comparison->sides.items[0], metric, &reference_values);
	struct series changed =
		side_series(&comparison->sides.items[side], metric, &changed_values);
	bool is_paired = comparison->is_paired && reference.count == changed.count;

	return statistics_ratio_of_medians(reference, changed, is_paired, comparison->options->seed,
					   n_resamples, ret);
}

static double rank_test(const struct comparison *comparison, struct series reference,
			struct series changed)
{
	bool is_paired = comparison->is_paired && reference.count == changed.count;

	return is_paired && reference.count >= PAIRS_LEAST
		       ? statistics_signed_rank_test(reference, changed)
		       : statistics_rank_test(reference, changed);
}

static struct metric_change find_change(const struct comparison *comparison, size_t side,
					enum metric metric)
{
	_cleanup_free_ double *reference_values = NULL;
	_cleanup_free_ double *changed_values = NULL;
	struct series reference =
		side_series(&comparison->sides.items[0], metric, &reference_values);
	struct series changed =
		side_series(&comparison->sides.items[side], metric, &changed_values);
	struct metric_change change = {
		.is_measured = reference.count && changed.count,
		.reference = statistics_median(reference),
		.changed = statistics_median(changed),
	};

	if (!change.is_measured)
		return change;
	change.has_ratio = comparison_ratio(comparison, side, metric, N_RESAMPLES, &change.ratio);
	change.rank_p = rank_test(comparison, reference, changed);
	change.is_different = change.has_ratio && change.rank_p < RANK_P_MAX &&
			      (change.ratio.interval.low > 1 || change.ratio.interval.high < 1);
	return change;
}

struct metric_change comparison_change(const struct comparison *comparison, size_t side,
				       enum metric metric)
{
	struct side *sides = comparison->sides.items;
	struct known_change *known = &sides[side].known_changes[metric];
	size_t n_reference_runs = sides[0].runs.count, n_runs = sides[side].runs.count;

	if (!n_runs || known->n_reference_runs != n_reference_runs || known->n_runs != n_runs)
		*known = (struct known_change){
			.n_reference_runs = n_reference_runs,
			.n_runs = n_runs,
			.change = find_change(comparison, side, metric),
		};
	return known->change;
}
