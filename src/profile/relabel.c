#include "profile/relabel.h"

#include <inttypes.h>
#include <string.h>

/** The new name of a frame of a location, or NULL: it keeps its own. Free with free(). */
typedef char *frame_namer(const struct profile *profile, const struct profile_location *location,
			  const struct profile_frame *frame);

static void relabel_location(struct profile *profile, uint32_t id, frame_namer *namer)
{
	const struct profile_location location = profile->locations.items[id];
	struct index_vector frames = { 0 };
	bool is_changed = false;

	for (uint32_t i = 0; i < location.n_frames; i++) {
		uint32_t number = profile->location_frames.items[location.first_frame + i];
		struct profile_frame frame = profile->frames.items[number];
		_cleanup_free_ char *name = namer(profile, &location, &frame);

		if (name) {
			frame.name = profile_intern_text(profile, name);
			frame.flags &= ~(uint32_t)FRAME_IS_UNKNOWN;
			number = profile_intern_frame(profile, &frame);
			is_changed = true;
		}
		index_vector_append(&frames, number);
	}
	if (is_changed)
		profile_set_location_frames(profile, id, frames.items, (uint32_t)frames.count,
					    location.symbol_offset);
	index_vector_deinit(&frames);
}

static void relabel(struct profile *profile, frame_namer *namer)
{
	for (uint32_t i = 0; i < profile->locations.count; i++)
		relabel_location(profile, i, namer);
}

static char *address_name(const struct profile *profile, const struct profile_location *location,
			  const struct profile_frame *frame)
{
	uint64_t address = profile_location_shown_address(location);

	if (!(frame->flags & FRAME_IS_UNKNOWN) || !address)
		return NULL;
	if (frame->object == PROFILE_OBJECT_UNKNOWN)
		return memory_format_text("[unknown <%" PRIx64 ">]", address);
	return memory_format_text("[%s <%" PRIx64 ">]",
				  profile_text(profile, profile->objects.items[frame->object].name),
				  address);
}

bool profile_name_addresses(struct profile *profile)
{
	bool has_addresses = false, has_unknown = false;

	for (size_t i = 0; i < profile->locations.count; i++)
		has_addresses |= profile_location_shown_address(&profile->locations.items[i]) != 0;
	for (size_t i = 0; i < profile->frames.count; i++)
		has_unknown |= i != PROFILE_FRAME_UNKNOWN &&
			       profile->frames.items[i].flags & FRAME_IS_UNKNOWN;
	relabel(profile, address_name);
	return has_addresses || !has_unknown;
}

static char *line_name(const struct profile *profile, const struct profile_location *location,
		       const struct profile_frame *frame)
{
	const char *file, *slash;

	if (!frame->file || !frame->line || frame->flags & FRAME_IS_UNKNOWN)
		return NULL;
	file = profile_text(profile, frame->file);
	slash = strrchr(file, '/');
	return memory_format_text("%s:%s:%" PRIu32, profile_text(profile, frame->name),
				  slash ? slash + 1 : file, frame->line);
}

bool profile_name_lines(struct profile *profile)
{
	bool has_lines = false;

	for (size_t i = 0; i < profile->frames.count; i++)
		has_lines |= profile->frames.items[i].file && profile->frames.items[i].line;
	relabel(profile, line_name);
	return has_lines || profile->samples.count == 0;
}
