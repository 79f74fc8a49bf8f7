#pragma once

/** Text formats to a profile. */

#include "base/error.h"
#include "input/input_stream.h"
#include "profile/profile.h"

struct text_profile_options {
	bool is_without_ticks; /**< Do not keep every sample in time. */

	/**
	 * Of folded stacks: a tick for each line in the place of its time, its count as the
	 * period. For flame charts only, which know what that means.
	 */
	bool has_line_ticks;

	/**
	 * Of folded stacks with two counts a line (difffolded.pl): the first become samples of
	 * a second event, TEXT_PROFILE_BEFORE. Otherwise they are left out.
	 */
	bool has_both_counts;
};

#define TEXT_PROFILE_BEFORE "before"

/** What was met and not understood; for messages. */
struct text_profile_losses {
	uint64_t n_unrecognised; /**< Lines. */
	uint64_t first_line_number;
	bool is_cut;         /**< The last sample has no end. */
	bool has_fractions;  /**< Counts were not whole numbers and are rounded. */
	bool has_two_counts; /**< A differential file: the second count was taken. */
};

/*
 * Each reads all of @p stream into @p profile, a fresh one. ERROR_FORMAT with the
 * line when nothing in it is of the format; an empty input is a profile without samples.
 */

/** `perf script` text, with its "# key : value" header if it has one. */
struct error *script_profile_read(struct input_stream *stream,
				  const struct text_profile_options *options,
				  struct profile *profile,
				  struct text_profile_losses *losses_ret) MUST_CHECK;

/**
 * Folded stacks: "OUTERMOST;...;INNERMOST COUNT". The first frame is taken for the
 * thread's name, as collapsers write it.
 */
struct error *folded_profile_read(struct input_stream *stream,
				  const struct text_profile_options *options,
				  struct profile *profile,
				  struct text_profile_losses *losses_ret) MUST_CHECK;
