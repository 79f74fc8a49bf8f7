/**
 * The functions as comma-separated values (RFC 4180, but with Unix line ends, which
 * spreadsheets and databases take too and text tools need).
 *
 * Names are foreign: a spreadsheet would run a cell that begins with = + - or @ as a
 * formula. Such a cell gets an apostrophe in front (OWASP, "CSV Injection").
 */

#include "base/escape.h"
#include "output/event_measure_internal.h"
#include "output/named_functions_internal.h"
#include "output/output_formats_internal.h"

#include <inttypes.h>
#include <string.h>

static void write_text_cell(FILE *file, const char *text)
{
	_cleanup_free_ char *harmless = escape_plain(text);

	char first = harmless[strspn(harmless, " ")]; /* some programs skip blanks */

	fputc('"', file);
	if (first && strchr("=+-@", first))
		fputc('\'', file);
	for (const char *from = harmless; *from; from++) {
		if (*from == '"')
			fputc('"', file);
		fputc(*from, file);
	}
	fputc('"', file);
}

static double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const char *kind_of(uint32_t flags)
{
	if (flags & FRAME_IS_KERNEL)
		return "kernel";
	return flags & FRAME_IS_JIT ? "jit" : "user";
}

static void write_function(const struct profile *profile, const struct profile_function *function,
			   const struct profile_quality *quality, FILE *file)
{
	_cleanup_free_ char *name = function_name(profile, function);
	bool has_periods = quality->period_total > 0;
	uint64_t total = has_periods ? quality->period_total : quality->n_samples;

	write_text_cell(file, name);
	fputc(',', file);
	write_text_cell(file, profile_text(profile, profile->objects.items[function->object].path));
	fprintf(file, ",%s,%" PRIu64 ",%" PRIu64 ",%.4f,%" PRIu64 ",%" PRIu64 ",%.4f\n",
		kind_of(function->flags), function->self_count, function->self_period,
		percent_of(has_periods ? function->self_period : function->self_count, total),
		function->children_count, function->children_period,
		percent_of(has_periods ? function->children_period : function->children_count,
			   total));
}

static struct error *csv_write(const struct profile *profile, const struct output_options *options,
			       FILE *file)
{
	struct event_measure measure = event_measure_of(profile, options->event);
	struct profile_function_vector functions = { 0 };
	struct profile_quality quality;
	const char *period = measure.is_time ? "ns" : "period";

	profile_quality_of(profile, options->event, &quality);
	profile_functions_of(profile, options->event, &functions);
	fprintf(file,
		"function,object,kind,self_samples,self_%s,self_percent,"
		"children_samples,children_%s,children_percent\n",
		period, period);
	for (size_t i = 0; i < functions.count; i++)
		write_function(profile, &functions.items[i], &quality, file);
	profile_function_vector_deinit(&functions);
	return NULL;
}

const struct output_format csv_format = {
	.name = "csv",
	.file_name = "functions.csv",
	.description = "functions with self and children weights, for spreadsheets and databases",
	.write = csv_write,
};
