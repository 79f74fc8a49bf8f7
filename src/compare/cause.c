#include "compare/cause.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"
#include "compare/metric.h"

#include <math.h>
#include <string.h>

/** Rows of the tables; the JSON has all functions. */
#define ROWS_MAX 15

/** Functions whose change is less than this share of the time are not worth a row. */
#define ROW_SHARE_LEAST 0.001

void cause_destroy(struct cause *cause)
{
	if (!cause)
		return;
	function_changes_deinit(&cause->functions);
	for (size_t i = 0; i < cause->findings.count; i++)
		free(cause->findings.items[i].title);
	finding_change_vector_deinit(&cause->findings);
	free(cause);
}

/** The function that moved most (of a whole that changed: in its direction); NULL: none proven. */
static const struct function_change *main_function(const struct cause *cause)
{
	double total_s = cause->changed_s - cause->reference_s;

	for (size_t i = 0; i < cause->functions.count; i++) {
		const struct function_change *change = &cause->functions.items[i];

		if (change->is_significant &&
		    (!cause->is_different || change->change_s * total_s > 0))
			return change;
	}
	return NULL;
}

static double whole_change(const struct function_change *change)
{
	return change->changed_whole_s - change->reference_whole_s;
}

/** An outer function is named instead of one inlined into it when it has so much more of the
 * change. */
#define HOME_SHARE_LEAST 0.9

/** Functions within functions; DWARF nests less deeply in practice. */
#define INLINED_DEPTH_MAX 64

static const struct function_change *outer_function(const struct cause *cause,
						    const struct function_change *inner)
{
	for (size_t i = 0; inner->inlined_into && i < cause->functions.count; i++) {
		const struct function_change *change = &cause->functions.items[i];

		if (change->is_kernel == inner->is_kernel &&
		    strcmp(change->name, inner->inlined_into) == 0)
			return change;
	}
	return NULL;
}

/**
 * The innermost function around @p innermost that nearly all of the change is in: who changed a
 * loop wants to hear of the loop, not of the addition inlined into it.
 */
static const struct function_change *home_function(const struct cause *cause,
						   const struct function_change *innermost)
{
	const struct function_change *chain[INLINED_DEPTH_MAX] = { innermost };
	double sign = innermost->change_s < 0 ? -1 : 1, most = 0;
	size_t depth = 1, home = 0;

	while (depth < INLINED_DEPTH_MAX &&
	       (chain[depth] = outer_function(cause, chain[depth - 1])))
		depth++;
	for (size_t i = 0; i < depth; i++)
		most = fmax(most, sign * whole_change(chain[i]));
	while (home + 1 < depth && sign * whole_change(chain[home]) < HOME_SHARE_LEAST * most)
		home++;
	return chain[home];
}

/** "parse_header (12.10 ms -> 2.00 ms a run)", and what is inlined there. Free it. */
static char *describe_function(const struct cause *cause, const struct function_change *change)
{
	const struct function_change *home = home_function(cause, change);
	char before[METRIC_TEXT_SIZE_BYTES], after[METRIC_TEXT_SIZE_BYTES];

	metric_format_seconds(home->reference_whole_s, before);
	metric_format_seconds(home->changed_whole_s, after);
	if (home == change)
		return memory_format_text("%s (%s -> %s a run)", home->name, before, after);
	return memory_format_text("%s (%s -> %s a run), mostly in %s, inlined there", home->name,
				  before, after, change->name);
}

char *cause_sentence(const struct cause *cause)
{
	const struct function_change *change = main_function(cause);
	double total_s = cause->changed_s - cause->reference_s;
	_cleanup_free_ char *what = NULL;
	double share;

	if (!change)
		return memory_duplicate_text("no function can be named as the cause: no change "
					     "stands out from the error of sampling");
	what = describe_function(cause, change);
	if (!cause->is_different)
		return memory_format_text("the whole has not changed provably, but this has: %s",
					  what);
	share = whole_change(home_function(cause, change)) / total_s;
	if (share > 1.05)
		return memory_format_text("more than the whole %s is in %s; other functions made "
					  "up for some of it",
					  total_s < 0 ? "gain" : "loss", what);
	return memory_format_text("%.0f %% of the %s is %s", 100 * fmin(share, 1),
				  total_s < 0 ? "gain" : "loss", what);
}

static bool is_worth_a_row(const struct cause *cause, const struct function_change *change)
{
	return change->is_significant &&
	       fabs(change->change_s) >=
		       ROW_SHARE_LEAST * fmax(cause->reference_s, cause->changed_s);
}

/** The rows of a table, by change. @return how many there are. */
static size_t choose_rows(const struct cause *cause, const struct function_change *rows[ROWS_MAX])
{
	size_t n_rows = 0;

	for (size_t i = 0; i < cause->functions.count && n_rows < ROWS_MAX; i++) {
		const struct function_change *change = &cause->functions.items[i];

		if (is_worth_a_row(cause, change))
			rows[n_rows++] = change;
	}
	return n_rows;
}

/** "+1.234 ms" */
static void format_change(double change_s, char text[METRIC_TEXT_SIZE_BYTES + 8])
{
	char size[METRIC_TEXT_SIZE_BYTES];

	metric_format_seconds(fabs(change_s), size);
	snprintf(text, METRIC_TEXT_SIZE_BYTES + 8, "%s%s", change_s < 0 ? "−" : "+", size);
}

struct row_text {
	char before[METRIC_TEXT_SIZE_BYTES], after[METRIC_TEXT_SIZE_BYTES];
	char change[METRIC_TEXT_SIZE_BYTES + 8];
	char low[METRIC_TEXT_SIZE_BYTES + 8], high[METRIC_TEXT_SIZE_BYTES + 8];
};

static struct row_text row_text_make(const struct function_change *change)
{
	struct row_text row = { 0 };

	metric_format_seconds(change->reference_s, row.before);
	metric_format_seconds(change->changed_s, row.after);
	format_change(change->change_s, row.change);
	format_change(change->low_s, row.low);
	format_change(change->high_s, row.high);
	return row;
}

static bool has_changed(const struct finding_change *finding)
{
	double error = hypot(finding->reference_error, finding->changed_error);

	return fabs(finding->changed_share - finding->reference_share) > error;
}

void cause_write_text(const struct cause *cause, FILE *file)
{
	const struct function_change *rows[ROWS_MAX];
	size_t n_rows = choose_rows(cause, rows);

	fprintf(file, "  own time of functions per run, by change (95 %%):\n");
	for (size_t i = 0; i < n_rows; i++) {
		struct row_text row = row_text_make(rows[i]);
		_cleanup_free_ char *name = escape_plain(rows[i]->name);
		const char *remark = function_change_remark(rows[i]);

		fprintf(file, "  %12s -> %12s  %s (%s to %s)  %s%s%s%s\n", row.before, row.after,
			row.change, row.low, row.high, name, rows[i]->is_kernel ? " [kernel]" : "",
			*remark ? ", " : "", remark);
	}
	fprintf(file, "  %zu other %s did not change by more than the error of sampling\n",
		cause->functions.count - n_rows,
		count_noun(cause->functions.count - n_rows, "function", "functions"));
	for (size_t i = 0; i < cause->findings.count; i++) {
		const struct finding_change *finding = &cause->findings.items[i];

		if (has_changed(finding))
			fprintf(file, "  finding: %s %.1f %% -> %.1f %% of the samples\n",
				finding->title, 100 * finding->reference_share,
				100 * finding->changed_share);
	}
}

void cause_write_markdown(const struct cause *cause, FILE *file)
{
	const struct function_change *rows[ROWS_MAX];
	size_t n_rows = choose_rows(cause, rows);

	if (!n_rows)
		return;
	fputs("\n| Function | Before | After | Change (95 %) | |\n|:---|---:|---:|---:|:---|\n",
	      file);
	for (size_t i = 0; i < n_rows; i++) {
		struct row_text row = row_text_make(rows[i]);

		fputs("| ", file);
		escape_write_markdown_cell(file, rows[i]->name);
		fprintf(file, " | %s | %s | %s (%s to %s) | %s |\n", row.before, row.after,
			row.change, row.low, row.high, function_change_remark(rows[i]));
	}
	for (size_t i = 0; i < cause->findings.count; i++) {
		const struct finding_change *finding = &cause->findings.items[i];

		if (has_changed(finding))
			fprintf(file, "\nFinding: %s, %.1f %% → %.1f %% of the samples.\n",
				finding->title, 100 * finding->reference_share,
				100 * finding->changed_share);
	}
}

static void write_function_json(const struct function_change *change, struct json_writer *json)
{
	json_begin_object(json, NULL);
	json_string(json, "name", change->name);
	json_bool(json, "kernel", change->is_kernel);
	json_u64(json, "reference_samples", change->reference_count);
	json_u64(json, "changed_samples", change->changed_count);
	json_double(json, "reference", change->reference_s);
	json_double(json, "changed", change->changed_s);
	json_double(json, "reference_children", change->reference_children_s);
	json_double(json, "changed_children", change->changed_children_s);
	json_double(json, "reference_with_inlined", change->reference_whole_s);
	json_double(json, "changed_with_inlined", change->changed_whole_s);
	json_double(json, "change", change->change_s);
	json_double(json, "low", change->low_s);
	json_double(json, "high", change->high_s);
	json_bool(json, "significant", change->is_significant);
	json_end_object(json);
}

void cause_write_json(const struct cause *cause, struct json_writer *json)
{
	_cleanup_free_ char *sentence = cause_sentence(cause);

	json_begin_object(json, "cause");
	json_string(json, "sentence", sentence);
	json_u64(json, "reference_samples", cause->n_reference_samples);
	json_u64(json, "changed_samples", cause->n_changed_samples);
	json_begin_array(json, "functions");
	for (size_t i = 0; i < cause->functions.count; i++)
		write_function_json(&cause->functions.items[i], json);
	json_end_array(json);
	json_begin_array(json, "findings");
	for (size_t i = 0; i < cause->findings.count; i++) {
		const struct finding_change *finding = &cause->findings.items[i];

		json_begin_object(json, NULL);
		json_string(json, "title", finding->title);
		json_double(json, "reference_share", finding->reference_share);
		json_double(json, "changed_share", finding->changed_share);
		json_bool(json, "changed", has_changed(finding));
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
