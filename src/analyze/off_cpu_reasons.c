#include "analyze/off_cpu.h"

#include "base/memory.h"

DEFINE_VECTOR(clue_vector, struct wait_clue)

uint32_t off_cpu_reason_location(struct profile *profile, enum wait_reason reason)
{
	uint32_t object = profile_intern_object(profile, "[waiting]", NULL);
	uint32_t location =
		profile_intern_location(profile, object, reason, reason, LOCATION_USER, 0);
	struct profile_frame frame = { .object = object, .flags = FRAME_IS_WAIT };
	uint32_t frame_id;

	if (profile->locations.items[location].n_frames)
		return location;
	frame.name = profile_intern_text(profile, wait_reason_frame_name(reason));
	frame_id = profile_intern_frame(profile, &frame);
	profile_set_location_frames(profile, location, &frame_id, 1, 0);
	return location;
}

/** Of a location's frames, innermost first. */
static void append_clues(const struct profile *profile, uint32_t location_id,
			 struct wait_clue *of_frame, bool *is_known, struct clue_vector *ret)
{
	const struct profile_location *location = &profile->locations.items[location_id];

	for (uint32_t i = 0; i < location->n_frames; i++) {
		uint32_t id = profile->location_frames.items[location->first_frame + i];
		const struct profile_frame *frame = &profile->frames.items[id];

		if (!is_known[id])
			of_frame[id] = wait_clue_of_function(profile_text(profile, frame->name),
							     frame->flags & FRAME_IS_KERNEL);
		is_known[id] = true;
		clue_vector_append(ret, of_frame[id]);
	}
}

/** What something else than the functions told; WAIT_UNKNOWN: nothing did. */
static enum wait_reason told_reason(const struct profile *profile, uint32_t stack)
{
	uint32_t location = profile->stacks.items[stack].location;

	if (!stack || !(profile_location_frame(profile, location, 0)->flags & FRAME_IS_WAIT))
		return WAIT_UNKNOWN;
	/* See off_cpu_reason_location(). */
	return (enum wait_reason)profile->locations.items[location].elf_address;
}

void off_cpu_name_reasons(struct profile *profile, uint32_t event)
{
	/* The reasons' own frames come on top, and are never asked for. */
	size_t n_frames = profile->frames.count;
	_cleanup_free_ struct wait_clue *of_frame = memory_allocate(n_frames, sizeof(*of_frame));
	_cleanup_free_ bool *is_known = memory_allocate(n_frames, sizeof(*is_known));
	struct clue_vector clues = { 0 };

	for (size_t i = 0; i < profile->samples.count; i++) {
		struct profile_sample *sample = &profile->samples.items[i];
		enum wait_reason told, reason;
		uint32_t place = sample->stack;

		if (sample->event != event)
			continue;
		told = told_reason(profile, sample->stack);
		if (told != WAIT_UNKNOWN)
			place = profile->stacks.items[sample->stack].parent;
		clue_vector_clear(&clues);
		for (uint32_t stack = place; stack; stack = profile->stacks.items[stack].parent)
			append_clues(profile, profile->stacks.items[stack].location, of_frame,
				     is_known, &clues);
		reason = told == WAIT_UNKNOWN ? wait_reason_of_clues(clues.items, clues.count)
					      : wait_reason_refine(told, clues.items, clues.count);
		sample->stack = profile_intern_stack(profile, place,
						     off_cpu_reason_location(profile, reason));
	}
	clue_vector_deinit(&clues);
}
