#pragma once

/**
 * Waits by thread, length and way of leaving: those that may stand in for each other. One that has
 * no stack gets those of the waits of its class that have.
 */

#include "base/hash_map.h"
#include "base/vector.h"

/** Waits at one place. */
struct donor {
	uint32_t sample; /**< Id of the profile's. */
	uint64_t count, period_ns;
};

DEFINE_VECTOR(donor_vector, struct donor)

/** Waits of one thread that are about as long. */
struct wait_class {
	struct donor_vector donors; /**< Those with a stack, of the last period that had some. */
	bool is_shared_out;         /**< The donors are of an earlier period. */
	bool is_waiting;            /**< There are some without. */
	uint64_t count, period_ns;  /**< Those without. */
	uint64_t lately_count, lately_ns; /**< With and without, in the sense of the schedule. */
	uint32_t pid, tid, cpu;
	bool is_preempted;   /**< Made to leave; else it wanted to. */
	unsigned int length; /**< Power of two of nanoseconds. */
};

DEFINE_HASH_MAP(class_map, uint64_t, struct wait_class *, hash_u64, equal_u64)
DEFINE_VECTOR(class_vector, struct wait_class *)

/** An all-zero struct has none. */
struct wait_classes {
	struct class_map map;        /**< By hash of thread, length and way of leaving. */
	struct class_vector waiting; /**< Those with waits to be shared out. */
};

/** The class of a wait, new if need be; stays where it is. */
struct wait_class *wait_classes_find(struct wait_classes *classes, uint32_t pid, uint32_t tid,
				     uint64_t duration_ns, bool is_preempted);

/** The next one in no order, NULL after the last; @p cursor from 0. */
struct wait_class *wait_classes_next(const struct wait_classes *classes, size_t *cursor);

/** One wait at a known place. */
void wait_class_add_donor(struct wait_class *class, uint32_t sample, uint64_t period_ns);

/** Waits without a stack, until there are some to share them out to. */
void wait_classes_add_waiting(struct wait_classes *classes, struct wait_class *class,
			      uint64_t count, uint64_t period_ns);

/** What was lately says less of what is now: half as much. */
void wait_classes_age(struct wait_classes *classes);

/** Waits of the thread that are not much longer or shorter; NULL: there are none with a stack. */
const struct donor_vector *wait_classes_nearest_donors(const struct wait_classes *classes,
						       const struct wait_class *class);

void wait_classes_deinit(struct wait_classes *classes);
