#include "compare/export.h"

#include "base/json_writer.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

static void write_series(struct json_writer *json, const char *key, struct series series)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < series.count; i++)
		json_double(json, NULL, series.values[i]);
	json_end_array(json);
}

/** What hyperfine has: seconds, and each run's time. */
static void write_times(struct json_writer *json, struct series series)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < series.count; i++) {
		low = fmin(low, series.values[i]);
		high = fmax(high, series.values[i]);
	}
	json_double(json, "mean", statistics_mean(series));
	json_double(json, "stddev", statistics_standard_deviation(series));
	json_double(json, "median", statistics_median(series));
	json_double(json, "min", low);
	json_double(json, "max", high);
	write_series(json, "times", series);
}

static void write_mean(struct json_writer *json, const char *key, const struct side *side,
		       enum metric metric)
{
	_cleanup_free_ double *values = NULL;

	json_double(json, key, statistics_mean(side_series(side, metric, &values)));
}

static void write_metrics(struct json_writer *json, const struct comparison *comparison,
			  const struct side *side)
{
	json_begin_object(json, "metrics");
	for (int i = 0; i < N_METRICS; i++) {
		_cleanup_free_ double *values = NULL;
		struct series series = side_series(side, (enum metric)i, &values);
		struct estimate median;

		if (!series.count) {
			json_null(json, metrics[i].name);
			continue;
		}
		median = statistics_median_estimate(series, comparison->options->seed, 1000);
		json_begin_object(json, metrics[i].name);
		json_double(json, "median", median.value);
		json_double(json, "low", median.interval.low);
		json_double(json, "high", median.interval.high);
		json_double(json, "deviation", statistics_deviation(series));
		json_u64(json, "outliers", statistics_outliers(series));
		write_series(json, "values", series);
		json_end_object(json);
	}
	json_end_object(json);
}

static void write_side(struct json_writer *json, const struct comparison *comparison,
		       const struct side *side)
{
	_cleanup_free_ double *values = NULL;
	struct series times = side_series(side, METRIC_TIME, &values);
	double p, drift = statistics_drift(times, &p);

	json_begin_object(json, NULL);
	json_string(json, "name", side->name);
	if (side->commit)
		json_string(json, "commit", side->commit);
	json_string(json, "command", side->command.text);
	json_bool(json, "shell", side->command.is_shell);
	write_times(json, times);
	write_mean(json, "user", side, METRIC_USER);
	write_mean(json, "system", side, METRIC_SYSTEM);
	json_begin_array(json, "exit_codes");
	for (size_t i = 0; i < side->runs.count; i++) {
		int status = side->runs.items[i].wait_status;

		if (WIFEXITED(status))
			json_i64(json, NULL, WEXITSTATUS(status));
		else
			json_null(json, NULL);
	}
	json_end_array(json);
	json_begin_array(json, "order");
	for (size_t i = 0; i < side->runs.count; i++)
		json_u64(json, NULL, side->runs.items[i].order);
	json_end_array(json);
	if (side->parameters.count) {
		json_begin_object(json, "parameters");
		for (size_t i = 0; i < side->parameters.count; i++)
			json_string(json, side->parameters.items[i].name,
				    side->parameters.items[i].value);
		json_end_object(json);
	}
	json_double(json, "drift", drift);
	json_double(json, "drift_p", p);
	write_metrics(json, comparison, side);
	json_end_object(json);
}

static void write_change(struct json_writer *json, const struct comparison *comparison, size_t side,
			 enum metric metric)
{
	struct metric_change change = comparison_change(comparison, side, metric);

	if (!change.is_measured) {
		json_null(json, metrics[metric].name);
		return;
	}
	json_begin_object(json, metrics[metric].name);
	json_double(json, "reference", change.reference);
	json_double(json, "changed", change.changed);
	if (change.has_ratio) {
		json_double(json, "ratio", change.ratio.value);
		json_double(json, "ratio_low", change.ratio.interval.low);
		json_double(json, "ratio_high", change.ratio.interval.high);
	}
	json_double(json, "rank_p", change.rank_p);
	json_string(json, "verdict", verdict_kind_name(verdict_kind_of(&change)));
	json_end_object(json);
}

static const char *gate_result_name(enum gate_result result)
{
	static const char *const names[] = {
		[GATE_PASSED] = "passed",
		[GATE_FAILED] = "failed",
		[GATE_NOT_MEASURED] = "not-measured",
	};

	return names[result];
}

static void write_comparison(struct json_writer *json, const struct comparison *comparison,
			     const struct gate_vector *gates, size_t side)
{
	_cleanup_free_ char *sentence = verdict_sentence(comparison, side);
	_cleanup_free_ char *summary = verdict_summary(comparison, side);

	json_begin_object(json, NULL);
	json_string(json, "reference", comparison->sides.items[0].name);
	json_string(json, "changed", comparison->sides.items[side].name);
	json_string(json, "summary", summary);
	json_string(json, "sentence", sentence);
	json_string(json, "decided_by", metrics[verdict_metric(comparison, side)].name);
	json_begin_object(json, "metrics");
	for (int i = 0; i < N_METRICS; i++)
		write_change(json, comparison, side, (enum metric)i);
	json_end_object(json);
	if (comparison->sides.items[side].cause)
		cause_write_json(comparison->sides.items[side].cause, json);
	json_begin_array(json, "gates");
	for (size_t i = 0; i < gates->count; i++) {
		json_begin_object(json, NULL);
		json_string(json, "gate", gates->items[i].text);
		json_string(json, "result",
			    gate_result_name(gate_judge(&gates->items[i], comparison, side)));
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

void export_json_write(const struct comparison *comparison, const struct gate_vector *gates,
		       FILE *file)
{
	static const char *const ends[] = {
		[COMPARISON_RUNS_MADE] = "runs-made",
		[COMPARISON_PRECISE] = "precise",
		[COMPARISON_BUDGET_SPENT] = "budget-spent",
		[COMPARISON_STOPPED] = "stopped",
	};
	struct json_writer json = json_writer_make(file);

	json_begin_object(&json, NULL);
	json_u64(&json, "seed", comparison->options->seed);
	json_string(&json, "end", ends[comparison->end]);
	json_bool(&json, "paired", comparison->is_paired);
	json_double(&json, "shell_time", comparison->shell_s[METRIC_TIME]);
	json_begin_array(&json, "results");
	for (size_t i = 0; i < comparison->sides.count; i++)
		write_side(&json, comparison, &comparison->sides.items[i]);
	json_end_array(&json);
	json_begin_array(&json, "comparisons");
	for (size_t i = 1; i < comparison->sides.count; i++)
		write_comparison(&json, comparison, gates, i);
	json_end_array(&json);
	json_end_object(&json);
}
