/**
 * The flame graph: one SVG file. In an <img>, or where scripts do not run, it is
 * a picture of fixed geometry; opened on its own the embedded viewer takes over
 * and draws from the data element. The file refers to nothing outside itself,
 * and names reach it only as XML text, XML attributes or JSON strings.
 */

#include "base/clock.h"
#include "base/escape.h"
#include "output/flamegraph_internal.h"
#include "output/output_formats_internal.h"

#include <inttypes.h>

/** Made from flamegraph/ by tools/embed. */
extern const char flamegraph_tree_script[];
extern const char flamegraph_labels_script[];
extern const char flamegraph_page_script[];
extern const char flamegraph_viewer_script[];
extern const char flamegraph_style[];
extern const char flamegraph_style_dark[];

/**
 * Larger trees lose their smallest frames, but none of 0.01 % of all samples or
 * more: at about 12 bytes a node this keeps files below 10 MB.
 */
#define NODES_MAX  400000
#define KEEP_SHARE 0.0001

/** Below this share of complete stacks the graph says so in colour. */
#define COMPLETE_SHARE_GOOD 0.95

#define SEPARATOR " \xc2\xb7 " /* U+00B7 */

#define LEGEND_ENTRIES_MAX 9
#define LEGEND_SHARE_MIN   0.005
#define LEGEND_SWATCH_PX   11
#define LEGEND_FONT_PX     11.5
#define HEAD_TITLE_PX      30
#define HEAD_LINE_PX       19

const char *flamegraph_count_name(const struct flamegraph *graph)
{
	return graph->options->count_name ? graph->options->count_name : "samples";
}

const char *flamegraph_object_name(const struct flamegraph *graph, const struct flame_frame *frame)
{
	const struct profile *profile = graph->profile;

	if (frame->kind != FLAME_FRAME_CODE)
		return "";
	return palette_subject_of(profile, frame->name, frame->object, frame->flags).object;
}

void flamegraph_frame_class(const struct flamegraph *graph, uint32_t frame, char *class_ret)
{
	static const char *const classes[] = {
		[FLAME_FRAME_ALL] = "c-all",
		[FLAME_FRAME_THREAD] = "c-thread",
		[FLAME_FRAME_INCOMPLETE] = "c-incomplete",
		[FLAME_FRAME_ELIDED] = "c-elided",
	};
	enum flame_frame_kind kind = graph->tree.frames.items[frame].kind;

	if (kind == FLAME_FRAME_CODE)
		snprintf(class_ret, 16, "c%u", graph->frame_colors.items[frame]);
	else
		snprintf(class_ret, 16, "%s", classes[kind]);
}

static uint64_t color_key(struct flamegraph_color color)
{
	return (uint64_t)color.by_theme[PALETTE_LIGHT] << 32 | color.by_theme[PALETTE_DARK];
}

DEFINE_HASH_MAP(color_map, uint64_t, uint32_t, hash_u64, equal_u64)

static void choose_colors(struct flamegraph *graph)
{
	struct color_map known = { 0 };

	for (size_t i = 0; i < graph->tree.frames.count; i++) {
		const struct flame_frame *frame = &graph->tree.frames.items[i];
		struct palette_subject subject = palette_subject_of(graph->profile, frame->name,
								    frame->object, frame->flags);
		struct flamegraph_color color;
		uint32_t *index;
		bool is_new;

		if (frame->kind != FLAME_FRAME_CODE) {
			index_vector_append(&graph->frame_colors, 0);
			continue;
		}
		for (int theme = 0; theme < N_PALETTE_THEMES; theme++)
			color.by_theme[theme] =
				palette_color(graph->palette, &subject, (enum palette_theme)theme);
		index = color_map_insert(&known, color_key(color), &is_new);
		if (is_new) {
			*index = (uint32_t)graph->colors.count;
			flamegraph_color_vector_append(&graph->colors, color);
		}
		index_vector_append(&graph->frame_colors, *index);
	}
	color_map_deinit(&known);
}

DEFINE_HASH_MAP(group_map, const char *, uint32_t, hash_text, equal_text)

static int compare_legend_entries(const void *a_pointer, const void *b_pointer)
{
	const struct flamegraph_legend_entry *a = a_pointer, *b = b_pointer;

	if (a->self_count != b->self_count)
		return a->self_count < b->self_count ? 1 : -1;
	return strcmp(a->name, b->name);
}

/** Add one function's own samples to its group's entry. */
static void legend_add(struct flamegraph *graph, struct group_map *groups, uint32_t frame_index,
		       uint64_t self_count)
{
	const struct flame_frame *frame = &graph->tree.frames.items[frame_index];
	struct palette_subject subject =
		palette_subject_of(graph->profile, frame->name, frame->object, frame->flags);
	struct flamegraph_legend_entry *entry;
	const char *name;
	uint32_t *index;
	bool is_new;

	name = graph->palette->group_name(&subject);
	if (!name || !self_count)
		return;
	index = group_map_insert(groups, name, &is_new);
	if (is_new) {
		*index = (uint32_t)graph->legend.count;
		flamegraph_legend_append(&graph->legend,
					 (struct flamegraph_legend_entry){ .name = name });
	}
	entry = &graph->legend.items[*index];
	entry->self_count += self_count;
	/* Code without a name is pale; the legend shows the colour proper if there is one. */
	if (frame->flags & FRAME_IS_UNKNOWN)
		self_count = 1;
	if (self_count > entry->color_count) {
		entry->color_count = self_count;
		entry->color = graph->frame_colors.items[frame_index];
	}
}

static void make_legend(struct flamegraph *graph)
{
	const struct flame_tree *tree = &graph->tree;
	uint64_t all_count = tree->nodes.items[FLAME_NODE_ROOT].total_count;
	struct group_map groups = { 0 };
	_cleanup_free_ uint64_t *self_counts = NULL;

	if (!graph->palette->group_name)
		return;
	self_counts = memory_allocate(tree->frames.count, sizeof(*self_counts));
	for (size_t i = 0; i < tree->nodes.count; i++)
		self_counts[tree->nodes.items[i].frame] += tree->nodes.items[i].self_count;
	for (uint32_t i = 0; i < tree->frames.count; i++) {
		if (tree->frames.items[i].kind == FLAME_FRAME_CODE)
			legend_add(graph, &groups, i, self_counts[i]);
	}
	group_map_deinit(&groups);
	if (!graph->legend.count)
		return;
	qsort(graph->legend.items, graph->legend.count, sizeof(*graph->legend.items),
	      compare_legend_entries);
	graph->legend.count = MIN(graph->legend.count, (size_t)LEGEND_ENTRIES_MAX);
	while (graph->legend.count > 0 &&
	       (double)graph->legend.items[graph->legend.count - 1].self_count <
		       (double)all_count * LEGEND_SHARE_MIN)
		graph->legend.count--;
	if (graph->legend.count == 1) /* nothing to tell apart */
		graph->legend.count = 0;
}

static char *make_title(const struct flamegraph *graph)
{
	const char *command = graph->profile->info.command;

	if (graph->options->title)
		return memory_duplicate_text(graph->options->title);
	if (command && *command)
		return memory_duplicate_text(command);
	return memory_duplicate_text(graph->options->is_inverted ? "Icicle Graph" : "Flame Graph");
}

/** " · 5.0 s of CPU time": what the samples stand for, when the event's unit tells. */
static void write_period(const struct flamegraph *graph, const struct profile_event *event,
			 FILE *file)
{
	const char *unit = profile_text(graph->profile, event->unit);
	const char *name = profile_text(graph->profile, event->name);
	uint64_t total = graph->quality.period_total;
	bool is_cpu_time =
		strncmp(name, "cpu-clock", 9) == 0 || strncmp(name, "task-clock", 10) == 0;
	char count_text[32];

	if (!total || !*unit)
		return;
	if (strcmp(unit, "ns") != 0) {
		profile_format_count(total, count_text);
		fprintf(file, SEPARATOR "%s %s", count_text, unit);
	} else if (total < 10 * NS_PER_S) {
		profile_format_count((total + NS_PER_MS / 2) / NS_PER_MS, count_text);
		fprintf(file, SEPARATOR "%s ms%s", count_text, is_cpu_time ? " of CPU time" : "");
	} else {
		fprintf(file, SEPARATOR "%.1f s%s", (double)total / (double)NS_PER_S,
			is_cpu_time ? " of CPU time" : "");
	}
}

/** "4,991 samples · 5.0 s of CPU time · cpu-clock at 997 Hz". */
static char *make_subtitle(const struct flamegraph *graph)
{
	const struct profile *profile = graph->profile;
	char count_text[32];
	char *text = NULL;
	size_t size_bytes;
	FILE *file;

	if (graph->options->subtitle)
		return memory_duplicate_text(graph->options->subtitle);
	file = open_memstream(&text, &size_bytes);
	profile_format_count(graph->tree.nodes.items[FLAME_NODE_ROOT].total_count, count_text);
	fprintf(file, "%s %s", count_text, flamegraph_count_name(graph));
	if (graph->options->event < profile->events.count) {
		const struct profile_event *event = &profile->events.items[graph->options->event];

		write_period(graph, event, file);
		if (event->name)
			fprintf(file, SEPARATOR "%s", profile_text(profile, event->name));
		if (event->frequency_hz)
			fprintf(file, " at %" PRIu64 " Hz", event->frequency_hz);
	}
	fclose(file);
	return text;
}

/** What stacks and losses say about how far the picture can be trusted. "": nothing is known. */
static char *make_quality_text(struct flamegraph *graph)
{
	const struct profile_quality *quality = &graph->quality;
	char count_text[32];
	char *text = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&text, &size_bytes);
	uint64_t n_told = quality->n_user_stacks - quality->n_by_end[STACK_END_UNTRACED];

	if (n_told) {
		double complete_share = (double)quality->n_complete / (double)n_told;

		/* 100.0 is said only of all. */
		fprintf(file,
			"%.1f %% of stacks complete" SEPARATOR
			"%.1f %% in named functions" SEPARATOR,
			quality->n_complete < n_told ? MIN(100 * complete_share, 99.9) : 100.0,
			quality->named_share < 1 ? MIN(100 * quality->named_share, 99.9) : 100.0);
		graph->is_quality_poor = complete_share < COMPLETE_SHARE_GOOD;
	}
	if (quality->n_lost) {
		profile_format_count(quality->n_lost, count_text);
		fprintf(file, "%s samples lost (%.2g %%)", count_text, 100 * quality->lost_share);
		graph->is_quality_poor = true;
	} else if (n_told) {
		fputs("no samples lost", file);
	}
	fclose(file);
	return text;
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

static double head_height_px(const struct flamegraph *graph)
{
	return HEAD_TITLE_PX +
	       HEAD_LINE_PX * (1 + (*graph->quality_text ? 1 : 0) + (graph->legend.count ? 1 : 0)) +
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
	if (graph->legend.count)
		write_legend(graph, y_px + HEAD_LINE_PX + 2, width_px, file);
}

static void write_color_rules(const struct flamegraph *graph, enum palette_theme theme, FILE *file)
{
	fprintf(file, "#frames text{fill:#%06x}\n", palette_text_color(theme));
	for (size_t i = 0; i < graph->colors.count; i++)
		fprintf(file, ".c%zu{fill:#%06x;background:#%06x}\n", i,
			graph->colors.items[i].by_theme[theme],
			graph->colors.items[i].by_theme[theme]);
}

static void write_styles(const struct flamegraph *graph, FILE *file)
{
	fprintf(file, "<style>\n%s", flamegraph_style);
	write_color_rules(graph, PALETTE_LIGHT, file);
	/* The viewer switches themes by replacing this rule's media query. */
	fprintf(file,
		"</style>\n<style id=\"flame-dark\">@media (prefers-color-scheme: dark) {\n%s",
		flamegraph_style_dark);
	write_color_rules(graph, PALETTE_DARK, file);
	fputs("}</style>\n", file);
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
		foot = memory_format_text("%s %s under 0.1 %% hidden", hidden_text,
					  geometry.n_hidden == 1 ? "frame" : "frames");
		write_text_line(file, "foot", geometry.height_px - 11, foot);
	}
	fputs("</g>\n", file);
}

static void write_document(const struct flamegraph *graph, FILE *file)
{
	const struct flame_node *root = &graph->tree.nodes.items[FLAME_NODE_ROOT];

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n", file);
	if (graph->options->is_reversed) {
		struct flame_tree reversed;

		flame_tree_init_reversed(&reversed, &graph->tree,
					 MAX(root->total_count / 1000, (uint64_t)1));
		write_picture(graph, &reversed, file);
		flame_tree_deinit(&reversed);
	} else {
		write_picture(graph, &graph->tree, file);
	}
	fputs("<script type=\"application/json\" id=\"flame-data\">", file);
	flamegraph_write_data(graph, file);
	fprintf(file,
		"</script>\n<script><![CDATA[\n(function () {\n\"use strict\";\n"
		"%s%s%s%s})();\n]]></script>\n</svg>\n",
		flamegraph_tree_script, flamegraph_labels_script, flamegraph_page_script,
		flamegraph_viewer_script);
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

static struct error *flamegraph_write(const struct profile *profile,
				      const struct output_options *options, FILE *file)
{
	struct flamegraph graph = { .profile = profile, .options = options };

	graph.palette = options->palette ? palette_find(options->palette) : &palettes[0];
	if (!graph.palette)
		return error_new(ERROR_USAGE, "no palette is called '%s'", options->palette);
	profile_quality_of(profile, options->event, &graph.quality);
	flame_tree_init(&graph.tree, profile, options->event);
	flame_tree_elide(&graph.tree, NODES_MAX, KEEP_SHARE);
	choose_colors(&graph);
	make_legend(&graph);
	graph.title = make_title(&graph);
	graph.subtitle = make_subtitle(&graph);
	graph.quality_text = make_quality_text(&graph);
	write_document(&graph, file);
	flamegraph_deinit(&graph);
	return NULL;
}

const struct output_format flamegraph_format = {
	.name = "flamegraph",
	.file_name = "flamegraph.svg",
	.description = "interactive flame graph, one SVG file",
	.write = flamegraph_write,
};
