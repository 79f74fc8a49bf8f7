#include "output/difference.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"
#include "profile/summary.h"

#include <inttypes.h>
#include <string.h>

#define N_ROWS_MAX 20

static void write_side(const char *label, const struct difference_side *side, const char *unit,
		       FILE *file)
{
	char count[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_count(side->n_samples, count);
	fprintf(file, "%s: %s samples", label, count);
	if (strcmp(unit, "samples") != 0) {
		fputs(" of ", file);
		escape_write_markdown(file, side->event_name);
	}
	fputs(" in ", file);
	escape_write_markdown(file, side->path);
}

static void write_share(double part, double whole, FILE *file)
{
	char text[PROFILE_NUMBER_SIZE_BYTES];

	profile_format_share(whole > 0 ? part / whole : 0, text);
	fprintf(file, "%s | ", text);
}

static void write_row(const struct difference *difference, const struct function_change *function,
		      FILE *file)
{
	_cleanup_free_ char *change =
		difference_format_amount(difference, function->change_s, true);
	_cleanup_free_ char *error = difference_format_amount(
		difference, (function->high_s - function->low_s) / 2, false);
	const char *remark = function_change_remark(function);
	const char *emphasis = function->is_significant ? "**" : "";

	fprintf(file, "| %s%s%s%s | %s | ", emphasis, change, difference_amount_unit(difference),
		emphasis, error);
	write_share(function->reference_s, difference->before_whole, file);
	write_share(function->changed_s, difference->after_whole, file);
	write_share(function->reference_children_s, difference->before_whole, file);
	write_share(function->changed_children_s, difference->after_whole, file);
	escape_write_markdown_cell(file, function->name);
	fprintf(file, "%s%s |\n", *remark ? " " : "", remark);
}

void difference_write_markdown(const struct difference *difference, double percent_limit,
			       FILE *file)
{
	const struct function_change_vector *functions = &difference->functions;
	uint64_t n_rows = 0, n_changed = 0;

	fputs("### What changed\n\n", file);
	write_side("Before", &difference->before, difference->unit, file);
	fputs(".\n", file);
	write_side("After", &difference->after, difference->unit, file);
	fputs(".\n\n", file);
	for (size_t i = 0; i < functions->count; i++) {
		if (!difference_is_shown(difference, &functions->items[i], percent_limit))
			continue;
		if (n_changed++ == 0)
			fputs("| Change | ± | Self before | after | With callees before | after | "
			      "Function |\n|---:|---:|---:|---:|---:|---:|:---|\n",
			      file);
		if (n_rows < N_ROWS_MAX) {
			write_row(difference, &functions->items[i], file);
			n_rows++;
		}
	}
	if (n_changed == 0)
		fprintf(file, "No function changed by %g %% or more.\n", percent_limit);
	else
		fputs("\nBold: more than chance makes of the numbers of samples (Holm's test, 5 "
		      "%); ±: "
		      "95 % interval.\n",
		      file);
	if (n_changed > n_rows)
		fprintf(file, "%" PRIu64 " more %s not shown.\n", n_changed - n_rows,
			count_noun(n_changed - n_rows, "function is", "functions are"));
}
