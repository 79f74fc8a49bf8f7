#pragma once

/** What threads waited for: sums over the samples of an off-CPU event. */

#include "profile/profile.h"

/** Waits with the same reason; or of one thread name with it; or at one place. */
struct wait_total {
	string_id reason; /**< Name of the frame: "[waiting: lock]". */
	string_id comm;   /**< Of the threads; 0: of all. */
	uint32_t stack;   /**< Where the program asked for it: its own innermost; 0: of all. */
	uint64_t count, period_ns;
};

DEFINE_VECTOR(wait_total_vector, struct wait_total)

/** Most time first. */
struct waits {
	uint64_t count, period_ns;
	struct wait_total_vector by_reason;
	struct wait_total_vector by_thread; /**< Thread name and reason. */
	struct wait_total_vector by_place;  /**< Reason and the call path outside of the kernel. */
};

/** @param event  One of PROFILE_OFF_CPU or PROFILE_WALL; UINT32_MAX: there are none. */
void waits_init(struct waits *waits, const struct profile *profile, uint32_t event);
void waits_deinit(struct waits *waits);

/** "lock" of "[waiting: lock]"; @p text at least WAIT_NAME_SIZE_BYTES. */
#define WAIT_NAME_SIZE_BYTES 32
void wait_name(const struct profile *profile, string_id reason, char *text);
