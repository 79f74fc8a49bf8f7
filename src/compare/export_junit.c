#include "compare/export.h"

#include "base/escape.h"
#include "base/memory.h"

static void write_attribute(const char *name, const char *text, FILE *file)
{
	fprintf(file, " %s=\"", name);
	escape_write_xml(file, text);
	fputc('"', file);
}

static void write_case(const struct comparison *comparison, const struct gate *gate, size_t side,
		       FILE *file)
{
	struct metric_change change =
		comparison_change(comparison, side, gate ? gate->metric : METRIC_TIME);
	_cleanup_free_ char *text = verdict_change_text(&change);
	_cleanup_free_ double *values = NULL;
	struct series times = side_series(&comparison->sides.items[side], METRIC_TIME, &values);
	enum gate_result result = gate ? gate_judge(gate, comparison, side) : GATE_PASSED;

	fputs("  <testcase", file);
	write_attribute("classname", comparison->sides.items[side].name, file);
	write_attribute("name", gate ? gate->text : "time", file);
	fprintf(file, " time=\"%.6f\">", statistics_mean(times) * (double)times.count);
	if (result == GATE_FAILED) {
		fputs("<failure", file);
		write_attribute("message", text, file);
		fputs("/>", file);
	} else if (result == GATE_NOT_MEASURED) {
		fputs("<skipped message=\"not measurable here\"/>", file);
	} else {
		fputs("<system-out>", file);
		escape_write_xml(file, text);
		fputs("</system-out>", file);
	}
	fputs("</testcase>\n", file);
}

static void count_results(const struct comparison *comparison, const struct gate_vector *gates,
			  size_t n_results[3])
{
	for (size_t side = 1; side < comparison->sides.count; side++) {
		for (size_t i = 0; i < gates->count; i++)
			n_results[gate_judge(&gates->items[i], comparison, side)]++;
		n_results[GATE_PASSED] += gates->count == 0;
	}
}

void export_junit_write(const struct comparison *comparison, const struct gate_vector *gates,
			FILE *file)
{
	size_t n_results[3] = { 0 };

	count_results(comparison, gates, n_results);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", file);
	fprintf(file,
		"<testsuite name=\"perf-profile compare\" tests=\"%zu\" failures=\"%zu\" "
		"skipped=\"%zu\">\n",
		n_results[GATE_PASSED] + n_results[GATE_FAILED] + n_results[GATE_NOT_MEASURED],
		n_results[GATE_FAILED], n_results[GATE_NOT_MEASURED]);
	for (size_t side = 1; side < comparison->sides.count; side++) {
		for (size_t i = 0; i < gates->count; i++)
			write_case(comparison, &gates->items[i], side, file);
		if (gates->count == 0)
			write_case(comparison, NULL, side, file);
	}
	fputs("</testsuite>\n", file);
}
