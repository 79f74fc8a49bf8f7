#include "cli/flamegraph_options.h"

#include "base/count_noun.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "base/text_stream.h"
#include "cli/terminal.h"
#include "output/flamegraph.h"
#include "output/name_attributes.h"
#include "output/palette.h"
#include "output/palette_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** flamegraph.pl's, in the current folder. */
#define PALETTE_MAP_PATH "palette.map"

static struct error *read_palette(const char *value, const char **ret)
{
	_cleanup_free_ char *known = NULL;
	size_t size_bytes;
	FILE *file;

	if (palette_find(value)) {
		*ret = value;
		return NULL;
	}
	file = text_stream_open(&known, &size_bytes);
	for (size_t i = 0; i < n_palettes; i++)
		fprintf(file, "%s%s", i ? ", " : "", palettes[i].name);
	text_stream_close(file, &known);
	return error_with_hint(error_new(ERROR_USAGE, "--colors: unknown palette '%s'", value),
			       "one of: %s", known);
}

static bool parse_color(const char *value, uint32_t *ret)
{
	size_t length = strspn(value + (*value == '#'), "0123456789abcdefABCDEF");
	uint32_t number;

	if (*value != '#' || value[1 + length])
		return false;
	number = (uint32_t)strtoul(value + 1, NULL, 16);
	if (length == 3)
		number = (number >> 8) * 0x110000 + (number >> 4 & 0xf) * 0x1100 +
			 (number & 0xf) * 0x11;
	else if (length != 6)
		return false;
	*ret = number;
	return true;
}

static struct error *read_color(const char *option, const char *value, struct output_color *ret)
{
	uint32_t rgb;

	if (strcmp(value, "none") == 0) {
		*ret = (struct output_color){ 0 };
		return NULL;
	}
	if (!parse_color(value, &rgb))
		return error_new(ERROR_USAGE, "%s: '%s' is no colour like #rrggbb", option, value);
	*ret = (struct output_color){ .is_set = true, .rgb = rgb };
	return NULL;
}

/** The names and colours of flamegraph.pl's gradients. */
static struct error *read_background(const char *value, struct flamegraph_options *look)
{
	static const struct {
		const char *name;
		uint32_t top, bottom;
	} gradients[] = {
		{ "yellow", 0xeeeeee, 0xeeeeb0 },
		{ "blue", 0xeeeeee, 0xe0e0ff },
		{ "green", 0xeef2ee, 0xe0ffe0 },
		{ "grey", 0xf8f8f8, 0xe8e8e8 },
	};

	uint32_t rgb = 0;
	bool is_color = parse_color(value, &rgb);

	for (size_t i = 0; i < ARRAY_SIZE(gradients); i++) {
		if (strcmp(value, gradients[i].name) != 0)
			continue;
		look->background_top = (struct output_color){ true, gradients[i].top };
		look->background_bottom = (struct output_color){ true, gradients[i].bottom };
		return NULL;
	}
	if (!is_color)
		return error_with_hint(error_new(ERROR_USAGE, "--bgcolors: unknown '%s'", value),
				       "one of: yellow, blue, green, grey, or #rrggbb");
	look->background_top = look->background_bottom = (struct output_color){ true, rgb };
	return NULL;
}

static struct error *read_least_width(const char *value, struct flamegraph_options *look)
{
	size_t length = strlen(value);
	_cleanup_free_ char *number = memory_duplicate_text(value);
	double width;

	look->least_width_px = look->least_width_share = 0;
	if (length > 0 && value[length - 1] == '%') {
		number[length - 1] = '\0';
		RETURN_IF_ERROR(option_read_double("--minwidth", number, 0, 100, &width));
		look->least_width_share = width / 100;
		return NULL;
	}
	return option_read_double("--minwidth", value, 0, 100000, &look->least_width_px);
}

static struct error *read_name_attributes(const char *path, struct flamegraph_options *look)
{
	struct name_attributes_losses losses;
	FILE *file = fopen(path, "re");
	bool is_bad;

	if (!file)
		return error_from_errno(errno, "--nameattr: %s", path);
	name_attributes_destroy((struct name_attributes *)look->attributes);
	look->attributes = name_attributes_read(file, &losses);
	is_bad = ferror(file);
	fclose(file);
	if (is_bad)
		return error_new(ERROR_SYSTEM, "--nameattr: %s cannot be read", path);
	if (losses.n_bad_lines)
		terminal_print_warning("%s: %" PRIu64 " %s not NAME, tab, KEY=VALUE...", path,
				       losses.n_bad_lines,
				       count_noun(losses.n_bad_lines, "line is", "lines are"));
	if (losses.n_unsafe)
		terminal_print_warning(
			"%s: %" PRIu64 " %s left out, which could run "
			"script or load something",
			path, losses.n_unsafe,
			count_noun(losses.n_unsafe, "attribute is", "attributes are"));
	return NULL;
}

static struct error *read_palette_map(struct flamegraph_setup *setup)
{
	struct flamegraph_options *look = &setup->output->flamegraph;
	uint64_t n_bad_lines;
	FILE *file;

	if (look->map)
		return NULL;
	look->map = palette_map_create();
	setup->keeps_map = true;
	file = fopen(PALETTE_MAP_PATH, "re");
	if (!file)
		return errno == ENOENT ? NULL : error_from_errno(errno, "--cp: " PALETTE_MAP_PATH);
	palette_map_read(look->map, file, &n_bad_lines);
	fclose(file);
	if (n_bad_lines)
		terminal_print_warning(PALETTE_MAP_PATH ": %" PRIu64
							" lines are not NAME->rgb(R,G,B)",
				       n_bad_lines);
	return NULL;
}

static struct error *read_notes(const char *value, const char **ret)
{
	if (strpbrk(value, "<>"))
		return error_new(ERROR_USAGE, "--notes: no '<' or '>' in a comment, as in "
					      "flamegraph.pl");
	*ret = value;
	return NULL;
}

static struct error *read_encoding(const char *value, const char **ret)
{
	if (!flamegraph_encoding_is_known(value))
		return error_with_hint(error_new(ERROR_USAGE, "--encoding: unknown '%s'", value),
				       "one of: UTF-8, US-ASCII, ISO-8859-N, Windows-125N, KOI8-R");
	*ret = value;
	return NULL;
}

static struct error *read_pixels(const char *option, const char *value, uint64_t least,
				 uint64_t most, uint32_t *ret)
{
	uint64_t number;

	RETURN_IF_ERROR(option_read_u64(option, value, least, most, &number));
	*ret = (uint32_t)number;
	return NULL;
}

/** Options that need reading. */
static struct error *apply_value(struct flamegraph_setup *setup, int id, const char *value,
				 bool *is_known_ret)
{
	struct output_options *output = setup->output;
	struct flamegraph_options *look = &output->flamegraph;

	switch (id) {
	case OPTION_GRAPH_WIDTH:
		return read_pixels("--width", value, 100, 100000, &output->width_px);
	case OPTION_GRAPH_HEIGHT:
		return read_pixels("--height", value, 4, 1000, &look->row_height_px);
	case OPTION_GRAPH_LEAST_WIDTH:
		return read_least_width(value, look);
	case OPTION_GRAPH_COLORS:
		return read_palette(value, &output->palette);
	case OPTION_GRAPH_BACKGROUND:
		return read_background(value, look);
	case OPTION_GRAPH_UI_COLOR:
		return read_color("--uicolor", value, &look->ui_color);
	case OPTION_GRAPH_STROKE_COLOR:
		return read_color("--stroke-color", value, &look->stroke_color);
	case OPTION_GRAPH_SEARCH_COLOR:
		return read_color("--search-color", value, &look->search_color);
	case OPTION_GRAPH_PALETTE_MAP:
		return read_palette_map(setup);
	case OPTION_GRAPH_FONT_SIZE:
		return option_read_double("--fontsize", value, 4, 100, &look->font_size_px);
	case OPTION_GRAPH_FONT_WIDTH:
		return option_read_double("--fontwidth", value, 0.1, 3, &look->font_width);
	case OPTION_GRAPH_NAME_ATTRIBUTES:
		return read_name_attributes(value, look);
	case OPTION_GRAPH_TOTAL:
		return option_read_u64("--total", value, 1, UINT64_MAX / 2, &look->total_count);
	case OPTION_GRAPH_FACTOR:
		return option_read_double("--factor", value, 1e-12, 1e12, &look->factor);
	case OPTION_GRAPH_BASE:
		string_vector_append(&look->bases, value);
		return NULL;
	case OPTION_GRAPH_NOTES:
		return read_notes(value, &look->notes);
	case OPTION_GRAPH_ENCODING:
		return read_encoding(value, &look->encoding);
	default:
		*is_known_ret = false;
		return NULL;
	}
}

struct error *flamegraph_setup_apply(struct flamegraph_setup *setup, int id, const char *value,
				     bool *is_known_ret)
{
	struct output_options *output = setup->output;
	struct flamegraph_options *look = &output->flamegraph;

	const struct {
		int id;
		const char **text;
	} texts[] = {
		{ OPTION_GRAPH_TITLE, &output->title },
		{ OPTION_GRAPH_SUBTITLE, &output->subtitle },
		{ OPTION_GRAPH_COUNT_NAME, &output->count_name },
		{ OPTION_GRAPH_NAME_LABEL, &look->name_label },
		{ OPTION_GRAPH_FONT_TYPE, &look->font_family },
	};

	const struct {
		int id;
		bool *flag;
	} flags[] = {
		{ OPTION_GRAPH_REVERSED, &output->is_reversed },
		{ OPTION_GRAPH_INVERTED, &output->is_inverted },
		{ OPTION_GRAPH_CHART, &look->is_chart },
		{ OPTION_GRAPH_NEGATED, &look->is_negated },
		{ OPTION_GRAPH_CUT_RIGHT, &look->is_cut_right },
		{ OPTION_GRAPH_UNSORTED, &look->is_unsorted },
		{ OPTION_GRAPH_NO_SCRIPT, &look->has_no_script },
		{ OPTION_GRAPH_DIFFUSION, &look->is_diffused },
	};

	const struct {
		int id;
		enum flamegraph_spread spread;
	} spreads[] = {
		{ OPTION_GRAPH_HASH, FLAMEGRAPH_SPREAD_HASH },
		{ OPTION_GRAPH_RANDOM, FLAMEGRAPH_SPREAD_CHANCE },
		{ OPTION_GRAPH_DETERMINISTIC, FLAMEGRAPH_SPREAD_NAME },
	};

	*is_known_ret = true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].id == id) {
			*texts[i].text = value;
			return NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flags[i].id == id) {
			*flags[i].flag = true;
			return NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(spreads); i++) {
		if (spreads[i].id == id) {
			look->spread = spreads[i].spread;
			return NULL;
		}
	}
	return apply_value(setup, id, value, is_known_ret);
}

struct error *flamegraph_setup_finish(const struct flamegraph_setup *setup)
{
	struct output_file file;

	if (!setup->keeps_map)
		return NULL;
	RETURN_IF_ERROR(output_file_create(&file, PALETTE_MAP_PATH, true));
	palette_map_write(setup->output->flamegraph.map, file.file);
	return output_file_commit(&file);
}

void flamegraph_setup_deinit(struct flamegraph_setup *setup)
{
	struct flamegraph_options *look = &setup->output->flamegraph;

	palette_map_destroy(look->map);
	name_attributes_destroy((struct name_attributes *)look->attributes);
	string_vector_deinit(&look->bases);
	look->map = NULL;
	look->attributes = NULL;
}
