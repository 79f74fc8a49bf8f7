#pragma once

/**
 * A hash set of ids. The keys are not stored: the entries they name already are,
 * in a vector, and the caller compares there. Looking up and adding:
 *
 *     struct id_probe probe = id_set_probe(&set, hash);
 *     uint32_t id;
 *
 *     while ((id = id_probe_next(&probe)) != ID_NONE) {
 *             if (entries[id] is the one)
 *                     return id;
 *     }
 *     ... append the entry ...
 *     id_set_add(&set, hash, new_id);
 *
 * Each slot keeps 32 bits of the hash beside the id, so that other entries are
 * rarely touched and growing touches none. Linear probing, at most three quarters full:
 * interning runs for every frame of every sample.
 */

#include "base/memory.h"

#define ID_NONE UINT32_MAX

struct id_slot {
	uint32_t hash;
	uint32_t id; /**< ID_NONE: free. */
};

/** An all-zero struct is an empty set. */
struct id_set {
	struct id_slot *slots;
	uint32_t capacity; /**< A power of two, or 0. */
	uint32_t count;
};

struct id_probe {
	const struct id_set *set;
	uint32_t hash;
	uint32_t index;
};

static inline struct id_probe id_set_probe(const struct id_set *set, uint64_t hash)
{
	return (struct id_probe){ .set = set, .hash = (uint32_t)hash, .index = (uint32_t)hash };
}

/** The next id stored under the probe's hash; ID_NONE: no more. */
static inline uint32_t id_probe_next(struct id_probe *probe)
{
	const struct id_set *set = probe->set;

	if (!set->capacity)
		return ID_NONE;
	for (;;) {
		const struct id_slot *slot = &set->slots[probe->index & (set->capacity - 1)];

		if (slot->id == ID_NONE)
			return ID_NONE;
		probe->index++;
		if (slot->hash == probe->hash)
			return slot->id;
	}
}

/** Add @p id, which is not in the set. Ends the probes under way. */
void id_set_add(struct id_set *set, uint64_t hash, uint32_t id);

void id_set_deinit(struct id_set *set);
