#pragma once

/** Profile to bytes. One file per format, one line in output_formats.c. */

#include "base/error.h"
#include "profile/profile.h"

#include <stdio.h>

struct output_options {
	uint32_t event;	   /**< Event id to show. */
	const char *title; /**< NULL: made from the command. */
	const char *subtitle;
	const char *palette; /**< NULL: the default. */
	uint32_t width_px;   /**< 0: fluid. */
	const char *count_name; /**< NULL: "samples". */
	double percent_limit;   /**< Entries below are left out of the text report. */
	bool is_inverted;	/**< Icicle. */
	bool is_reversed;	/**< Merge from the leaf. */
};

/** What everybody gets who asks for nothing. */
struct output_options output_options_default(void);

struct output_format {
	const char *name;	 /**< As in --format. */
	const char *file_name;	 /**< Of the deliverable. */
	const char *description; /**< One line for --help. */

	/** Write errors are left in @p file for the caller to find (ferror). */
	struct error *(*write)(const struct profile *profile, const struct output_options *options,
			       FILE *file);
};

/** All formats, NULL at the end. */
extern const struct output_format *const output_formats[];

/** NULL: no such format. */
const struct output_format *output_format_find(const char *name);
