#pragma once

/**
 * `perf script` text straight to folded stacks, as stackcollapse-perf.pl makes
 * them: "COMM;OUTERMOST;...;INNERMOST WEIGHT" in byte order, weighed by the
 * samples' period. No profile in between: the work is a look-up per line.
 *
 * What differs from that tool, for the better: ';' and control characters in names
 * of threads and functions do not break the format, bytes that are not UTF-8 become
 * U+FFFD, and lines may end with "\r\n".
 */

#include "base/string_table.h"
#include "input/input_stream.h"
#include "input/script_line.h"
#include "input/strange_lines.h"

#include <stdio.h>

struct collapse_options {
	bool has_pids;         /**< First frame "COMM-PID". */
	bool has_tids;         /**< First frame "COMM-PID/TID". */
	bool marks_kernel;     /**< "_[k]" behind kernel functions. */
	bool marks_jit;        /**< "_[j]" behind functions of a JIT's map. */
	bool has_addresses;    /**< "[OBJECT <ADDRESS>]" where there is no symbol. */
	bool has_source_lines; /**< A line with the place in the source follows each frame. */
	const char *event;     /**< Only its samples. NULL: the first one met. */
	struct string_vector skip_after; /**< Functions whose callers are left out. */

	/**
	 * The functions at an address with those inlined there, outermost first,
	 * joined by ';', appended to @p ret; false: not known. NULL: do not ask.
	 */
	bool (*expand_inlined)(void *context, const struct script_frame *frame,
			       struct byte_vector *ret);
	void *expand_context;
};

/** What was met and left out; for messages. */
struct collapse_losses {
	struct strange_lines unrecognised;
	uint64_t n_filtered;  /**< Samples of other events. */
	char *filtered_event; /**< Name of one of those events. */
	bool is_cut;          /**< The last sample has no end. */
};

struct collapse;

/** @param options  Borrowed. */
struct collapse *collapse_create(const struct collapse_options *options);
void collapse_destroy(struct collapse *collapse);

/**
 * Add all of @p stream. Several inputs count as one after the other.
 *
 * @return ERROR_FORMAT with the line when there is not a single sample in it but other text.
 */
struct error *collapse_read(struct collapse *collapse, struct input_stream *stream) MUST_CHECK;

/** Write errors are left in @p file. */
void collapse_write(const struct collapse *collapse, FILE *file);

uint64_t collapse_n_stacks(const struct collapse *collapse);
const struct collapse_losses *collapse_losses(const struct collapse *collapse);

/** The event whose samples are counted; NULL: the text names none. */
const char *collapse_event(const struct collapse *collapse);
