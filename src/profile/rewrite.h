#pragma once

/** The same samples under other threads or stacks: grouped, with frames taken out. */

#include "base/error.h"
#include "profile/profile.h"

/** What stacks are put together by: the name a picture has below its root. */
enum profile_grouping {
	PROFILE_BY_COMM,         /**< As they are: by the thread's name. */
	PROFILE_BY_THREAD,       /**< "NAME (TID)" */
	PROFILE_BY_PROCESS,      /**< "NAME (PID)" */
	PROFILE_BY_CPU,          /**< "CPU 3" */
	PROFILE_BY_CPU_AND_COMM, /**< "003 NAME", the ids staying the thread's. */
};

static inline bool profile_grouping_is_by_cpu(enum profile_grouping grouping)
{
	return grouping == PROFILE_BY_CPU || grouping == PROFILE_BY_CPU_AND_COMM;
}

/**
 * Give every sample a thread named for its group.
 *
 * @return ERROR_UNSUPPORTED for groups by CPU when the profile has no ticks, which alone
 * know the CPU.
 */
struct error *profile_group(struct profile *profile, enum profile_grouping grouping) MUST_CHECK;

/**
 * Take all frames out of the stacks for which @p hidden is true, by frame id; what they
 * called is then called by their callers, and their own samples are their callers' own.
 */
void profile_hide_frames(struct profile *profile, const bool *hidden);

/**
 * Let stacks begin at the innermost function for which @p is_first is true, by frame id: what
 * called it is left out. Stacks without any stay whole.
 */
void profile_begin_stacks_at(struct profile *profile, const bool *is_first);
