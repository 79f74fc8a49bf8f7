#pragma once

/** Text formats to a profile. */

#include "base/error.h"
#include "input/input_stream.h"
#include "input/strange_lines.h"
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

	/** Of folded stacks with counts like 0.25: count in thousandths instead of rounding. */
	bool keeps_fractions;
};

#define TEXT_PROFILE_BEFORE "before"

/** Thirty years in nanoseconds. */
#define FOLDED_COUNT_MAX UINT64_C(1000000000000000000)
#define FOLDED_SUM_MAX	 (8 * FOLDED_COUNT_MAX)

/** With keeps_fractions. */
#define FOLDED_FRACTION_SCALE 1000

/** What was met and not understood; for messages. */
struct text_profile_losses {
	struct strange_lines unrecognised;
	bool is_cut;         /**< The last sample has no end. */
	bool has_fractions;  /**< Counts were not whole numbers; rounded unless scaled. */
	uint64_t count_scale; /**< Counts are so many times those of the text. 0: as they were. */
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
 * thread's name, as collapsers write it. A count is a decimal number of at most
 * FOLDED_COUNT_MAX; a line with another one, or a negative one, is unrecognised.
 * ERROR_FORMAT too when the counts together are more than FOLDED_SUM_MAX.
 */
struct error *folded_profile_read(struct input_stream *stream,
				  const struct text_profile_options *options,
				  struct profile *profile,
				  struct text_profile_losses *losses_ret) MUST_CHECK;

/*
 * Formats that refer to and fro are read as a whole; the same rules otherwise, and no
 * ticks: their order is kept, their times are not.
 */

/** pprof's profile.proto, unpacked by the stream. */
struct error *pprof_profile_read(struct input_stream *stream, struct profile *profile) MUST_CHECK;

/** Whether a protocol buffers message that begins so can be such a profile. */
bool pprof_is_profile(struct bytes start);

/** speedscope's JSON, of sampled and evented profiles. */
struct error *speedscope_profile_read(struct input_stream *stream,
				      struct profile *profile) MUST_CHECK;

/** Whether JSON that begins so can be such a profile. */
bool speedscope_is_profile(struct bytes start);
