#pragma once

/** `perf-profile compare`, in parts: options -> sides -> runs -> causes -> report. */

#include "base/arena.h"
#include "build/text_vector.h"
#include "cli/options.h"
#include "compare/export.h"
#include "revision/repository.h"
#include "revision/workspace.h"

/** How long profiling may take, as a share of the time that timing may. */
#define COMPARE_PROFILING_SHARE 0.25

/** A --parameter-list or --parameter-scan. */
struct parameter_range {
	const char *name;
	struct string_vector values; /**< Texts in the request's arena. */
};

DEFINE_VECTOR(parameter_range_vector, struct parameter_range)

/** --export-json FILE and its like. */
struct export_request {
	const struct comparison_export *export;
	const char *path;
};

DEFINE_VECTOR(export_request_vector, struct export_request)

/** What an operand means. Strings are in the request's arena. */
struct compare_target {
	const char *name;    /**< As given. */
	const char *program; /**< Put before the words after "--", or in the place of the first. */
	const char *folder;  /**< Where it runs; NULL: here. */
	const char *commit;  /**< Of a git revision; else NULL. */
	bool is_revision;
	bool is_baseline; /**< An entry of the history. */
};

DEFINE_VECTOR(compare_target_vector, struct compare_target)

/** The command line of compare, taken apart. */
struct compare_request {
	struct comparison_options options;
	struct string_vector names;                 /**< -n, in order. */
	struct string_vector prepares, conclusions; /**< One for all, or one per command. */
	const char *setup, *cleanup;
	struct parameter_range_vector parameters;
	double parameter_step;
	struct option_parser parser; /**< For options of several words. */
	const char *build_command;    /**< For git revisions; NULL: find out how. */
	bool is_without_build;
	struct export_request_vector exports;
	struct gate_vector gates;
	const char *flamegraph_path; /**< NULL: none. */
	const char *document_label;  /**< NULL: no line for a document. */
	const char *document_path;   /**< NULL: no document is changed. */
	const char *save_name;       /**< Keep the last side in the history; NULL: do not. */
	bool is_for_github;
	const char *output_path; /**< --output; NULL: thrown away. */
	bool shows_output;
	bool is_without_profile;
	bool is_json;
	bool is_quiet;
	char **operands; /**< Before "--", NULL at the end. */
	size_t n_operands;
	char **command;                       /**< After "--"; NULL: there was none. */
	struct compare_target_vector targets; /**< One per operand, when there is a command. */
	struct workspace workspace;           /**< Trees of git revisions. */
	struct arena texts;
};

void compare_request_deinit(struct compare_request *request);

/**
 * Find out what the operands before "--" are: programs, or git revisions, whose trees are made
 * and built.
 */
struct error *compare_find_targets(struct compare_request *request) MUST_CHECK;

/** Make trees of all targets, which are revisions, and build them. */
struct error *compare_make_revisions(struct compare_request *request, const char *folder_path,
				     struct repository *repository) MUST_CHECK;

/** Keep the last side in the history under request->save_name. */
struct error *compare_save(const struct compare_request *request,
			   const struct comparison *comparison) MUST_CHECK;

/** Add the history's entry @p name as a side that is not run; warns when settings differ. */
struct error *compare_add_baseline(struct compare_request *request, const char *name,
				   const char *command, struct comparison *comparison) MUST_CHECK;

/** Signals while something runs; for struct run_watch and its like. */
void compare_set_running(void *context, pid_t pid);
bool compare_is_stopped(void *context);

/** Make the sides: operands, or programs put before the words after "--", times parameters. */
struct error *compare_add_sides(struct compare_request *request,
				struct comparison *comparison) MUST_CHECK;

/**
 * Profile all sides, in turns, and find out what changed; after the timing.
 *
 * @param flamegraph_path  Where a flame graph of it is written; NULL: nowhere.
 */
struct error *compare_find_causes(struct comparison *comparison,
				  const char *flamegraph_path) MUST_CHECK;

/** Print the lines about all sides, or put them into the document, as was asked for. */
struct error *compare_write_lines(const struct compare_request *request,
				  const struct comparison *comparison) MUST_CHECK;

/** Annotations on stdout, the summary at the end of $GITHUB_STEP_SUMMARY. */
struct error *compare_write_github(const struct compare_request *request,
				   const struct comparison *comparison) MUST_CHECK;

/** The answer, for people. */
void compare_report_write(const struct comparison *comparison, const struct gate_vector *gates,
			  FILE *file);
