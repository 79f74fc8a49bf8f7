#include "compare/export.h"

const struct comparison_export comparison_exports[] = {
	{ "json", "--export-json", export_json_write },
	{ "markdown", "--export-markdown", export_markdown_write },
	{ "csv", "--export-csv", export_csv_write },
	{ "asciidoc", "--export-asciidoc", export_asciidoc_write },
	{ "junit", "--export-junit", export_junit_write },
	{ "summary", "--export-summary", export_summary_write },
	{ NULL, NULL, NULL },
};
