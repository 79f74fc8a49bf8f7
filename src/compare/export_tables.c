#include "compare/export.h"

#include "base/escape.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

/** One unit for the whole table: the one that suits the first side. */
struct time_unit {
	const char *name;
	double scale; /**< Of a second. */
};

static struct time_unit choose_unit(const struct comparison *comparison)
{
	_cleanup_free_ double *values = NULL;
	double median =
		statistics_median(side_series(&comparison->sides.items[0], METRIC_TIME, &values));

	if (median >= 1)
		return (struct time_unit){ "s", 1 };
	if (median >= 1e-3)
		return (struct time_unit){ "ms", 1e3 };
	return (struct time_unit){ "us", 1e6 };
}

struct row {
	double median, deviation, low, high;
	char ratio[80]; /**< "1.00" or "0.70 (0.69 to 0.72)". */
};

static struct row row_make(const struct comparison *comparison, size_t side)
{
	_cleanup_free_ double *values = NULL;
	struct series series = side_series(&comparison->sides.items[side], METRIC_TIME, &values);
	struct metric_change change = comparison_change(comparison, side, METRIC_TIME);
	struct row row = {
		.median = statistics_median(series),
		.deviation = statistics_deviation(series),
		.low = INFINITY,
		.high = -INFINITY,
		.ratio = "1.00",
	};

	for (size_t i = 0; i < series.count; i++) {
		row.low = fmin(row.low, series.values[i]);
		row.high = fmax(row.high, series.values[i]);
	}
	if (side > 0 && change.has_ratio)
		snprintf(row.ratio, sizeof(row.ratio), "%.3f (%.3f to %.3f)", change.ratio.value,
			 change.ratio.interval.low, change.ratio.interval.high);
	else if (side > 0)
		snprintf(row.ratio, sizeof(row.ratio), "-");
	return row;
}

/** A name inside `...` in AsciiDoc's table: without what would end either. */
static void write_cell(const char *text, FILE *file)
{
	_cleanup_free_ char *safe = escape_plain(text);

	fputc('`', file);
	for (const char *letter = safe; *letter; letter++) {
		if (*letter == '|')
			fputs("\\|", file);
		else
			fputc(*letter == '`' ? '\'' : *letter, file);
	}
	fputc('`', file);
}

static void write_sentences(const struct comparison *comparison, FILE *file)
{
	for (size_t i = 1; i < comparison->sides.count; i++) {
		_cleanup_free_ char *sentence = verdict_summary(comparison, i);
		_cleanup_free_ char *safe = escape_plain(sentence);

		fprintf(file, "%s.\n", safe);
	}
	if (comparison->sides.count > 1)
		fputc('\n', file);
}

void export_markdown_write(const struct comparison *comparison, const struct gate_vector *gates,
			   FILE *file)
{
	struct time_unit unit = choose_unit(comparison);

	write_sentences(comparison, file);
	fprintf(file, "| Command | Median [%s] | Min [%s] | Max [%s] | Runs | Relative |\n",
		unit.name, unit.name, unit.name);
	fputs("|:---|---:|---:|---:|---:|---:|\n", file);
	for (size_t i = 0; i < comparison->sides.count; i++) {
		struct row row = row_make(comparison, i);

		fputs("| ", file);
		escape_write_markdown_cell(file, comparison->sides.items[i].name);
		fprintf(file, " | %.3f ± %.3f | %.3f | %.3f | %zu | %s |\n",
			row.median * unit.scale, row.deviation * unit.scale, row.low * unit.scale,
			row.high * unit.scale, comparison->sides.items[i].runs.count, row.ratio);
	}
	for (size_t i = 1; i < comparison->sides.count; i++) {
		if (comparison->sides.items[i].cause)
			cause_write_markdown(comparison->sides.items[i].cause, file);
	}
	for (size_t gate = 0; gate < gates->count; gate++) {
		for (size_t i = 1; i < comparison->sides.count; i++) {
			enum gate_result result = gate_judge(&gates->items[gate], comparison, i);

			fprintf(file, "\n%s: ", gates->items[gate].text);
			escape_write_markdown(file, comparison->sides.items[i].name);
			fprintf(file, " %s\n",
				result == GATE_FAILED   ? "**failed**"
				: result == GATE_PASSED ? "passed"
							: "not measurable here");
		}
	}
}

void export_asciidoc_write(const struct comparison *comparison, const struct gate_vector *gates,
			   FILE *file)
{
	struct time_unit unit = choose_unit(comparison);

	fputs("[cols=\"<,>,>,>,>,>\"]\n|===\n", file);
	fprintf(file, "| Command | Median [%s] | Min [%s] | Max [%s] | Runs | Relative\n\n",
		unit.name, unit.name, unit.name);
	for (size_t i = 0; i < comparison->sides.count; i++) {
		struct row row = row_make(comparison, i);

		fputs("| ", file);
		write_cell(comparison->sides.items[i].name, file);
		fprintf(file, "\n| %.3f ± %.3f\n| %.3f\n| %.3f\n| %zu\n| %s\n",
			row.median * unit.scale, row.deviation * unit.scale, row.low * unit.scale,
			row.high * unit.scale, comparison->sides.items[i].runs.count, row.ratio);
	}
	fputs("|===\n", file);
}

/** RFC 4180: quoted when needed, quotes doubled. */
static void write_csv_text(const char *text, FILE *file)
{
	_cleanup_free_ char *safe = escape_plain(text);

	if (!strpbrk(safe, ",\"")) {
		fputs(safe, file);
		return;
	}
	fputc('"', file);
	for (const char *letter = safe; *letter; letter++) {
		if (*letter == '"')
			fputc('"', file);
		fputc(*letter, file);
	}
	fputc('"', file);
}

void export_csv_write(const struct comparison *comparison, const struct gate_vector *gates,
		      FILE *file)
{
	fputs("command,mean,stddev,median,user,system,min,max,runs,ratio,ratio_low,ratio_high\n",
	      file);
	for (size_t i = 0; i < comparison->sides.count; i++) {
		const struct side *side = &comparison->sides.items[i];
		struct row row = row_make(comparison, i);
		struct metric_change change = comparison_change(comparison, i, METRIC_TIME);
		_cleanup_free_ double *times = NULL;
		_cleanup_free_ double *user = NULL;
		_cleanup_free_ double *system = NULL;
		struct series series = side_series(side, METRIC_TIME, &times);

		write_csv_text(side->name, file);
		fprintf(file, ",%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%zu", statistics_mean(series),
			statistics_standard_deviation(series), row.median,
			statistics_mean(side_series(side, METRIC_USER, &user)),
			statistics_mean(side_series(side, METRIC_SYSTEM, &system)), row.low,
			row.high, series.count);
		if (i > 0 && change.has_ratio)
			fprintf(file, ",%.6f,%.6f,%.6f\n", change.ratio.value,
				change.ratio.interval.low, change.ratio.interval.high);
		else
			fputs(i ? ",,,\n" : ",1,1,1\n", file);
	}
}
