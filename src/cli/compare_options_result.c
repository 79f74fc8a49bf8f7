#include "cli/compare_options.h"

#include "history/history.h"

enum {
	OPTION_SHOW_OUTPUT = COMPARE_OPTIONS_RESULT,
	OPTION_OUTPUT,
	OPTION_FAIL_IF,
	OPTION_NO_PROFILE,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_EXPORT_JSON, /* In the order of comparison_exports. */
	OPTION_EXPORT_MARKDOWN,
	OPTION_EXPORT_CSV,
	OPTION_EXPORT_ASCIIDOC,
	OPTION_EXPORT_JUNIT,
	OPTION_EXPORT_SUMMARY,
	OPTION_EXPORT_FLAMEGRAPH,
	OPTION_GITHUB,
	OPTION_DOC_LINE,
	OPTION_UPDATE_DOC,
	OPTION_SAVE,
};

static const struct option_spec options[] = {
	{ OPTION_SHOW_OUTPUT, 0, "show-output", NULL,
	  "Let the commands write to the terminal; else what they print is thrown away.", NULL },
	{ OPTION_OUTPUT, 0, "output", "FILE", "Append what the commands print to FILE.", "FILE" },
	{ OPTION_FAIL_IF, 0, "fail-if", "METRIC>PERCENT%",
	  "Exit with status 1 if the whole interval of a metric is above the limit: time, user, "
	  "system, memory, task-clock, page-faults, instructions and others. May be given again.",
	  NULL },
	{ OPTION_NO_PROFILE, 0, "no-profile", NULL,
	  "Only time; do not profile the commands afterwards to find the functions that changed.",
	  NULL },
	{ OPTION_JSON, 0, "json", NULL, "Print the JSON export instead of the report.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No progress.", NULL },
	{ OPTION_EXPORT_JSON, 0, "export-json", "FILE",
	  "Write all runs, medians, intervals and verdicts as JSON (results has hyperfine's "
	  "fields).",
	  "FILE" },
	{ OPTION_EXPORT_MARKDOWN, 0, "export-markdown", "FILE", "Write a table in Markdown.",
	  "FILE" },
	{ OPTION_EXPORT_CSV, 0, "export-csv", "FILE", "Write a table as CSV.", "FILE" },
	{ OPTION_EXPORT_ASCIIDOC, 0, "export-asciidoc", "FILE", "Write a table in AsciiDoc.",
	  "FILE" },
	{ OPTION_EXPORT_JUNIT, 0, "export-junit", "FILE",
	  "Write a JUnit report with one test for each --fail-if.", "FILE" },
	{ OPTION_EXPORT_SUMMARY, 0, "export-summary", "FILE",
	  "Write a page in Markdown for a review: sentence, gates, all metrics, functions.",
	  "FILE" },
	{ OPTION_EXPORT_FLAMEGRAPH, 0, "export-flamegraph", "FILE",
	  "Write a flame graph of what changed, with the views difference, before and after. Of a "
	  "third command and more to FILE-3.svg and so on.",
	  "FILE" },
	{ OPTION_GITHUB, 0, "github", NULL,
	  "Also print annotations for GitHub Actions, and append the summary to the file that "
	  "$GITHUB_STEP_SUMMARY names.",
	  NULL },
	{ OPTION_DOC_LINE, 0, "doc-line", "LABEL",
	  "Instead of the report print one line for a changelog about LABEL: times before and "
	  "after, and the change with its interval.",
	  NULL },
	{ OPTION_UPDATE_DOC, 0, "update-doc", "FILE",
	  "Put that line into FILE: in the place of the one that begins with LABEL, or at its end.",
	  "FILE" },
	{ OPTION_SAVE, 0, "save", "NAME",
	  "Keep the runs of the last command in the history; 'compare NAME -- COMMAND' compares "
	  "with them later.",
	  NULL },
	OPTION_END,
};

static struct error *read_gate(const char *value, struct gate_vector *gates)
{
	struct gate gate;

	RETURN_IF_ERROR(gate_parse(value, &gate));
	gate_vector_append(gates, gate);
	return NULL;
}

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct compare_request *request = context;

	*is_known_ret = true;
	if (id >= OPTION_EXPORT_JSON && id <= OPTION_EXPORT_SUMMARY) {
		struct export_request export = { &comparison_exports[id - OPTION_EXPORT_JSON],
						 value };

		export_request_vector_append(&request->exports, export);
		return NULL;
	}
	switch (id) {
	case OPTION_SHOW_OUTPUT:
		request->shows_output = true;
		return NULL;
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_FAIL_IF:
		return read_gate(value, &request->gates);
	case OPTION_NO_PROFILE:
		request->is_without_profile = true;
		return NULL;
	case OPTION_JSON:
		request->is_json = true;
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	case OPTION_EXPORT_FLAMEGRAPH:
		request->flamegraph_path = value;
		return NULL;
	case OPTION_GITHUB:
		request->is_for_github = true;
		return NULL;
	case OPTION_DOC_LINE:
		request->document_label = value;
		return NULL;
	case OPTION_UPDATE_DOC:
		request->document_path = value;
		return NULL;
	case OPTION_SAVE:
		request->save_name = value;
		return history_check_name(value);
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic compare_options_result = {
	.heading = "What comes of it",
	.options = options,
	.apply = apply,
};
