#pragma once

/**
 * --begin and --end: from the names of functions to the instructions at which spans of time that
 * is sampled begin and end.
 */

#include "capture/sampler.h"
#include "cli/run_target.h"

DEFINE_VECTOR(span_edge_vector, struct span_edge)

struct run_spans {
	const char *begin;   /**< "FUNCTION[@FILE]"; NULL: no spans. Borrowed. */
	const char *end;     /**< "FUNCTION[%return][@FILE]"; NULL: the return of begin. */
	bool is_per_process; /**< --span process */

	/* Found by run_spans_resolve(). */
	struct span_edge_vector edges; /**< Their paths are of: */
	struct string_vector paths;    /**< Owned. */
	bool is_call;                  /**< As of struct sampler_spans. */
};

/** "thread" or "process". */
struct error *run_spans_read_scope(const char *value, struct run_spans *ret) MUST_CHECK;

/**
 * Find the functions: in the file that is named with them, else in the command's program, or in
 * those of the target's processes and what these have mapped.
 *
 * @param command  argv; no words: none.
 * @return ERROR_NOT_FOUND with the nearest names as its hint, ERROR_USAGE for what is ambiguous or
 *         not said.
 */
struct error *run_spans_resolve(struct run_spans *spans, const struct run_target *target,
				char *const *command) MUST_CHECK;

/** Put them into the sampler's options; borrows the spans. */
void run_spans_apply(const struct run_spans *spans, struct sampler_options *options);

void run_spans_deinit(struct run_spans *spans);
