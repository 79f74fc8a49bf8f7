#pragma once

/** Which objects lack names, and how much of a profile that concerns. */

#include "profile/profile.h"

/** An object with samples whose innermost function has no name. */
struct unnamed_object {
	uint32_t object;
	uint64_t count; /**< Such samples. */
	double share;   /**< Of all samples of the event, 0..1. */
};

DEFINE_VECTOR(unnamed_object_vector, struct unnamed_object)

/** Of the samples of @p event; descending count, then by object id. */
void profile_unnamed_of(const struct profile *profile, uint32_t event,
			struct unnamed_object_vector *ret);

/**
 * Objects that have names, but could not all be read: with a problem that nothing mends, and
 * not in @p unnamed.
 * Their ids are appended.
 */
void profile_damaged_of(const struct profile *profile, const struct unnamed_object_vector *unnamed,
			struct index_vector *ret);
