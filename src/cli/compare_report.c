#include "cli/compare.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"
#include "cli/terminal.h"

#include <math.h>
#include <string.h>

#define LABEL_WIDTH 17

static void write_side(const struct side *side, FILE *file)
{
	_cleanup_free_ char *name = escape_plain(side->name);
	_cleanup_free_ double *times = NULL;
	struct series series = side_series(side, METRIC_TIME, &times);
	char median[METRIC_TEXT_SIZE_BYTES], deviation[METRIC_TEXT_SIZE_BYTES];
	double low = INFINITY, high = -INFINITY;
	char low_text[METRIC_TEXT_SIZE_BYTES], high_text[METRIC_TEXT_SIZE_BYTES];

	for (size_t i = 0; i < series.count; i++) {
		low = fmin(low, times[i]);
		high = fmax(high, times[i]);
	}
	metric_format_seconds(statistics_median(series), median);
	metric_format_seconds(statistics_deviation(series), deviation);
	metric_format_seconds(low, low_text);
	metric_format_seconds(high, high_text);
	fprintf(file, "%s%s%s\n", terminal_begin(file, STYLE_BOLD), name, terminal_end(file));
	fprintf(file, "  median %s ± %s, from %s to %s, %zu %s\n", median, deviation, low_text,
		high_text, series.count, count_noun(series.count, "run", "runs"));
}

static void write_verdict(const struct comparison *comparison, size_t side, FILE *file)
{
	struct metric_change change =
		comparison_change(comparison, side, verdict_metric(comparison, side));
	_cleanup_free_ char *sentence = verdict_summary(comparison, side);
	_cleanup_free_ char *safe = escape_plain(sentence);
	enum verdict_kind kind = verdict_kind_of(&change);
	char p[16];

	verdict_format_p(change.rank_p, p);
	fprintf(file, "%s%s%s",
		terminal_begin(file, kind == VERDICT_LESS   ? STYLE_GOOD
				     : kind == VERDICT_MORE ? STYLE_BAD
							    : STYLE_BOLD),
		safe, terminal_end(file));
	if (kind != VERDICT_UNKNOWN)
		fprintf(file, "  [95 %% interval; rank test %s]", p);
	fputc('\n', file);
}

static enum terminal_style metric_style(const struct metric_change *change)
{
	switch (verdict_kind_of(change)) {
	case VERDICT_LESS:
		return STYLE_GOOD;
	case VERDICT_MORE:
		return STYLE_BAD;
	default:
		return STYLE_DIM;
	}
}

static void write_metric(const struct comparison *comparison, size_t side, enum metric metric,
			 FILE *file)
{
	struct metric_change change = comparison_change(comparison, side, metric);
	_cleanup_free_ char *text = verdict_change_text(&change);
	char reference[METRIC_TEXT_SIZE_BYTES], changed[METRIC_TEXT_SIZE_BYTES];

	if (!change.is_measured)
		return;
	metric_format(metric, change.reference, reference);
	metric_format(metric, change.changed, changed);
	fprintf(file, "  %-*s %12s -> %12s  %s%s%s\n", LABEL_WIDTH, metrics[metric].label,
		reference, changed, terminal_begin(file, metric_style(&change)), text,
		terminal_end(file));
}

static void write_single(const struct comparison *comparison, FILE *file)
{
	for (int i = METRIC_TIME + 1; i < N_METRICS; i++) {
		_cleanup_free_ double *values = NULL;
		struct series series =
			side_series(&comparison->sides.items[0], (enum metric)i, &values);
		char median[METRIC_TEXT_SIZE_BYTES];

		if (!series.count)
			continue;
		metric_format((enum metric)i, statistics_median(series), median);
		fprintf(file, "  %-*s %12s\n", LABEL_WIDTH, metrics[i].label, median);
	}
}

static void write_gates(const struct comparison *comparison, const struct gate_vector *gates,
			FILE *file)
{
	for (size_t side = 1; side < comparison->sides.count; side++) {
		_cleanup_free_ char *name = escape_plain(comparison->sides.items[side].name);

		for (size_t i = 0; i < gates->count; i++) {
			enum gate_result result = gate_judge(&gates->items[i], comparison, side);

			fprintf(file, "%s %s%s%s: %s\n", gates->items[i].text,
				terminal_begin(file,
					       result == GATE_FAILED ? STYLE_BAD : STYLE_GOOD),
				result == GATE_FAILED   ? "FAILED"
				: result == GATE_PASSED ? "passed"
							: "not measurable here",
				terminal_end(file), name);
		}
	}
}

static bool has_memory(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->sides.count; i++) {
		_cleanup_free_ double *values = NULL;

		if (!side_series(&comparison->sides.items[i], METRIC_MEMORY, &values).count)
			return false;
	}
	return true;
}

void compare_report_write(const struct comparison *comparison, const struct gate_vector *gates,
			  FILE *file)
{
	char shell[METRIC_TEXT_SIZE_BYTES];

	for (size_t i = 0; i < comparison->sides.count; i++)
		write_side(&comparison->sides.items[i], file);
	if (comparison->sides.count == 1)
		write_single(comparison, file);
	for (size_t side = 1; side < comparison->sides.count; side++) {
		const struct cause *cause = comparison->sides.items[side].cause;

		fputc('\n', file);
		write_verdict(comparison, side, file);
		for (int i = 0; i < N_METRICS; i++)
			write_metric(comparison, side, (enum metric)i, file);
		if (cause)
			cause_write_text(cause, file);
	}
	fputc('\n', file);
	if (!comparison->has_hardware)
		fputs("instructions, cycles, branches, caches: not measurable here (this machine "
		      "gives no hardware counters)\n",
		      file);
	if (!has_memory(comparison))
		fputs("peak memory: not measurable for commands that need less than perf-profile "
		      "itself, about 5 MiB\n",
		      file);
	if (comparison->shell_s[METRIC_TIME] > 0) {
		metric_format_seconds(comparison->shell_s[METRIC_TIME], shell);
		fprintf(file, "%s for the start of the shell are taken off each run\n", shell);
	}
	verdict_write_warnings(comparison, file);
	write_gates(comparison, gates, file);
}
