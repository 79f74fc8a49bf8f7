#pragma once

/**
 * Any input to a profile: a perf.data file or folder of any recorder, `perf script`
 * text, folded stacks; from a file or standard input, also in gzip or zstd. What it
 * is shows in its content.
 */

#include "analyze/analyzer.h"
#include "base/error.h"
#include "cli/symbol_search.h"
#include "input/input_kind.h"
#include "input/strange_lines.h"
#include "profile/profile.h"

/** Kinds of records counted for report --stats; types are below it in all known files. */
#define RECORD_TYPES_MAX 256

/** What can be read, for --help; the sentence goes on behind it. */
#define INPUT_KINDS_TEXT                                                                           \
	"perf.data of any recorder, perf script text, folded stacks, pprof or speedscope; plain, " \
	"gzip or zstd"

struct open_profile_options {
	const char *path;            /**< "-": standard input. NULL: the last recording. */
	struct input_stream *stream; /**< The path's, open already; NULL: it is not. Borrowed. */
	const char *symfs_path;
	struct symbol_search search; /**< Where else; not started. */
	struct symbolizer_options symbols;
	bool is_without_ticks; /**< Do not keep every sample in time. */
	bool may_be_empty;     /**< An input of nothing is a profile without samples. */
	/** As in struct text_profile_options. */
	bool has_line_ticks, has_both_counts, keeps_fractions;
};

struct open_profile {
	struct profile *profile; /**< Read it; it belongs to this struct. */
	enum input_kind kind;
	uint64_t count_scale; /**< As in struct text_profile_losses: 1 but for fractions. */
	char *path;           /**< What was read. */
	uint64_t n_records[RECORD_TYPES_MAX]; /**< By type; of perf.data only. */
	struct analyzer *analyzer;            /**< Owner of the profile; NULL: this struct is. */
};

/** Warns of what is damaged or missing in the input and goes on with the rest. */
struct error *open_profile(const struct open_profile_options *options,
			   struct open_profile *ret) MUST_CHECK;
void open_profile_close(struct open_profile *opened);

/** A perf.data folder is an input too, though not a stream. */
bool open_profile_is_folder(const char *path);

/** Warn of compression that was damaged. For who read @p stream to its end. */
void open_profile_warn_damage(const struct input_stream *stream);

/** Warn of lines that were not understood. @p name  Of the input. */
void open_profile_warn_lines(const char *name, const struct strange_lines *lines);

/** The event called @p name; NULL: the one with the most samples. */
struct error *open_profile_event(struct profile *profile, const char *name,
				 uint32_t *ret) MUST_CHECK;
