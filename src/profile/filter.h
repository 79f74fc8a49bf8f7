#pragma once

/** A part of a profile: chosen threads, code, CPUs, times. For every output alike. */

#include "base/error.h"
#include "profile/profile.h"
#include "profile/rewrite.h"

DEFINE_VECTOR(id_vector, uint32_t)

/** All parts must hold; an empty part always does. */
struct profile_filter {
	struct string_vector comms; /**< Names of threads. */
	struct id_vector pids, tids, cpus;

	/* Of the code that was running: the innermost function, or one inlined there. */
	struct string_vector objects; /**< Paths or their last parts. */
	struct string_vector symbols; /**< Names of functions. */

	/* Extended regular expressions (regex(7)) for the name of any function on the stack. */
	struct string_vector focus;  /**< One of them must match one function. */
	struct string_vector ignore; /**< None of them may match any. */
	struct string_vector hide;   /**< Functions taken out of the stacks; samples stay. */

	enum profile_grouping grouping; /**< Of what is kept. */

	/* Of the first sample on; end 0: to the last one. */
	uint64_t time_begin_ns, time_end_ns;
};

bool profile_filter_is_empty(const struct profile_filter *filter);

/** The texts in it are borrowed. */
void profile_filter_deinit(struct profile_filter *filter);

/** Whether it asks for times or CPUs, which only a profile with ticks has. */
bool profile_filter_needs_ticks(const struct profile_filter *filter);

/**
 * Drop all samples that @p filter does not keep, then hide and group.
 *
 * @return ERROR_USAGE for a wrong regular expression; ERROR_UNSUPPORTED when it
 * needs ticks and there are none.
 */
struct error *profile_filter_apply(const struct profile_filter *filter,
				   struct profile *profile) MUST_CHECK;
