#include "cli/stat.h"

#include "base/escape.h"
#include "base/memory.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/** Below this share the multiplexing of a counter is shown. */
#define RUNNING_SHARE_WHOLE 0.9999

/** Longest number with its marks: 2^64 has 20 digits. */
#define NUMBER_SIZE_BYTES 48

static bool is_clock(const struct stat_row *row)
{
	const struct event_selection *event = &row->counter->request->event;

	return event->type == PERF_TYPE_SOFTWARE && (event->config == PERF_COUNT_SW_CPU_CLOCK ||
						     event->config == PERF_COUNT_SW_TASK_CLOCK);
}

static bool is_scaled(const struct stat_row *row)
{
	return row->counter->request->event.scale != 1;
}

/** "msec" for clocks, "Joules" for some, else "". */
static const char *shown_unit(const struct stat_row *row)
{
	return is_clock(row) ? "msec" : row->counter->request->event.shown_unit;
}

/** Clocks count nanoseconds and are shown in milliseconds. */
static double shown_value(const struct stat_row *row, double value)
{
	return is_clock(row) ? value / 1e6 : value;
}

static const char *missing_mark(const struct stat_row *row)
{
	return row->counter->state == COUNTER_OPEN            ? "<not counted>"
	       : row->counter->state == COUNTER_NOT_SUPPORTED ? "<not supported>"
	       : row->counter->state == COUNTER_NOT_ALLOWED   ? "<not allowed>"
							      : "<failed>";
}

/** "1,234,567": a comma between each three digits before the point. */
static void format_grouped(double value, int n_decimals, bool is_grouped, char *ret)
{
	char plain[NUMBER_SIZE_BYTES];
	size_t n_whole, length = 0;

	snprintf(plain, sizeof(plain), "%.*f", n_decimals, value);
	n_whole = strcspn(plain, ".");
	for (size_t i = 0; plain[i] && length + 2 < NUMBER_SIZE_BYTES; i++) {
		if (is_grouped && i > 0 && i < n_whole && (n_whole - i) % 3 == 0 &&
		    plain[i - 1] != '-')
			ret[length++] = ',';
		ret[length++] = plain[i];
	}
	ret[length] = '\0';
}

/** Rates are told in thousands, millions or billions, as perf does. */
static void scale_rate(const struct counter_metric *metric, double *value_ret,
		       const char **unit_ret)
{
	static const char *const units[] = { "/sec", "K/sec", "M/sec", "G/sec" };
	double value = metric->value;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1000;
		unit++;
	}
	*value_ret = value;
	*unit_ret = units[unit];
}

static void metric_shown(const struct counter_metric *metric, double *value_ret,
			 const char **unit_ret)
{
	*value_ret = metric->value;
	*unit_ret = metric->unit;
	if (strcmp(metric->name, "rate") == 0)
		scale_rate(metric, value_ret, unit_ret);
}

static void print_metric(FILE *file, const struct counter_metric *metric)
{
	const char *unit;
	double value;

	metric_shown(metric, &value, &unit);
	if (metric->is_percent)
		fprintf(file, " # %8.2f%% %-24s", value, unit);
	else
		fprintf(file, " # %8.3f  %-24s", value, unit);
}

static void print_text_row(const struct stat_session *session, const struct stat_row *row)
{
	FILE *file = session->output;
	char number[NUMBER_SIZE_BYTES];

	format_grouped(shown_value(row, row->figure.mean), is_clock(row) || is_scaled(row) ? 2 : 0,
		       !session->options->is_without_big_numbers, number);
	fprintf(file, "%20s %-6s ", row->is_counted ? number : missing_mark(row), shown_unit(row));
	fprintf(file, "%-24s", row->counter->request->name);
	if (row->counter->is_kernel_left_out)
		fputs(" (user side)", file);
	if (row->is_counted && row->metric)
		print_metric(file, row->metric);
	if (row->is_counted && row->figure.n > 1)
		fprintf(file, "  ( +- %.2f%% )", stat_figure_error_percent(&row->figure));
	if (row->is_counted && row->running_share < RUNNING_SHARE_WHOLE)
		fprintf(file, "  (counted %.1f%% of the time)", 100 * row->running_share);
	fputc('\n', file);
}

/** Events that share a reason, in one line each. */
static void print_missing(const struct stat_session *session, const struct stat_table *table)
{
	FILE *file = session->output;
	bool has_heading = false;

	for (size_t i = 0; i < table->n_rows; i++) {
		const char *reason = table->rows[i].counter->reason;
		bool is_told = reason == NULL;

		for (size_t before = 0; before < i && !is_told; before++) {
			const char *other = table->rows[before].counter->reason;

			is_told = other && strcmp(other, reason) == 0;
		}
		if (is_told)
			continue;
		fprintf(file, "%s   %s\n    ", has_heading ? "" : "\n Not counted:\n", reason);
		for (size_t same = i; same < table->n_rows; same++) {
			const struct counter *counter = table->rows[same].counter;

			if (counter->reason && strcmp(counter->reason, reason) == 0)
				fprintf(file, " %s", counter->request->name);
		}
		fputc('\n', file);
		has_heading = true;
	}
}

/** Counters that are open but less than was asked for. */
static void print_degradations(const struct stat_session *session, const struct stat_table *table)
{
	FILE *file = session->output;
	bool is_kernel_left_out = false, is_idle = false;

	for (size_t i = 0; i < table->n_rows; i++) {
		const struct stat_row *row = &table->rows[i];
		const struct counter *counter = row->counter;

		/* One on a thread is on whenever that runs; a PMU may be too full for others. */
		is_idle |= counter->state == COUNTER_OPEN && is_clock(row) && !row->is_counted;
		is_kernel_left_out |= counter->is_kernel_left_out;
		if (counter->state == COUNTER_OPEN && counter->is_out_of_group)
			fprintf(file, " %s did not fit into its group and was counted alone\n",
				counter->request->name);
		if (row->has_waited)
			fprintf(file, " %s never got a counter: count fewer events at once\n",
				counter->request->name);
	}
	if (is_idle)
		fputs(" Nothing of it ran on a CPU in this time.\n", file);
	if (is_kernel_left_out)
		fputs(" The kernel side is not counted (user side): sudo sysctl "
		      "kernel.perf_event_paranoid=1\n",
		      file);
}

static void print_verdicts(const struct stat_session *session, const struct stat_table *table)
{
	FILE *file = session->output;

	if (table->verdicts.count)
		fputs("\n What the counts mean:\n", file);
	for (size_t i = 0; i < table->verdicts.count; i++) {
		const struct counter_verdict *verdict = &table->verdicts.items[i];

		fprintf(file, "   %-9s %s%s%s\n             (%s)\n",
			counter_judgement_name(verdict->judgement), verdict->pmu,
			verdict->pmu[0] ? ": " : "", verdict->text, verdict->reason);
	}
}

static void print_seconds(FILE *file, const struct stat_figure *figure, const char *name)
{
	fprintf(file, "%20.9f seconds %s", figure->mean, name);
	if (figure->n > 1)
		fprintf(file, "  ( +- %.2f%%, 95 %% sure of %.6f to %.6f, median %.6f )",
			stat_figure_error_percent(figure), figure->mean - figure->interval_half,
			figure->mean + figure->interval_half, figure->median);
	fputc('\n', file);
}

static void print_times(const struct stat_session *session, const struct stat_table *table)
{
	FILE *file = session->output;
	char number[NUMBER_SIZE_BYTES];

	fputc('\n', file);
	print_seconds(file, &table->elapsed_s, "time elapsed");
	if (!session->options->command[0])
		return;
	print_seconds(file, &table->user_s, "user");
	print_seconds(file, &table->system_s, "sys");
	format_grouped(table->peak_kib.mean, 0, !session->options->is_without_big_numbers, number);
	fprintf(file, "%20s KiB     peak memory\n", number);
}

static void print_subject(const struct stat_session *session)
{
	const struct stat_options *options = session->options;
	FILE *file = session->output;

	fputs("\n Performance counter stats for ", file);
	if (options->target.description) {
		escape_write_plain(file, options->target.description);
	} else {
		for (char **word = options->command; *word; word++) {
			fputs(word == options->command ? "'" : " ", file);
			escape_write_plain(file, *word);
		}
		fputc('\'', file);
	}
	if (session->runs.count > 1)
		fprintf(file, " (%zu runs)", session->runs.count);
	fputs(":\n\n", file);
}

void stat_print_text(const struct stat_session *session, const struct stat_table *table)
{
	print_subject(session);
	for (size_t i = 0; i < table->n_rows; i++) {
		if (table->rows[i].counter->state == COUNTER_OPEN)
			print_text_row(session, &table->rows[i]);
	}
	print_times(session, table);
	print_missing(session, table);
	print_degradations(session, table);
	print_verdicts(session, table);
	fputc('\n', session->output);
}

/* perf stat's fields: value, unit, event, [variance,] run time, share of it, metric, its unit. */
static void print_csv_row(const struct stat_session *session, const struct stat_row *row)
{
	const char *separator = session->options->separator;
	FILE *file = session->output;
	const char *unit = "";

	if (!row->is_counted)
		fputs(missing_mark(row), file);
	else
		fprintf(file, "%.*f", is_clock(row) || is_scaled(row) ? 2 : 0,
			shown_value(row, row->figure.mean));
	fprintf(file, "%s%s%s%s%s", separator, shown_unit(row), separator,
		row->counter->request->name, separator);
	if (row->figure.n > 1)
		fprintf(file, "%.2f%%%s", stat_figure_error_percent(&row->figure), separator);
	fprintf(file, "%.0f%s%.2f%s", row->running_ns, separator, 100 * row->running_share,
		separator);
	if (row->is_counted && row->metric) {
		double value;

		metric_shown(row->metric, &value, &unit);
		fprintf(file, "%.3f", value);
	}
	fprintf(file, "%s%s%s\n", separator,
		row->is_counted && row->metric && row->metric->is_percent ? "% " : "", unit);
}

static void print_json_text(FILE *file, const char *key, const char *text)
{
	fprintf(file, ", \"%s\" : \"", key);
	escape_write_json(file, text);
	fputc('"', file);
}

/* perf stat's keys, and our own behind them. */
static void print_json_row(const struct stat_session *session, const struct stat_row *row,
			   const struct stat_measurement *interval)
{
	FILE *file = session->output;

	fputc('{', file);
	if (interval)
		fprintf(file, "\"interval\" : %.9f, ", interval->time_ns / 1e9);
	if (row->is_counted)
		fprintf(file, "\"counter-value\" : \"%.6f\"", shown_value(row, row->figure.mean));
	else
		fprintf(file, "\"counter-value\" : \"%s\"", missing_mark(row));
	print_json_text(file, "unit", shown_unit(row));
	print_json_text(file, "event", row->counter->request->name);
	if (row->figure.n > 1)
		fprintf(file, ", \"variance\" : %.2f, \"median\" : %.6f, \"interval-95\" : %.6f",
			stat_figure_error_percent(&row->figure),
			shown_value(row, row->figure.median),
			shown_value(row, row->figure.interval_half));
	fprintf(file, ", \"event-runtime\" : %.0f, \"pcnt-running\" : %.2f", row->running_ns,
		100 * row->running_share);
	if (row->is_counted && row->metric) {
		fprintf(file, ", \"metric-value\" : %f", row->metric->value);
		print_json_text(file, "metric-unit", row->metric->unit);
		print_json_text(file, "metric-name", row->metric->name);
	}
	if (row->counter->reason)
		print_json_text(file, "reason", row->counter->reason);
	if (row->counter->is_kernel_left_out)
		fputs(", \"user-side-only\" : true", file);
	fputs("}\n", file);
}

static void print_json_figure(FILE *file, const char *name, const char *unit,
			      const struct stat_figure *figure)
{
	fprintf(file, "{\"measure\" : \"%s\", \"unit\" : \"%s\", \"value\" : %.9f", name, unit,
		figure->mean);
	if (figure->n > 1)
		fprintf(file,
			", \"runs\" : %zu, \"variance\" : %.2f, \"median\" : %.9f, "
			"\"interval-95\" : %.9f",
			figure->n, stat_figure_error_percent(figure), figure->median,
			figure->interval_half);
	fputs("}\n", file);
}

static void print_json_end(const struct stat_session *session, const struct stat_table *table)
{
	FILE *file = session->output;

	print_json_figure(file, "elapsed", "s", &table->elapsed_s);
	if (session->options->command[0]) {
		print_json_figure(file, "user", "s", &table->user_s);
		print_json_figure(file, "sys", "s", &table->system_s);
		print_json_figure(file, "peak-memory", "KiB", &table->peak_kib);
	}
	for (size_t i = 0; i < table->verdicts.count; i++) {
		const struct counter_verdict *verdict = &table->verdicts.items[i];

		fprintf(file, "{\"verdict\" : \"%s\"", counter_judgement_name(verdict->judgement));
		print_json_text(file, "about", verdict->name);
		print_json_text(file, "pmu", verdict->pmu);
		print_json_text(file, "text", verdict->text);
		print_json_text(file, "reason", verdict->reason);
		fputs("}\n", file);
	}
}

void stat_print_rows(const struct stat_session *session, const struct stat_table *table,
		     const struct stat_measurement *interval)
{
	enum stat_format format = session->options->format;

	for (size_t i = 0; i < table->n_rows; i++) {
		if (format == STAT_JSON) {
			print_json_row(session, &table->rows[i], interval);
			continue;
		}
		if (interval)
			fprintf(session->output, "%17.9f%s", interval->time_ns / 1e9,
				format == STAT_CSV ? session->options->separator : "");
		if (format == STAT_CSV)
			print_csv_row(session, &table->rows[i]);
		else
			print_text_row(session, &table->rows[i]);
	}
	if (format == STAT_JSON && !interval)
		print_json_end(session, table);
}

void stat_print_interval(const struct stat_session *session,
			 const struct stat_measurement *interval)
{
	struct stat_table table;

	stat_table_init(&table, session, interval, 1);
	stat_print_rows(session, &table, interval);
	stat_table_deinit(&table);
	fflush(session->output);
}
