#pragma once

/** Several profiles into one. */

#include "profile/profile.h"

/**
 * Add all of @p from to @p into. What is called the same is the same: events by name and
 * unit, threads by ids and name, objects by path and build id, functions by all they have.
 * Ticks stay in the order of their times; facts of the recording stay those of @p into.
 */
void profile_merge(struct profile *into, const struct profile *from);
