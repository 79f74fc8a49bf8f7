#pragma once

/** Files about a comparison, for documents and other programs. One file and one line each. */

#include "compare/gate.h"

struct comparison_export {
	const char *name;   /**< Option --export-NAME. */
	const char *option; /**< "--export-json" */
	void (*write)(const struct comparison *comparison, const struct gate_vector *gates,
		      FILE *file);
};

/** All of them; name NULL at the end. */
extern const struct comparison_export comparison_exports[];

/** JSON: the fields of hyperfine's export, and beside them all metrics and verdicts. */
void export_json_write(const struct comparison *comparison, const struct gate_vector *gates,
		       FILE *file);

/** A table for a README or a change log. */
void export_markdown_write(const struct comparison *comparison, const struct gate_vector *gates,
			   FILE *file);
void export_asciidoc_write(const struct comparison *comparison, const struct gate_vector *gates,
			   FILE *file);

/** The columns of hyperfine's export, in seconds. */
void export_csv_write(const struct comparison *comparison, const struct gate_vector *gates,
		      FILE *file);

/** One test case per gate and side; without gates one per side. */
void export_junit_write(const struct comparison *comparison, const struct gate_vector *gates,
			FILE *file);

/** Markdown for a page about a change: sentence, gates, all metrics, the functions. */
void export_summary_write(const struct comparison *comparison, const struct gate_vector *gates,
			  FILE *file);
