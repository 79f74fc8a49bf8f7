#pragma once

#include "object/object.h"
#include "profile/profile.h"
#include "symbols/symbolizer.h"

/**
 * Say in the profile why addresses of @p object have no names, and the command
 * that mends it.
 */
void object_advice_set(struct profile *profile, uint32_t object_id, struct object *object,
		       struct symbolizer *symbolizer);
