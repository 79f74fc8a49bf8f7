#include "compare/export.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"

static void write_gates(const struct comparison *comparison, const struct gate_vector *gates,
			size_t side, FILE *file)
{
	for (size_t i = 0; i < gates->count; i++) {
		enum gate_result result = gate_judge(&gates->items[i], comparison, side);

		fputs(result == GATE_FAILED   ? "- :x: **failed** "
		      : result == GATE_PASSED ? "- :white_check_mark: passed "
					      : "- :grey_question: not measurable here ",
		      file);
		escape_write_markdown(file, gates->items[i].text);
		fputc('\n', file);
	}
	if (gates->count)
		fputc('\n', file);
}

static void write_metrics(const struct comparison *comparison, size_t side, FILE *file)
{
	fputs("| | Before | After | Change (95 %) |\n|:---|---:|---:|:---|\n", file);
	for (int i = 0; i < N_METRICS; i++) {
		struct metric_change change = comparison_change(comparison, side, (enum metric)i);
		_cleanup_free_ char *text = verdict_change_text(&change);
		char reference[METRIC_TEXT_SIZE_BYTES], changed[METRIC_TEXT_SIZE_BYTES];

		if (!change.is_measured)
			continue;
		metric_format((enum metric)i, change.reference, reference);
		metric_format((enum metric)i, change.changed, changed);
		fprintf(file, "| %s | %s | %s | %s%s%s |\n", metrics[i].label, reference, changed,
			change.is_different ? "**" : "", text, change.is_different ? "**" : "");
	}
}

void export_summary_write(const struct comparison *comparison, const struct gate_vector *gates,
			  FILE *file)
{
	for (size_t side = 1; side < comparison->sides.count; side++) {
		const struct side *changed = &comparison->sides.items[side];
		_cleanup_free_ char *summary = verdict_summary(comparison, side);
		_cleanup_free_ char *safe = escape_plain(summary);

		fputs("### ", file);
		escape_write_markdown(file, changed->name);
		fputs(" against ", file);
		escape_write_markdown(file, comparison->sides.items[0].name);
		fprintf(file, "\n\n%s.\n\n", safe);
		write_gates(comparison, gates, side, file);
		write_metrics(comparison, side, file);
		if (changed->cause)
			cause_write_markdown(changed->cause, file);
		fprintf(file, "\n%zu and %zu %s", comparison->sides.items[0].runs.count,
			changed->runs.count, count_noun(changed->runs.count, "run", "runs"));
		fputs(comparison->is_paired ? ", in turns.\n\n" : ", at different times.\n\n",
		      file);
	}
	fputs("```\n", file);
	verdict_write_warnings(comparison, file);
	fputs("```\n", file);
}
