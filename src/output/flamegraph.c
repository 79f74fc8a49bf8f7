/**
 * The flame graph: one SVG file. In an <img>, or where scripts do not run, it is
 * a picture of fixed geometry; opened on its own the embedded viewer takes over
 * and draws from the data element. The file refers to nothing outside itself,
 * and names reach it only as XML text, XML attributes or JSON strings.
 */

#include "output/flamegraph.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/text_stream.h"
#include "output/flamegraph_internal.h"
#include "output/output_formats_internal.h"

#include <strings.h>

/** Made from flamegraph/ by tools/embed. */
extern const char flamegraph_script[];
extern const char flamegraph_style[];
extern const char flamegraph_style_dark[];

/**
 * Larger trees lose their smallest frames, but none of 0.01 % of all samples or
 * more: at about 12 bytes a node this keeps files below 10 MB.
 */
#define NODES_MAX  400000
#define KEEP_SHARE 0.0001

#define LEGEND_SWATCH_PX 11
#define LEGEND_FONT_PX   11.5
#define HEAD_TITLE_PX    30
#define HEAD_LINE_PX     19

const char *flamegraph_object_name(const struct flame_frame *frame)
{
	if (frame->kind != FLAME_FRAME_CODE)
		return "";
	return palette_subject_of(frame->profile, frame->name, frame->object, frame->flags).object;
}

static void write_text_line(FILE *file, const char *class_name, double y_px, const char *text)
{
	fprintf(file, "<text class=\"%s\" x=\"%d\" y=\"%.1f\">", class_name, FLAMEGRAPH_PADDING_PX,
		y_px);
	escape_write_xml(file, text);
	fputs("</text>\n", file);
}

/** Swatches with names in one line, as many as fit. */
static void write_legend(const struct flamegraph *graph, double y_px, double width_px, FILE *file)
{
	uint64_t all_count = graph->tree.nodes.items[FLAME_NODE_ROOT].total_count;
	double x_px = FLAMEGRAPH_PADDING_PX;

	for (size_t i = 0; i < graph->legend.count; i++) {
		const struct flamegraph_legend_entry *entry = &graph->legend.items[i];
		_cleanup_free_ char *plain = escape_plain(entry->name);
		_cleanup_free_ char *text = memory_format_text(
			"%s %.0f %%", plain, 100 * (double)entry->self_count / (double)all_count);
		double text_px = flamegraph_label_width_px(text, LEGEND_FONT_PX);

		if (x_px + LEGEND_SWATCH_PX + text_px + FLAMEGRAPH_PADDING_PX > width_px)
			break;
		fprintf(file,
			"<rect class=\"c%u\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
			"rx=\"2\"/><text class=\"legend\" x=\"%.1f\" y=\"%.1f\">",
			entry->color, x_px, y_px - 9.5, LEGEND_SWATCH_PX, LEGEND_SWATCH_PX,
			x_px + LEGEND_SWATCH_PX + 5, y_px);
		escape_write_xml(file, text);
		fputs("</text>\n", file);
		x_px += LEGEND_SWATCH_PX + text_px + 16;
	}
}

/** From the largest loss to the largest gain, with the changes they stand for. */
static void write_scale(const struct flamegraph *graph, double y_px, FILE *file)
{
	_cleanup_free_ char *least = flamegraph_format_change(graph, -graph->change_max);
	_cleanup_free_ char *most = flamegraph_format_change(graph, graph->change_max);
	double x_px = FLAMEGRAPH_PADDING_PX;

	fprintf(file, "<text class=\"legend\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x_px, y_px,
		least);
	x_px += flamegraph_label_width_px(least, LEGEND_FONT_PX) + 6;
	for (int step = -FLAMEGRAPH_CHANGE_STEPS; step <= FLAMEGRAPH_CHANGE_STEPS; step++) {
		fprintf(file,
			"<rect class=\"d%d\" x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"%d\"/>\n",
			step, x_px, y_px - 9.5, LEGEND_SWATCH_PX);
		x_px += 14;
	}
	fprintf(file, "<text class=\"legend\" x=\"%.1f\" y=\"%.1f\">%s of all</text>\n", x_px + 6,
		y_px, most);
}

static bool has_legend(const struct flamegraph *graph)
{
	return graph->tree.is_difference || graph->legend.count > 0;
}

static double head_height_px(const struct flamegraph *graph)
{
	return HEAD_TITLE_PX +
	       HEAD_LINE_PX * (1 + (*graph->quality_text ? 1 : 0) + (has_legend(graph) ? 1 : 0)) +
	       12;
}

static void write_head(const struct flamegraph *graph, double width_px, FILE *file)
{
	double y_px = HEAD_TITLE_PX;
	_cleanup_free_ char *plain_title = escape_plain(graph->title);
	_cleanup_free_ char *title =
		flamegraph_label_fit(plain_title, width_px - 2 * FLAMEGRAPH_PADDING_PX, 18);

	write_text_line(file, "title", y_px, title ? title : "");
	write_text_line(file, "subtitle", y_px += HEAD_LINE_PX, graph->subtitle);
	if (*graph->quality_text)
		write_text_line(file, graph->is_quality_poor ? "subtitle poor" : "subtitle",
				y_px += HEAD_LINE_PX, graph->quality_text);
	if (graph->tree.is_difference)
		write_scale(graph, y_px + HEAD_LINE_PX + 2, file);
	else if (graph->legend.count)
		write_legend(graph, y_px + HEAD_LINE_PX + 2, width_px, file);
}

/** Only what a font's name may be made of: it stands in a style. */
static void write_font_family(const char *family, FILE *file)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 ,-_";
	bool is_written = false;

	fputs("svg, .app, text{font-family:", file);
	for (; *family; family++) {
		if (strchr(letters, *family)) {
			fputc(*family, file);
			is_written = true;
		}
	}
	fputs(is_written ? ", sans-serif}\n" : "sans-serif}\n", file);
}

enum palette_theme flamegraph_forced_theme(const struct flamegraph *graph)
{
	uint32_t background = graph->look->background_bottom.rgb;

	if (!graph->look->background_bottom.is_set)
		return N_PALETTE_THEMES;
	return palette_contrast(background, palette_text_color(PALETTE_LIGHT)) >=
			       palette_contrast(background, palette_text_color(PALETTE_DARK))
		       ? PALETTE_LIGHT
		       : PALETTE_DARK;
}

/** What options say of looks, after the usual rules. */
static void write_look(const struct flamegraph *graph, FILE *file)
{
	const struct flamegraph_options *look = graph->look;
	uint32_t match = look->search_color.rgb;

	fputs("<style>\n", file);
	if (look->font_family)
		write_font_family(look->font_family, file);
	if (look->font_size_px > 0)
		fprintf(file, "#frames text{font-size:%gpx}\n", look->font_size_px);
	if (look->background_top.is_set)
		fprintf(file,
			".page{fill:url(#background)}\n"
			".app{background-image:linear-gradient(#%06x,#%06x)}\n",
			look->background_top.rgb, look->background_bottom.rgb);
	if (look->ui_color.is_set)
		fprintf(file,
			".title, .subtitle, .legend, .foot{fill:#%06x}\n"
			".app{--text:#%06x;--muted:#%06x}\n",
			look->ui_color.rgb, look->ui_color.rgb, look->ui_color.rgb);
	if (look->stroke_color.is_set)
		fprintf(file, "#frames rect{stroke:#%06x;stroke-width:0.5}\n",
			look->stroke_color.rgb);
	if (look->search_color.is_set)
		fprintf(file, ".app{--match:#%06x;--match-text:#%06x}\n", match,
			palette_contrast(match, 0xffffff) >= palette_contrast(match, 0) ? 0xffffffu
											: 0u);
	fputs("</style>\n", file);
	if (look->background_top.is_set)
		fprintf(file,
			"<linearGradient id=\"background\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
			"<stop offset=\"0\" stop-color=\"#%06x\"/>"
			"<stop offset=\"1\" stop-color=\"#%06x\"/></linearGradient>\n",
			look->background_top.rgb, look->background_bottom.rgb);
}

static bool has_look(const struct flamegraph_options *look)
{
	return look->font_family || look->font_size_px > 0 || look->background_top.is_set ||
	       look->ui_color.is_set || look->stroke_color.is_set || look->search_color.is_set;
}

static void write_styles(const struct flamegraph *graph, FILE *file)
{
	static const char *const queries[] = {
		[PALETTE_LIGHT] = "not all",
		[PALETTE_DARK] = "all",
		[N_PALETTE_THEMES] = "(prefers-color-scheme: dark)",
	};

	fprintf(file, "<style>\n%s", flamegraph_style);
	flamegraph_write_color_rules(graph, PALETTE_LIGHT, file);
	/* The viewer switches themes by replacing this rule's media query. */
	fprintf(file, "</style>\n<style id=\"flame-dark\">@media %s {\n%s",
		queries[flamegraph_forced_theme(graph)], flamegraph_style_dark);
	flamegraph_write_color_rules(graph, PALETTE_DARK, file);
	fputs("}</style>\n", file);
	if (has_look(graph->look))
		write_look(graph, file);
}

static void write_picture(const struct flamegraph *graph, const struct flame_tree *tree, FILE *file)
{
	struct flamegraph_geometry geometry;
	char hidden_text[32];

	flamegraph_measure(graph, tree, head_height_px(graph), &geometry);
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"flame\" role=\"img\" "
		"aria-labelledby=\"flame-title flame-description\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\">\n<title id=\"flame-title\">",
		geometry.width_px, geometry.height_px, geometry.width_px, geometry.height_px);
	escape_write_xml(file, graph->title);
	fputs("</title>\n<desc id=\"flame-description\">Flame graph, ", file);
	escape_write_xml(file, graph->subtitle);
	fputs("</desc>\n", file);
	write_styles(graph, file);
	fprintf(file, "<g id=\"picture\">\n<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n",
		geometry.width_px, geometry.height_px);
	write_head(graph, geometry.width_px, file);
	fputs("<g id=\"frames\">\n", file);
	flamegraph_write_frames(graph, tree, &geometry, file);
	fputs("</g>\n", file);
	if (!graph->tree.nodes.items[FLAME_NODE_ROOT].total_count) {
		write_text_line(file, "title", geometry.height_px - 11,
				"No samples were recorded.");
	} else if (geometry.n_hidden) {
		_cleanup_free_ char *foot = NULL;

		profile_format_count(geometry.n_hidden, hidden_text);
		foot = memory_format_text("%s %s under %.2g %% hidden", hidden_text,
					  count_noun(geometry.n_hidden, "frame", "frames"),
					  100 * flamegraph_limit_share(graph));
		write_text_line(file, "foot", geometry.height_px - 11, foot);
	}
	fputs("</g>\n", file);
}

/** "--" would end a comment early. */
static void write_notes(const char *notes, FILE *file)
{
	_cleanup_free_ char *plain = escape_plain(notes);

	fputs("<!-- ", file);
	for (const char *at = plain; *at; at++) {
		if (*at == '-' && at > plain && at[-1] == '-')
			fputc(' ', file);
		fputc(*at, file);
	}
	fputs(" -->\n", file);
}

static void write_document(const struct flamegraph *graph, FILE *file)
{
	fprintf(file, "<?xml version=\"1.0\" encoding=\"%s\" standalone=\"yes\"?>\n",
		graph->look->encoding ? graph->look->encoding : "UTF-8");
	if (graph->look->notes)
		write_notes(graph->look->notes, file);
	if (graph->options->is_reversed && !graph->look->is_chart) {
		struct flame_tree reversed;

		flame_tree_init_reversed(&reversed, &graph->tree, flamegraph_limit_count(graph));
		flame_tree_link(&reversed);
		write_picture(graph, &reversed, file);
		flame_tree_deinit(&reversed);
	} else {
		write_picture(graph, &graph->tree, file);
	}
	if (!graph->look->has_no_script) {
		fputs("<script type=\"application/json\" id=\"flame-data\">", file);
		flamegraph_write_data(graph, file);
		fprintf(file,
			"</script>\n<script><![CDATA[\n(function () {\n\"use strict\";\n"
			"%s})();\n]]></script>\n",
			flamegraph_script);
	}
	fputs("</svg>\n", file);
}

bool flamegraph_encoding_is_known(const char *encoding)
{
	static const char *const beginnings[] = { "UTF-8", "US-ASCII", "ISO-8859-", "WINDOWS-125",
						  "KOI8-" };

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		size_t length = strlen(beginnings[i]);

		if (strncasecmp(encoding, beginnings[i], length) == 0 &&
		    strspn(encoding + length, "0123456789RUru") == strlen(encoding + length))
			return true;
	}
	return false;
}

/**
 * As UTF-8, or for other encodings, which all have ASCII in common, with references for
 * everything else. Only XML text and attributes hold such characters.
 */
static void write_encoded(const struct flamegraph *graph, FILE *file)
{
	_cleanup_free_ char *text = NULL;
	size_t size_bytes = 0;
	FILE *memory;

	if (!graph->look->encoding || strcasecmp(graph->look->encoding, "UTF-8") == 0) {
		write_document(graph, file);
		return;
	}
	memory = text_stream_open(&text, &size_bytes);
	write_document(graph, memory);
	text_stream_close(memory, &text);
	for (size_t i = 0; i < size_bytes;) {
		unsigned int character = 0xfffd;
		size_t length = escape_decode_utf8(text + i, size_bytes - i, &character);

		if ((unsigned char)text[i] < 0x80)
			fputc(text[i], file);
		else
			fprintf(file, "&#%u;", character);
		i += MAX(length, (size_t)1);
	}
}

static void flamegraph_deinit(struct flamegraph *graph)
{
	flame_tree_deinit(&graph->tree);
	flamegraph_color_vector_deinit(&graph->colors);
	index_vector_deinit(&graph->frame_colors);
	flamegraph_legend_deinit(&graph->legend);
	free(graph->title);
	free(graph->subtitle);
	free(graph->quality_text);
}

static struct error *find_palette(const struct output_options *options, const struct palette **ret)
{
	const struct palette *palette =
		options->palette ? palette_find(options->palette) : &palettes[0];

	if (!palette)
		return error_new(ERROR_USAGE, "no palette is called '%s'", options->palette);
	if (options->flamegraph.encoding &&
	    !flamegraph_encoding_is_known(options->flamegraph.encoding))
		return error_new(ERROR_USAGE, "no encoding for files is called '%s'",
				 options->flamegraph.encoding);
	*ret = palette;
	return NULL;
}

/** The tree is there: all else. */
static void finish_and_write(struct flamegraph *graph, FILE *file)
{
	if (graph->look->bases.count > 0 && !graph->tree.is_chart)
		flame_tree_rebase(&graph->tree, &graph->look->bases);
	flame_tree_elide(&graph->tree, NODES_MAX, KEEP_SHARE);
	flame_tree_link(&graph->tree);
	graph->total_count =
		MAX(graph->tree.nodes.items[FLAME_NODE_ROOT].total_count, graph->look->total_count);
	graph->factor = flamegraph_count_factor(graph);
	flamegraph_choose_colors(graph);
	graph->title = flamegraph_make_title(graph);
	graph->subtitle = flamegraph_make_subtitle(graph);
	graph->quality_text = flamegraph_make_quality_text(graph);
	write_encoded(graph, file);
	flamegraph_deinit(graph);
}

static struct error *flamegraph_write(const struct profile *profile,
				      const struct output_options *options, FILE *file)
{
	struct flamegraph graph = { .profile = profile,
				    .options = options,
				    .look = &options->flamegraph };

	RETURN_IF_ERROR(find_palette(options, &graph.palette));
	profile_quality_of(profile, options->event, &graph.quality);
	if (graph.look->is_chart)
		flame_tree_init_chart(&graph.tree, profile, options->event);
	else if (graph.look->is_unsorted)
		flame_tree_init_unsorted(&graph.tree, profile, options->event);
	else
		flame_tree_init(&graph.tree, profile, options->event);
	finish_and_write(&graph, file);
	return NULL;
}

struct error *flamegraph_write_difference(struct flame_side before, struct flame_side after,
					  const struct flame_difference_options *how,
					  const struct output_options *options, FILE *file)
{
	struct flamegraph graph = { .profile = after.profile,
				    .before = before.profile,
				    .compared_by = how->is_normalized   ? "share of all"
						   : how->before_factor ? "number per second"
									: "number",
				    .options = options,
				    .look = &options->flamegraph };

	RETURN_IF_ERROR(find_palette(options, &graph.palette));
	profile_quality_of(before.profile, before.event, &graph.before_quality);
	profile_quality_of(after.profile, after.event, &graph.quality);
	flame_tree_init_difference(&graph.tree, before, after, how);
	finish_and_write(&graph, file);
	return NULL;
}

const struct output_format flamegraph_format = {
	.name = "flamegraph",
	.file_name = "flamegraph.svg",
	.description = "interactive flame graph, one SVG file",
	.write = flamegraph_write,
};
