#include "output/palette.h"

#include "base/text.h"

#include <math.h>

/** Names are spread over so many hues, and each hue over so many lightnesses. */
#define HUE_STEPS       6
#define LIGHTNESS_STEPS 3
#define LIGHTNESS_STEP  0.022

/** WCAG 2.1, level AA, of text. */
#define CONTRAST_AA 4.5

/** So many hues for libraries, each in a pale and a strong form. */
#define LIBRARY_HUES 11

/** Usual lightness of a fill. Dark text stands on the light ones and the reverse. */
static const double theme_lightness[N_PALETTE_THEMES] = { 0.82, 0.44 };
static const double theme_chroma[N_PALETTE_THEMES] = { 1.0, 0.95 };
static const double theme_contrast[N_PALETTE_THEMES] = { 1.0, 0.7 }; /**< Of shades. */
static const uint32_t theme_text[N_PALETTE_THEMES] = { 0x14171c, 0xf4f5f7 };

/** What kind of code a name stands for, as far as its name, object and flags tell. */
enum code_kind {
	CODE_OWN,
	CODE_LIBRARY,
	CODE_RUNTIME, /**< C library, loader, language run-time. */
	CODE_JIT,
	CODE_INLINED,
	CODE_KERNEL,
	CODE_WAITING, /**< "[waiting: disk]": what off-CPU time was spent on. */
	CODE_WAKER,   /**< "_[w]": the stack of a waker, in folded off-CPU stacks. */
	CODE_UNKNOWN,
};

static uint32_t hash_name(const char *name)
{
	return (uint32_t)(hash_text(name) >> 16);
}

static bool is_runtime(const char *object)
{
	static const char *const prefixes[] = {
		"libc.so",   "libc-",    "libm.so",    "libpthread", "ld-",       "ld.so",
		"libstdc++", "libgcc_s", "libc++",     "libjvm.so",  "libpython", "libruby",
		"libperl",   "libnode",  "libcoreclr", "[vdso]",     "libgo.so",  "libunwind",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (text_begins_with(object, prefixes[i]))
			return true;
	}
	return false;
}

static enum code_kind code_kind_of(const struct palette_subject *subject)
{
	/* The name tells where folded stacks have been in between. */
	if (subject->flags & FRAME_IS_WAIT || text_begins_with(subject->name, "[waiting: "))
		return CODE_WAITING;
	if (subject->flags & FRAME_IS_KERNEL || text_ends_with(subject->name, "_[k]"))
		return CODE_KERNEL;
	if (subject->flags & FRAME_IS_JIT || text_ends_with(subject->name, "_[j]"))
		return CODE_JIT;
	if (subject->flags & FRAME_IS_INLINED || text_ends_with(subject->name, "_[i]"))
		return CODE_INLINED;
	if (text_ends_with(subject->name, "_[w]"))
		return CODE_WAKER;
	if (subject->flags & FRAME_IS_UNKNOWN || subject->name[0] == '[')
		return CODE_UNKNOWN;
	if (is_runtime(subject->object))
		return CODE_RUNTIME;
	return subject->is_own || !*subject->object ? CODE_OWN : CODE_LIBRARY;
}

/** A place in a range of hues, and a lightness, chosen by name unless given. */
static struct palette_shade shade_spread(const struct palette_subject *subject, double hue_first,
					 double hue_last, double chroma, double lightness)
{
	uint32_t hash = hash_name(subject->name);
	double place = (double)(hash % HUE_STEPS) / (HUE_STEPS - 1);
	double step = (double)(hash / HUE_STEPS % LIGHTNESS_STEPS) - (LIGHTNESS_STEPS - 1) / 2.0;

	if (subject->has_place) {
		place = subject->place;
		step = (LIGHTNESS_STEPS - 1) * (place - 0.5);
	}

	return (struct palette_shade){ hue_first + (hue_last - hue_first) * place, chroma,
				       lightness + step * LIGHTNESS_STEP };
}

static struct palette_shade shade_range(const struct palette *palette,
					const struct palette_subject *subject)
{
	struct palette_shade shade = shade_spread(subject, palette->hue_first, palette->hue_last,
						  palette->chroma, palette->lightness);

	shade.lightness += palette->lightness_rise * (shade.hue_degrees - palette->hue_first) /
			   (palette->hue_last - palette->hue_first);
	return shade;
}

/** Reds, which neither libraries nor the program's own code have. */
static struct palette_shade shade_waiting(const struct palette_subject *subject)
{
	return shade_spread(subject, -18, 36, 0.14, -0.03);
}

/**
 * One hue for a whole library: siblings differ in lightness only, and code
 * without a name is paler.
 */
static struct palette_shade shade_of_library(const struct palette_subject *subject,
					     enum code_kind kind)
{
	/* From green over blue to pink: the warm hues are the program's own. */
	uint32_t place = hash_name(subject->object) % (LIBRARY_HUES * 2);
	uint32_t index = place / 2;
	double hue = 132 + (double)index * (352 - 132) / (LIBRARY_HUES - 1);
	bool is_strong = place % 2;

	if (kind == CODE_UNKNOWN)
		return shade_spread(subject, hue, hue, is_strong ? 0.04 : 0.025, 0.05);
	if (is_strong)
		return shade_spread(subject, hue, hue, 0.1, -0.02);
	return shade_spread(subject, hue, hue, 0.075, 0.05);
}

static struct palette_shade shade_library(const struct palette *palette,
					  const struct palette_subject *subject)
{
	enum code_kind kind = code_kind_of(subject);

	if (kind == CODE_WAITING)
		return shade_waiting(subject);
	if (kind == CODE_KERNEL)
		return shade_spread(subject, 262, 262, 0.028, -0.03);
	if (kind == CODE_JIT)
		return shade_spread(subject, 135, 150, 0.12, 0.03);
	if (subject->is_own)
		return shade_spread(subject, 56, 70, kind == CODE_UNKNOWN ? 0.06 : 0.12, 0.03);
	if (*subject->object)
		return shade_of_library(subject, kind);
	if (kind == CODE_UNKNOWN)
		return shade_spread(subject, 250, 250, 0.006, 0.055);
	return shade_spread(subject, 45, 88, 0.115, 0.035);
}

static struct palette_shade shade_kind(const struct palette *palette,
				       const struct palette_subject *subject)
{
	static const struct palette_shade shades[] = {
		[CODE_OWN] = { 58, 0.135, 0.02 },     [CODE_LIBRARY] = { 240, 0.075, 0.03 },
		[CODE_RUNTIME] = { 300, 0.07, 0.03 }, [CODE_JIT] = { 140, 0.12, 0.03 },
		[CODE_INLINED] = { 88, 0.12, 0.07 },  [CODE_KERNEL] = { 262, 0.028, -0.03 },
		[CODE_WAKER] = { 200, 0.09, 0.03 },   [CODE_UNKNOWN] = { 250, 0.006, 0.055 },
	};
	const struct palette_shade *shade = &shades[code_kind_of(subject)];

	if (code_kind_of(subject) == CODE_WAITING)
		return shade_waiting(subject);
	return shade_spread(subject, shade->hue_degrees, shade->hue_degrees, shade->chroma,
			    shade->lightness);
}

/**
 * Orange for the program, blues for libraries, grey for the rest, told apart by
 * lightness too: these stay apart with any of the common colour deficiencies.
 */
static struct palette_shade shade_safe(const struct palette *palette,
				       const struct palette_subject *subject)
{
	switch (code_kind_of(subject)) {
	case CODE_OWN:
	case CODE_INLINED:
		return shade_spread(subject, 68, 68, 0.135, 0.01);
	case CODE_JIT:
		return shade_spread(subject, 100, 100, 0.13, 0.085);
	case CODE_WAITING: /* the darkest, with most colour */
		return shade_spread(subject, 350, 350, 0.09, -0.09);
	case CODE_KERNEL:
		return shade_spread(subject, 262, 262, 0.012, -0.045);
	case CODE_UNKNOWN:
		return shade_spread(subject, 262, 262, 0.004, 0.08);
	case CODE_RUNTIME:
		return shade_spread(subject, 230, 230, 0.05, 0.07);
	default:
		return shade_spread(subject, 245, 245, 0.1, -0.025);
	}
}

static struct palette_shade shade_chain(const struct palette *palette,
					const struct palette_subject *subject)
{
	if (code_kind_of(subject) == CODE_WAKER)
		return shade_spread(subject, 185, 205, 0.1, 0.04);
	return shade_spread(subject, 245, 268, 0.095, 0.01);
}

/** The colours that languages share: green is the language, yellow C++, orange the kernel. */
static struct palette_shade shade_language(const struct palette_subject *subject, bool is_language)
{
	enum code_kind kind = code_kind_of(subject);

	if (kind == CODE_KERNEL)
		return shade_spread(subject, 55, 65, 0.135, 0.0);
	if (kind == CODE_INLINED)
		return shade_spread(subject, 190, 200, 0.09, 0.04);
	if (is_language || kind == CODE_JIT)
		return shade_spread(subject, 138, 150, 0.135, 0.03);
	if (strstr(subject->name, "::"))
		return shade_spread(subject, 95, 105, 0.13, 0.07);
	return shade_spread(subject, 20, 30, 0.125, -0.02);
}

static struct palette_shade shade_java(const struct palette *palette,
				       const struct palette_subject *subject)
{
	return shade_language(subject, strchr(subject->name, '/') || strstr(subject->name, ":::"));
}

static struct palette_shade shade_js(const struct palette *palette,
				     const struct palette_subject *subject)
{
	return shade_language(subject,
			      strchr(subject->name, '/') || strstr(subject->name, ".js") ||
				      (strchr(subject->name, ':') && !strstr(subject->name, "::")));
}

static struct palette_shade shade_perl(const struct palette *palette,
				       const struct palette_subject *subject)
{
	return shade_language(subject,
			      strstr(subject->name, "Perl") || strstr(subject->name, ".pl"));
}

static struct palette_shade shade_python(const struct palette *palette,
					 const struct palette_subject *subject)
{
	return shade_language(subject, strstr(subject->name, ".py") ||
					       text_begins_with(subject->name, "py::"));
}

static struct palette_shade shade_rust(const struct palette *palette,
				       const struct palette_subject *subject)
{
	static const char *const standard[] = { "std::",   "core::",   "alloc::", "<std::",
						"<core::", "<alloc::", "__rust" };

	if (code_kind_of(subject) == CODE_KERNEL)
		return shade_spread(subject, 262, 262, 0.028, -0.03);
	for (size_t i = 0; i < ARRAY_SIZE(standard); i++) {
		if (text_begins_with(subject->name, standard[i]))
			return shade_spread(subject, 40, 48, 0.055, 0.05);
	}
	if (strstr(subject->name, "::"))
		return shade_spread(subject, 42, 56, 0.135, -0.01);
	return shade_spread(subject, 235, 250, 0.06, 0.03);
}

static const char *group_by_library(const struct palette_subject *subject)
{
	if (code_kind_of(subject) == CODE_WAITING)
		return subject->name;
	if (code_kind_of(subject) == CODE_KERNEL)
		return "kernel";
	return *subject->object ? subject->object : NULL;
}

static const char *group_by_kind(const struct palette_subject *subject)
{
	static const char *const names[] = {
		[CODE_OWN] = "own code",      [CODE_LIBRARY] = "libraries",
		[CODE_RUNTIME] = "run-time",  [CODE_JIT] = "JIT",
		[CODE_INLINED] = "inlined",   [CODE_KERNEL] = "kernel",
		[CODE_WAITING] = "waiting",   [CODE_WAKER] = "wakers",
		[CODE_UNKNOWN] = "no symbol",
	};

	return names[code_kind_of(subject)];
}

/** A palette that spreads names over a range of hues. */
#define RANGE(palette_name, text, first_hue, last_hue, palette_chroma, palette_lightness)          \
	{                                                                                          \
		.name = palette_name, .description = text, .shade = shade_range,                   \
		.hue_first = first_hue, .hue_last = last_hue, .chroma = palette_chroma,            \
		.lightness = palette_lightness,                                                    \
	}

/** A palette that tells kinds of code apart; @p group names its legend, or NULL. */
#define KINDS(palette_name, text, function, group)                                                 \
	{                                                                                          \
		.name = palette_name, .description = text, .shade = function, .group_name = group, \
	}

const struct palette palettes[] = {
	KINDS("library", "a hue for each library, the program's own code in orange", shade_library,
	      group_by_library),
	KINDS("kind", "own code, libraries, run-time, inlined, JIT, kernel, waiting", shade_kind,
	      group_by_kind),
	KINDS("safe", "for colour-blind eyes: orange, blues and grey", shade_safe, group_by_kind),
	{ .name = "hot",
	  .description = "red to yellow",
	  .shade = shade_range,
	  .hue_first = 30,
	  .hue_last = 90,
	  .chroma = 0.165,
	  .lightness = -0.11,
	  .lightness_rise = 0.13 },
	RANGE("mem", "greens, for memory", 145, 175, 0.115, 0.03),
	RANGE("io", "blues and violets, for input and output", 255, 290, 0.09, 0.02),
	RANGE("wakeup", "blue-greens, for wake-ups", 195, 225, 0.085, 0.02),
	KINDS("chain", "wakers aqua, the rest blue", shade_chain, NULL),
	KINDS("java", "Java green, C++ yellow, kernel orange, the rest red", shade_java, NULL),
	KINDS("js", "JavaScript green, C++ yellow, kernel orange, the rest red", shade_js, NULL),
	KINDS("perl", "Perl green, C++ yellow, kernel orange, the rest red", shade_perl, NULL),
	KINDS("python", "Python green, C++ yellow, kernel orange, the rest red", shade_python,
	      NULL),
	KINDS("rust", "crates rust-red, the standard library pale, the rest blue", shade_rust,
	      NULL),
	RANGE("red", "reds", 18, 30, 0.125, -0.02),
	RANGE("green", "greens", 135, 150, 0.14, 0.03),
	RANGE("blue", "blues", 240, 262, 0.1, 0.0),
	RANGE("aqua", "aquas", 190, 208, 0.095, 0.04),
	RANGE("yellow", "yellows", 92, 106, 0.135, 0.08),
	RANGE("purple", "purples", 305, 325, 0.115, 0.0),
	RANGE("orange", "oranges", 52, 66, 0.135, 0.01),
};
const size_t n_palettes = ARRAY_SIZE(palettes);

const struct palette *palette_find(const char *name)
{
	for (size_t i = 0; i < n_palettes; i++) {
		if (strcmp(palettes[i].name, name) == 0)
			return &palettes[i];
	}
	return NULL;
}

/** The profiled program; where the profile does not say which that is, any executable. */
static bool is_own_object(const struct profile *profile, uint32_t object, const char *name)
{
	const char *program = profile->info.program;

	if (!*name)
		return false;
	if (program)
		return strcmp(name, program) == 0;
	return *profile_text(profile, profile->objects.items[object].path) == '/' &&
	       !strstr(name, ".so");
}

struct palette_subject palette_subject_of(const struct profile *profile, const char *name,
					  uint32_t object, uint32_t flags)
{
	const char *object_name = "";

	if (object < profile->objects.count)
		object_name = profile_text(profile, profile->objects.items[object].name);
	if (strcmp(object_name, "[unknown]") == 0)
		object_name = "";
	return (struct palette_subject){
		.name = name,
		.object = object_name,
		.flags = flags,
		.is_own = is_own_object(profile, object, object_name),
	};
}

struct linear_color {
	double red, green, blue;
};

/** Björn Ottosson, "A perceptual color space for image processing", 2020: OKLab to linear sRGB. */
static struct linear_color oklch_to_linear(double lightness, double chroma, double hue_degrees)
{
	double a = chroma * cos(hue_degrees * M_PI / 180),
	       b = chroma * sin(hue_degrees * M_PI / 180);
	double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
	double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
	double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);

	return (struct linear_color){
		.red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
		.green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
		.blue = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
	};
}

static bool is_displayable(struct linear_color color)
{
	return fmin(color.red, fmin(color.green, color.blue)) >= -0.0001 &&
	       fmax(color.red, fmax(color.green, color.blue)) <= 1.0001;
}

/** IEC 61966-2-1: the sRGB transfer function. */
static uint32_t encode_channel(double linear)
{
	double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;

	return (uint32_t)lround(fmin(fmax(value, 0), 1) * 255);
}

static double decode_channel(uint32_t channel)
{
	double value = channel / 255.0;

	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

uint32_t palette_shade_color(const struct palette_shade *shade, enum palette_theme theme)
{
	double lightness = theme_lightness[theme] + shade->lightness * theme_contrast[theme];
	double chroma = shade->chroma * theme_chroma[theme];
	struct linear_color color = oklch_to_linear(lightness, chroma, shade->hue_degrees);

	/* Outside sRGB: paler, but as light and of the same hue. */
	while (!is_displayable(color) && chroma > 0.001) {
		chroma *= 0.95;
		color = oklch_to_linear(lightness, chroma, shade->hue_degrees);
	}
	return encode_channel(color.red) << 16 | encode_channel(color.green) << 8 |
	       encode_channel(color.blue);
}

uint32_t palette_color(const struct palette *palette, const struct palette_subject *subject,
		       enum palette_theme theme)
{
	struct palette_shade shade = palette->shade(palette, subject);

	return palette_shade_color(&shade, theme);
}

double palette_place_by_beginning(const char *name)
{
	double place = 0, weight = 0.5;

	/* The low five bits tell letters apart, whatever their case. */
	for (; *name && weight > 0.001; name++) {
		place += weight * ((unsigned char)*name & 31) / 31.0;
		weight /= 2;
	}
	return place;
}

static uint32_t mix_channel(uint32_t channel, uint32_t with, double share)
{
	return (uint32_t)lround(channel * (1 - share) + with * share);
}

uint32_t palette_readable_color(uint32_t rgb, enum palette_theme theme)
{
	uint32_t with = theme == PALETTE_LIGHT ? 0xff : 0;
	uint32_t color = rgb;

	for (double share = 0; share <= 1; share += 0.05) {
		color = mix_channel(rgb >> 16, with, share) << 16 |
			mix_channel(rgb >> 8 & 0xff, with, share) << 8 |
			mix_channel(rgb & 0xff, with, share);
		if (palette_contrast(color, theme_text[theme]) >= CONTRAST_AA)
			break;
	}
	return color;
}

uint32_t palette_text_color(enum palette_theme theme)
{
	return theme_text[theme];
}

/** WCAG 2.1, "relative luminance". */
static double relative_luminance(uint32_t color)
{
	return 0.2126 * decode_channel(color >> 16 & 0xff) +
	       0.7152 * decode_channel(color >> 8 & 0xff) + 0.0722 * decode_channel(color & 0xff);
}

double palette_contrast(uint32_t a, uint32_t b)
{
	double first = relative_luminance(a), second = relative_luminance(b);

	return (fmax(first, second) + 0.05) / (fmin(first, second) + 0.05);
}
