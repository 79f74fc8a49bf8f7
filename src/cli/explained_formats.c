/** What the main job leaves as summary.json and analysis.txt, of any input. */

#include "cli/export_format.h"
#include "explain/explanation.h"

static struct error *write_explained(const struct profile *profile,
				     const struct output_options *options, FILE *file,
				     void (*write)(const struct explanation *explanation,
						   const struct profile *profile, FILE *file))
{
	struct rule_set *rules = rule_set_create();
	struct error *error = rule_set_read_default(rules);
	struct explanation *explanation;

	if (!error) {
		explanation = explanation_create(profile, rules, options->event);
		write(explanation, profile, file);
		explanation_destroy(explanation);
	}
	rule_set_destroy(rules);
	return error;
}

static struct error *summary_write(const struct profile *profile,
				   const struct output_options *options, FILE *file)
{
	return write_explained(profile, options, file, explanation_write_json);
}

static struct error *analysis_write(const struct profile *profile,
				    const struct output_options *options, FILE *file)
{
	return write_explained(profile, options, file, explanation_write_text);
}

static const struct output_format summary_format = {
	.name = "summary",
	.file_name = "summary.json",
	.description = "figures, functions and findings as JSON (docs/formats/summary.md)",
	.write = summary_write,
};

static const struct output_format analysis_format = {
	.name = "analysis",
	.file_name = "analysis.txt",
	.description = "the same for people",
	.write = analysis_write,
};

const struct output_format *const explained_formats[] = { &summary_format, &analysis_format, NULL };

bool export_format_is_explained(const struct output_format *format)
{
	return format == &summary_format || format == &analysis_format;
}
