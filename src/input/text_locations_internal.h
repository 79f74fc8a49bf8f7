#pragma once

/**
 * Locations of a profile made from text. Text has functions, with or without an
 * address; a location is a function with what is inlined into it.
 */

#include "base/hash_map.h"
#include "input/line_reader.h"
#include "profile/profile.h"

/** A function as one piece of text names it. */
struct text_frame {
	struct text_span text; /**< In text_locations.texts. */
	uint32_t frame;        /**< Frame id in the profile. */
	uint64_t address;
	uint64_t symbol_offset;
	enum location_kind kind;
	bool is_inlined;       /**< Into the next outer one. */
	uint32_t locations[2]; /**< Of it alone, by is_call_site: location + 1; 0: none yet. */
};

DEFINE_VECTOR(text_frame_vector, struct text_frame)

struct text_frame_slot {
	uint32_t hash;
	uint32_t frame; /**< Index + 1 into frames; 0: free. */
};

/** Ids of frames grown by one: (group, frame) -> group. Group 0 is empty. */
DEFINE_HASH_MAP(frame_group_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct text_locations {
	struct profile *profile;
	struct text_frame_vector frames;
	struct text_frame_slot *slots; /**< By text: open addressing, at most half full. */
	size_t n_slots;                /**< A power of two, or 0. */
	struct arena texts;

	struct frame_group_map groups;
	uint32_t n_groups;
	struct frame_group_map location_of_group; /**< By group and flags: location + 1. */

	struct index_vector pending; /**< Into frames, innermost first: the location being made. */
};

void text_locations_deinit(struct text_locations *locations);

/**
 * The frame for @p text, made by @p make on first sight.
 *
 * @return an index into frames.
 */
uint32_t text_locations_frame(struct text_locations *locations, struct text_span text,
			      struct text_frame (*make)(struct profile *profile,
							struct text_span text));

/** Add a frame, the next outer one of those pending. */
static inline void text_locations_add(struct text_locations *locations, uint32_t index)
{
	index_vector_append(&locations->pending, index);
}

/** The location made of what is pending, which is at least one frame. */
uint32_t text_locations_take(struct text_locations *locations, bool is_call_site);

/** The location of one frame. */
static inline uint32_t text_locations_alone(struct text_locations *locations, uint32_t index,
					    bool is_call_site)
{
	uint32_t known = locations->frames.items[index].locations[is_call_site];

	if (known)
		return known - 1;
	text_locations_add(locations, index);
	return text_locations_take(locations, is_call_site);
}

/** A NUL-terminated copy with harmless NULs; free with free(). */
char *text_span_copy(struct text_span span);
