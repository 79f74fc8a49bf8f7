#pragma once

/**
 * How frames are coloured. Colours depend only on what is coloured, never on
 * chance or order, and exist for a light and a dark page. Text on them (in
 * palette_text_color) has a contrast of at least 4.5:1, WCAG 2.1 level AA.
 */

#include "profile/profile.h"

enum palette_theme {
	PALETTE_LIGHT,
	PALETTE_DARK,
	N_PALETTE_THEMES,
};

/** What is coloured. */
struct palette_subject {
	const char *name;   /**< Of the function. */
	const char *object; /**< Last part of the object's path; "" when unknown. */
	uint32_t flags;     /**< enum frame_flags */
	bool is_own;        /**< It is in the profiled program itself, not in a library. */
	bool has_place;     /**< Its place in a range is @c place, not chosen by its name. */
	double place;       /**< 0 to 1. */
};

/** A colour in OKLCH (Björn Ottosson, 2020): equal lightness looks equally light. */
struct palette_shade {
	double hue_degrees;
	double chroma;    /**< 0 is grey; sRGB reaches about 0.1 to 0.3 depending on hue. */
	double lightness; /**< Above or below the theme's usual lightness. */
};

/** One list line in palette.c each. */
struct palette {
	const char *name;
	const char *description;
	struct palette_shade (*shade)(const struct palette *palette,
				      const struct palette_subject *subject);
	/** What a legend calls the subject's colour; NULL: nothing. NULL function: no legend. */
	const char *(*group_name)(const struct palette_subject *subject);
	double hue_first, hue_last, chroma; /**< Of palettes that spread names over a range. */
	double lightness;
	double lightness_rise; /**< From the first hue to the last. */
};

/** The first is the default. */
extern const struct palette palettes[];
extern const size_t n_palettes;

/** NULL: unknown; the caller lists the known ones. */
const struct palette *palette_find(const char *name);

struct palette_subject palette_subject_of(const struct profile *profile, const char *name,
					  uint32_t object, uint32_t flags);

/** 0xRRGGBB, the same for the same subject on every run. */
uint32_t palette_color(const struct palette *palette, const struct palette_subject *subject,
		       enum palette_theme theme);

/** The same of a shade. */
uint32_t palette_shade_color(const struct palette_shade *shade, enum palette_theme theme);

/** A place in a range of hues that names with the same beginning share or are close in. */
double palette_place_by_beginning(const char *name);

/** @p rgb, or a lighter or darker form of it on which the theme's text can be read. */
uint32_t palette_readable_color(uint32_t rgb, enum palette_theme theme);

/** 0xRRGGBB of text on every colour of that theme. */
uint32_t palette_text_color(enum palette_theme theme);

/** Contrast of two colours, 1 to 21: WCAG 2.1, "contrast ratio". */
double palette_contrast(uint32_t a, uint32_t b);
