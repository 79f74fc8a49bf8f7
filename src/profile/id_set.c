#include "profile/id_set_internal.h"

#include <assert.h>
#include <string.h>

#define CAPACITY_FIRST 64

static void id_set_place(struct id_set *set, struct id_slot slot)
{
	uint32_t mask = set->capacity - 1;
	uint32_t index = slot.hash & mask;

	while (set->slots[index].id != ID_NONE)
		index = (index + 1) & mask;
	set->slots[index] = slot;
}

static void id_set_grow(struct id_set *set)
{
	struct id_set grown = { .count = set->count,
				.capacity = set->capacity ? set->capacity * 2 : CAPACITY_FIRST };

	assert(grown.capacity > set->capacity);
	grown.slots = memory_resize(NULL, grown.capacity, sizeof(*grown.slots));
	memset(grown.slots, 0xff, grown.capacity * sizeof(*grown.slots)); /* all ID_NONE */
	for (uint32_t i = 0; i < set->capacity; i++) {
		if (set->slots[i].id != ID_NONE)
			id_set_place(&grown, set->slots[i]);
	}
	free(set->slots);
	*set = grown;
}

void id_set_add(struct id_set *set, uint64_t hash, uint32_t id)
{
	assert(id != ID_NONE);
	if (set->count >= set->capacity / 4 * 3)
		id_set_grow(set);
	id_set_place(set, (struct id_slot){ .hash = (uint32_t)hash, .id = id });
	set->count++;
}

void id_set_deinit(struct id_set *set)
{
	free(set->slots);
	*set = (struct id_set){ 0 };
}
