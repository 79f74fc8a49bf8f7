#pragma once

/** Profile to bytes. One file per format, one line in output_formats.c. */

#include "base/error.h"
#include "profile/profile.h"

#include <stdio.h>

/** What stands under a row of the text report. */
enum report_trees {
	REPORT_TREES_GRAPH,  /**< Trees of what it calls and of what calls it. */
	REPORT_TREES_FLAT,   /**< Its heaviest whole stacks, a function a line. */
	REPORT_TREES_FOLDED, /**< The same, a stack a line. */
	REPORT_TREES_NONE,
};

/** What is told apart in the rows of the text report. Flags. */
enum report_key {
	REPORT_BY_COMM = 1 << 0,
	REPORT_BY_PID = 1 << 1,
	REPORT_BY_TID = 1 << 2,
	REPORT_BY_OBJECT = 1 << 3,
	REPORT_BY_SYMBOL = 1 << 4,
	REPORT_BY_SOURCE_LINE = 1 << 5,
	REPORT_BY_SOURCE_FILE = 1 << 6,
	REPORT_BY_CPU = 1 << 7, /**< Threads are named for it: PROFILE_BY_CPU, ..._AND_COMM. */
};

struct report_options {
	uint32_t keys;   /**< enum report_key */
	bool is_by_self; /**< Rows sorted and limited by their own share, not with all they call. */
	bool has_counts; /**< A column of samples. */
	bool has_periods; /**< A column of what they stand for. */
	bool is_header_only;
	enum report_trees trees;
};

/** What the text of samples has of each. Flags; the names are perf script's. */
enum script_field {
	SCRIPT_COMM = 1 << 0,
	SCRIPT_PID = 1 << 1,
	SCRIPT_TID = 1 << 2,
	SCRIPT_CPU = 1 << 3,
	SCRIPT_TIME = 1 << 4,
	SCRIPT_PERIOD = 1 << 5,
	SCRIPT_EVENT = 1 << 6,
	SCRIPT_IP = 1 << 7,
	SCRIPT_SYM = 1 << 8,
	SCRIPT_SYMOFF = 1 << 9,
	SCRIPT_DSO = 1 << 10,
	SCRIPT_SRCLINE = 1 << 11, /**< A line of its own behind each frame. */
};

#define SCRIPT_FIELDS_DEFAULT ((uint32_t)SCRIPT_SRCLINE - 1)

/** What folded stacks say besides names. */
struct folded_options {
	bool has_pids;     /**< Begin with "COMM-PID"... */
	bool has_tids;     /**< ...or "COMM-PID/TID". */
	bool marks_kernel; /**< "_[k]" behind kernel functions. */
	bool marks_jit;    /**< "_[j]" behind code made at run time. */
};

/** A colour asked for; all zero: none was. */
struct output_color {
	bool is_set;
	uint32_t rgb; /**< 0xRRGGBB */
};

/** How a flame graph picks the place of a name in its palette's range. */
enum flamegraph_spread {
	FLAMEGRAPH_SPREAD_NAME,   /**< Far apart for all names, the same on every run. */
	FLAMEGRAPH_SPREAD_HASH,   /**< Names with the same beginning get colours that are close. */
	FLAMEGRAPH_SPREAD_CHANCE, /**< Another on every run. */
};

struct name_attributes;
struct palette_map;

/**
 * What flamegraph.pl and inferno-flamegraph let people choose. Zero, NULL and false are
 * this program's own defaults.
 */
struct flamegraph_options {
	uint32_t row_height_px;   /**< Of each frame; 0: 18. */
	double least_width_px;    /**< Narrower frames are not drawn... */
	double least_width_share; /**< ...nor those below this share of all. Both 0: 0.1 %. */

	const char *font_family; /**< NULL: the reader's. Unusual characters are left out. */
	double font_size_px;     /**< 0: 12. */
	double font_width;       /**< Of a character, in font sizes; 0: estimated for each. */

	const char *name_label; /**< Before the name in the details; NULL: nothing. */
	uint64_t total_count;   /**< What the width stands for, if more than there is; 0: all. */
	double factor;          /**< Counts are shown times this; 0: 1. */
	const char *encoding;   /**< Of the file; NULL: UTF-8. flamegraph_encoding_is_known(). */
	const char *notes;      /**< For a comment in the file, or NULL. */

	struct output_color background_top, background_bottom; /**< A gradient. */
	struct output_color ui_color, stroke_color, search_color;
	enum flamegraph_spread spread;
	bool is_diffused;        /**< Wide frames are coloured strongest. */
	struct palette_map *map; /**< Colours by name; new names are added. NULL: none. */
	const struct name_attributes *attributes; /**< By function; NULL: none. */

	bool is_chart;      /**< Stacks in order of time, thread by thread, not merged. */
	bool is_negated;    /**< Differences: more is blue, less is red. */
	bool is_cut_right;  /**< Labels keep the beginning of names, not what matters most. */
	bool is_unsorted;   /**< Siblings in the order of the input, not of their names. */
	bool has_no_script; /**< Only the picture. */
	struct string_vector bases; /**< Stacks start at the innermost function so called. */
};

struct output_options {
	uint32_t event;    /**< Event id to show. */
	const char *title; /**< NULL: made from the command. */
	const char *subtitle;
	const char *palette;    /**< NULL: the default. */
	uint32_t width_px;      /**< 0: fluid. */
	const char *count_name; /**< NULL: "samples". */
	double percent_limit;   /**< Entries below are left out of the text report. */
	bool is_inverted;       /**< Icicle. */
	bool is_reversed;       /**< Merge from the leaf. */
	struct report_options report;
	uint32_t script_fields; /**< enum script_field */
	struct folded_options folded;
	struct flamegraph_options flamegraph;
};

/** What everybody gets who asks for nothing. */
struct output_options output_options_default(void);

struct output_format {
	const char *name;        /**< As in --format. */
	const char *file_name;   /**< Of the deliverable. */
	const char *description; /**< One line for --help. */
	bool is_binary;          /**< Not for a terminal. */

	/** Bytes it would be, near enough to decide by; NULL: never so many that it matters. */
	uint64_t (*size_estimate_bytes)(const struct profile *profile);

	/** Write errors are left in @p file for the caller to find (ferror). */
	struct error *(*write)(const struct profile *profile, const struct output_options *options,
			       FILE *file);
};

/** All formats, NULL at the end. */
extern const struct output_format *const output_formats[];

/** NULL: no such format. */
const struct output_format *output_format_find(const char *name);
