#pragma once

/** `perf-profile compare`, in parts: options -> sides -> runs -> causes -> report. */

#include "base/arena.h"
#include "cli/options.h"
#include "compare/export.h"

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

/** The command line of compare, taken apart. */
struct compare_request {
	struct comparison_options options;
	struct string_vector names;                 /**< -n, in order. */
	struct string_vector prepares, conclusions; /**< One for all, or one per command. */
	const char *setup, *cleanup;
	struct parameter_range_vector parameters;
	struct export_request_vector exports;
	struct gate_vector gates;
	const char *output_path; /**< --output; NULL: thrown away. */
	bool shows_output;
	bool is_without_profile;
	bool is_json;
	bool is_quiet;
	char **operands; /**< Before "--", NULL at the end. */
	size_t n_operands;
	char **command; /**< After "--"; NULL: there was none. */
	struct arena texts;
};

void compare_request_deinit(struct compare_request *request);

/** Make the sides: operands, or programs put before the words after "--", times parameters. */
struct error *compare_add_sides(struct compare_request *request,
				struct comparison *comparison) MUST_CHECK;

/** Profile all sides, in turns, and find out what changed; after the timing. */
struct error *compare_find_causes(struct comparison *comparison) MUST_CHECK;

/** The answer, for people. */
void compare_report_write(const struct comparison *comparison, const struct gate_vector *gates,
			  FILE *file);
