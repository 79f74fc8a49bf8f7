#include "input/text_locations_internal.h"

#include "base/text_hash.h"

#include <assert.h>

#define N_SLOTS_FIRST 64

void text_locations_deinit(struct text_locations *locations)
{
	text_frame_vector_deinit(&locations->frames);
	free(locations->slots);
	arena_deinit(&locations->texts);
	frame_group_map_deinit(&locations->groups);
	frame_group_map_deinit(&locations->location_of_group);
	index_vector_deinit(&locations->pending);
}

static void place_frame(struct text_locations *locations, struct text_frame_slot slot)
{
	size_t index = slot.hash & (locations->n_slots - 1);

	while (locations->slots[index].frame)
		index = (index + 1) & (locations->n_slots - 1);
	locations->slots[index] = slot;
}

static void grow_slots(struct text_locations *locations)
{
	struct text_frame_slot *old = locations->slots;
	size_t n_old = locations->n_slots;

	locations->n_slots = n_old ? 2 * n_old : N_SLOTS_FIRST;
	locations->slots = memory_allocate(locations->n_slots, sizeof(*locations->slots));
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].frame)
			place_frame(locations, old[i]);
	}
	free(old);
}

static uint32_t add_frame(struct text_locations *locations, struct text_span text, uint32_t hash,
			  struct text_frame (*make)(struct profile *profile, struct text_span text))
{
	struct text_frame frame = make(locations->profile, text);

	frame.text.start = arena_duplicate_text(&locations->texts, text.start, text.length);
	frame.text.length = text.length;
	text_frame_vector_append(&locations->frames, frame);
	if (2 * locations->frames.count > locations->n_slots)
		grow_slots(locations);
	place_frame(locations, (struct text_frame_slot){
				       .hash = hash,
				       .frame = (uint32_t)locations->frames.count,
			       });
	return (uint32_t)locations->frames.count - 1;
}

uint32_t text_locations_frame(struct text_locations *locations, struct text_span text,
			      struct text_frame (*make)(struct profile *profile,
							struct text_span text))
{
	uint32_t hash = (uint32_t)text_hash(text.start, text.length);

	for (size_t index = hash; locations->n_slots; index++) {
		struct text_frame_slot slot = locations->slots[index & (locations->n_slots - 1)];
		const struct text_frame *frame;

		if (!slot.frame)
			break;
		frame = &locations->frames.items[slot.frame - 1];
		if (slot.hash == hash && frame->text.length == text.length &&
		    text_equal(frame->text.start, text.start, text.length))
			return slot.frame - 1;
	}
	return add_frame(locations, text, hash, make);
}

static uint64_t pair(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

static uint32_t make_location(struct text_locations *locations, bool is_call_site)
{
	const struct index_vector *pending = &locations->pending;
	const struct text_frame *outer =
		&locations->frames.items[pending->items[pending->count - 1]];
	struct profile *profile = locations->profile;
	uint64_t back = is_call_site && outer->address ? 1 : 0;
	uint32_t object = profile->frames.items[outer->frame].object;
	uint32_t location = profile_add_location(profile, object, outer->address - back,
						 outer->kind, back ? LOCATION_IS_CALL_SITE : 0);
	struct index_vector frame_ids = { 0 };

	for (size_t i = 0; i < pending->count; i++)
		index_vector_append(&frame_ids, locations->frames.items[pending->items[i]].frame);
	profile_set_location_frames(profile, location, frame_ids.items, (uint32_t)frame_ids.count,
				    outer->symbol_offset - MIN(outer->symbol_offset, back));
	index_vector_deinit(&frame_ids);
	return location;
}

/** The number of the run of frames that is pending. */
static uint32_t pending_group(struct text_locations *locations)
{
	uint32_t group = 0;

	for (size_t i = 0; i < locations->pending.count; i++) {
		uint32_t *next = frame_group_map_insert(
			&locations->groups, pair(group, locations->pending.items[i]), NULL);

		if (*next == 0)
			*next = ++locations->n_groups;
		group = *next;
	}
	return group;
}

uint32_t text_locations_take(struct text_locations *locations, bool is_call_site)
{
	struct index_vector *pending = &locations->pending;
	uint32_t *location;

	assert(pending->count > 0);
	/* Nearly all: a look into a table is enough. */
	if (pending->count == 1)
		location = &locations->frames.items[pending->items[0]].locations[is_call_site];
	else
		location =
			frame_group_map_insert(&locations->location_of_group,
					       pair(pending_group(locations), is_call_site), NULL);
	if (*location == 0)
		*location = make_location(locations, is_call_site) + 1;
	index_vector_clear(pending);
	return *location - 1;
}

char *text_span_copy(struct text_span span)
{
	char *copy = memory_allocate(span.length + 1, 1);

	for (size_t i = 0; i < span.length; i++)
		copy[i] = span.start[i] ? span.start[i] : ' ';
	return copy;
}
