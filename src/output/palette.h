#pragma once

#include "profile/profile.h"

/** How frames are coloured. One list line in palette.c each. */
struct palette {
	const char *name;
	const char *description;
};

extern const struct palette palettes[];
extern const size_t n_palettes;

/** NULL: unknown; the caller lists the known ones. */
const struct palette *palette_find(const char *name);

/** 0xRRGGBB, the same for the same frame on every run. */
uint32_t palette_color(const struct palette *palette, const struct profile *profile,
		       const struct profile_frame *frame);
