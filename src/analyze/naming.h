#pragma once

/** From objects and addresses to the profile's objects and named frames. */

#include "object/object.h"
#include "profile/profile.h"
#include "symbols/symbolizer.h"
#include "unwind/address_stack.h"

/** Which object of the registry each object of the profile stands for. */
struct object_ids {
	struct index_vector by_object; /**< Profile id + 1 by object index; 0: not yet. */
	struct object_vector objects;  /**< By profile id; NULL: addresses in no object. */
};

void object_ids_deinit(struct object_ids *ids);

/**
 * The profile's object for a frame. Anonymous code belongs to the JIT map of
 * its process; an address in no mapping to "[unknown]".
 */
uint32_t object_ids_of_frame(struct object_ids *ids, struct profile *profile,
			     struct object_registry *registry, const struct address_frame *frame,
			     uint32_t pid);

/** Give every location its frames, and every object that stays unnamed its reason. */
void naming_run(struct profile *profile, const struct object_ids *ids,
		struct symbolizer *symbolizer);
