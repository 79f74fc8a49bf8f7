#include "compare/verdict.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"

#include <math.h>

/** Below this many runs a side's interval is a rough guess. */
#define RUNS_FEW 10

/**
 * Of CPU time, when time has shown nothing: the second look must not make a false difference
 * likelier than the 5 % of the first.
 */
#define SECOND_RANK_P_MAX 0.01

#define DRIFT_P_MAX     0.01
#define DRIFT_RHO_LEAST 0.4

enum verdict_kind verdict_kind_of(const struct metric_change *change)
{
	if (!change->is_measured || !change->has_ratio)
		return VERDICT_UNKNOWN;
	if (!change->is_different)
		return VERDICT_SAME;
	return change->ratio.value < 1 ? VERDICT_LESS : VERDICT_MORE;
}

const char *verdict_kind_name(enum verdict_kind kind)
{
	static const char *const names[] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_SAME] = "no-difference",
		[VERDICT_LESS] = "less",
		[VERDICT_MORE] = "more",
	};

	return names[kind];
}

/** The largest difference the interval still allows, in percent. */
static double largest_percent(const struct metric_change *change)
{
	return 100 *
	       fmax(fabs(change->ratio.interval.low - 1), fabs(change->ratio.interval.high - 1));
}

/** Enough decimals that the bounds of the interval differ from 1. */
static int factor_decimals(double distance)
{
	return distance >= 0.1 ? 2 : distance >= 0.01 ? 3 : 4;
}

/** "no difference in time shown ..., but B takes 1.020 × the CPU time (1.016 to 1.024)" */
static char *steady_sentence(const struct metric_change *time, const struct metric_change *cpu,
			     const char *reference, const char *name)
{
	const struct estimate *ratio = &cpu->ratio;
	int n_decimals = factor_decimals(fabs(ratio->value - 1));

	return memory_format_text("%s takes %.*f × the CPU time of %s (%.*f to %.*f); in time no "
				  "difference is shown (could still be up to ±%.1f %%)",
				  name, n_decimals, ratio->value, reference, n_decimals,
				  ratio->interval.low, n_decimals, ratio->interval.high,
				  largest_percent(time));
}

enum metric verdict_metric(const struct comparison *comparison, size_t side)
{
	struct metric_change time = comparison_change(comparison, side, METRIC_TIME);
	struct metric_change cpu = comparison_change(comparison, side, METRIC_TASK_CLOCK);

	return verdict_kind_of(&time) == VERDICT_SAME && cpu.is_different &&
			       cpu.rank_p < SECOND_RANK_P_MAX
		       ? METRIC_TASK_CLOCK
		       : METRIC_TIME;
}

char *verdict_sentence(const struct comparison *comparison, size_t side)
{
	struct metric_change change = comparison_change(comparison, side, METRIC_TIME);
	const char *reference = comparison->sides.items[0].name;
	const char *name = comparison->sides.items[side].name;
	struct interval factors = change.ratio.interval;
	double factor = change.ratio.value;
	int n_decimals;

	if (verdict_metric(comparison, side) == METRIC_TASK_CLOCK) {
		struct metric_change cpu = comparison_change(comparison, side, METRIC_TASK_CLOCK);

		return steady_sentence(&change, &cpu, reference, name);
	}
	switch (verdict_kind_of(&change)) {
	case VERDICT_SAME:
		return memory_format_text("no difference shown between %s and %s (could still be "
					  "up to ±%.1f %%)",
					  reference, name, largest_percent(&change));
	case VERDICT_LESS:
		factor = 1 / factor;
		factors = (struct interval){ 1 / factors.high, 1 / factors.low };
		break;
	case VERDICT_MORE:
		break;
	case VERDICT_UNKNOWN:
		return memory_format_text("%s and %s cannot be compared: too short to measure",
					  reference, name);
	}
	n_decimals = factor_decimals(fmin(factor, factors.low) - 1);
	return memory_format_text("%s is %.*f × %s than %s (%.*f to %.*f)", name, n_decimals,
				  factor, change.ratio.value < 1 ? "faster" : "slower", reference,
				  n_decimals, factors.low, n_decimals, factors.high);
}

char *verdict_summary(const struct comparison *comparison, size_t side)
{
	const struct cause *cause = comparison->sides.items[side].cause;
	_cleanup_free_ char *sentence = verdict_sentence(comparison, side);
	_cleanup_free_ char *reason = cause ? cause_sentence(cause) : NULL;

	return memory_format_text("%s%s%s", sentence, reason ? "; " : "", reason ? reason : "");
}

/** "+3.2", "−0.4": a real minus sign, as in text. */
static void format_percent(double share, char *text, size_t size_bytes)
{
	double percent = fabs(100 * share);

	snprintf(text, size_bytes, "%s%.*f", share < 0 ? "−" : "+", percent < 9.995 ? 2 : 1,
		 percent);
}

char *verdict_change_text(const struct metric_change *change)
{
	char value[32], low[32], high[32];

	if (verdict_kind_of(change) == VERDICT_UNKNOWN)
		return memory_duplicate_text("-");
	format_percent(change->ratio.value - 1, value, sizeof(value));
	format_percent(change->ratio.interval.low - 1, low, sizeof(low));
	format_percent(change->ratio.interval.high - 1, high, sizeof(high));
	return memory_format_text("%s %% (%s to %s)%s", value, low, high,
				  change->is_different ? "" : " no difference shown");
}

void verdict_format_p(double p, char *text)
{
	if (p < 0.001)
		snprintf(text, 16, "p < 0.001");
	else
		snprintf(text, 16, "p = %.3f", MIN(p, 1.0));
}

static void warn_of_series(const struct side *side, FILE *file)
{
	_cleanup_free_ char *name = escape_plain(side->name);
	_cleanup_free_ double *values = NULL;
	struct series series = side_series(side, METRIC_TIME, &values);
	size_t n_outliers = statistics_outliers(series);
	double p, drift = statistics_drift(series, &p);

	if (n_outliers)
		fprintf(file, "%s: %zu of %zu runs %s in time (kept; the median hardly sees %s)\n",
			name, n_outliers, series.count,
			count_noun(n_outliers, "is an outlier", "are outliers"),
			count_noun(n_outliers, "it", "them"));
	if (p < DRIFT_P_MAX && fabs(drift) >= DRIFT_RHO_LEAST)
		fprintf(file,
			"%s: runs became %s as time went on (rank correlation %.2f): another load, "
			"heat, or a cache that fills; --warmup may help\n",
			name, drift > 0 ? "slower" : "faster", drift);
	if (side->n_failed)
		fprintf(file, "%s: %zu of %zu runs failed\n", name, side->n_failed, series.count);
	if (series.count < RUNS_FEW)
		fprintf(file, "%s: only %zu %s, the interval is a rough guess\n", name,
			series.count, count_noun(series.count, "run", "runs"));
}

void verdict_write_warnings(const struct comparison *comparison, FILE *file)
{
	for (size_t i = 0; i < comparison->sides.count; i++)
		warn_of_series(&comparison->sides.items[i], file);
	if (comparison->end == COMPARISON_BUDGET_SPENT)
		fputs("the budget was spent before the interval was as narrow as --precision "
		      "asks\n",
		      file);
	if (comparison->end == COMPARISON_STOPPED)
		fputs("stopped early\n", file);
}
