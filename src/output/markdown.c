/**
 * A summary for pull requests: GitHub Flavored Markdown (https://github.github.com/gfm/).
 *
 * Names are foreign. In a code span neither markup nor @mentions nor links work; what
 * could end the span or the cell is escaped (GFM 6.3 code spans, 4.10 tables).
 */

#include "base/count_noun.h"
#include "base/escape.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"

#include <inttypes.h>
#include <string.h>

#define N_ROWS_MAX 20

static void write_head(const struct profile *profile, const struct output_options *options,
		       const struct profile_quality *quality, FILE *file)
{
	const struct profile_info *info = &profile->info;

	fputs("### CPU profile", file);
	if (options->title || info->command) {
		fputs(" of ", file);
		escape_write_markdown(file, options->title ? options->title : info->command);
	}
	fputs("\n\n", file);
	profile_quality_write(quality, file);
	fprintf(file, ".\n");
	if (quality->n_samples)
		fputc('\n', file);
}

static void write_row(const struct profile *profile, const struct profile_function *function,
		      const struct profile_quality *quality, FILE *file)
{
	_cleanup_free_ char *name = function_name(profile, function);
	char self[PROFILE_NUMBER_SIZE_BYTES], children[PROFILE_NUMBER_SIZE_BYTES];
	char count[PROFILE_NUMBER_SIZE_BYTES];
	bool has_periods = quality->period_total > 0;
	double total = (double)(has_periods ? quality->period_total : MAX(quality->n_samples, 1u));

	profile_format_share(
		(double)(has_periods ? function->self_period : function->self_count) / total, self);
	profile_format_share(
		(double)(has_periods ? function->children_period : function->children_count) /
			total,
		children);
	profile_format_count(function->self_count, count);
	fprintf(file, "| %s | %s | %s | ", self, children, count);
	escape_write_markdown_cell(file, name);
	fputs(" | ", file);
	escape_write_markdown_cell(
		file, profile_text(profile, profile->objects.items[function->object].name));
	fputs(" |\n", file);
}

static struct error *markdown_write(const struct profile *profile,
				    const struct output_options *options, FILE *file)
{
	struct profile_function_vector functions = { 0 };
	struct profile_quality quality;
	size_t n_rows;

	profile_quality_of(profile, options->event, &quality);
	profile_functions_of(profile, options->event, &functions);
	write_head(profile, options, &quality, file);

	n_rows = MIN(functions.count, (size_t)N_ROWS_MAX);
	if (n_rows)
		fputs("| Self | With callees | Samples | Function | Object |\n"
		      "|---:|---:|---:|:---|:---|\n",
		      file);
	for (size_t i = 0; i < n_rows; i++)
		write_row(profile, &functions.items[i], &quality, file);
	if (functions.count > n_rows)
		fprintf(file, "\n%zu more %s not shown.\n", functions.count - n_rows,
			count_noun(functions.count - n_rows, "function is", "functions are"));
	profile_function_vector_deinit(&functions);
	return NULL;
}

const struct output_format markdown_format = {
	.name = "markdown",
	.file_name = "summary.md",
	.description = "quality and hottest functions as a table, for pull requests",
	.write = markdown_write,
};
