#include "output/flamegraph_internal.h"

#include "base/escape.h"
#include "output/name_attributes.h"

#include <math.h>

/** Of the picture when the width is fluid: what it has inside <img>. */
#define WIDTH_DEFAULT_PX 1200
#define FOOT_HEIGHT_PX   30

/** Frames below this share of all samples are left to the viewer. */
#define LIMIT_SHARE 0.001

/** The average character of the fonts that flamegraph.pl's default --fontwidth is for. */
#define FONT_WIDTH_USUAL 0.59

/** Room between a frame's edge and its label. */
#define LABEL_PADDING_PX 4

/** Room between frames, so that the eye tells them apart. */
#define FRAME_GAP_PX 0.6

static double frames_width_px(const struct flamegraph *graph)
{
	uint32_t width_px = graph->options->width_px;

	return (width_px ? width_px : WIDTH_DEFAULT_PX) - 2.0 * FLAMEGRAPH_PADDING_PX;
}

double flamegraph_limit_share(const struct flamegraph *graph)
{
	const struct flamegraph_options *look = graph->look;
	double share = fmax(look->least_width_share, look->least_width_px / frames_width_px(graph));

	return share > 0 ? share : LIMIT_SHARE;
}

uint64_t flamegraph_limit_count(const struct flamegraph *graph)
{
	double count = (double)graph->total_count * flamegraph_limit_share(graph);

	/* What is exactly as wide as the limit is drawn, however that is rounded. */
	return MAX((uint64_t)ceil(count - 1e-6), (uint64_t)1);
}

void flamegraph_measure(const struct flamegraph *graph, const struct flame_tree *tree,
			double head_height_px, struct flamegraph_geometry *ret)
{
	uint64_t all_count = graph->total_count;
	struct flamegraph_geometry geometry = {
		.width_px = graph->options->width_px ? graph->options->width_px : WIDTH_DEFAULT_PX,
		.frames_top_px = head_height_px,
		.row_height_px = flamegraph_row_height_px(graph),
		.limit_count = flamegraph_limit_count(graph),
		.n_hidden = tree->n_elided,
		.n_rows = 1,
	};

	geometry.pixels_per_sample = frames_width_px(graph) / (double)MAX(all_count, (uint64_t)1);
	for (size_t i = 0; i < tree->nodes.count; i++) {
		if (tree->frames.items[tree->nodes.items[i].frame].kind == FLAME_FRAME_GAP)
			continue;
		if (i != FLAME_NODE_ROOT && tree->nodes.items[i].total_count < geometry.limit_count)
			geometry.n_hidden++;
		else
			geometry.n_rows = MAX(geometry.n_rows, tree->links.items[i].depth + 1);
	}
	geometry.height_px =
		geometry.frames_top_px + geometry.n_rows * geometry.row_height_px + FOOT_HEIGHT_PX;
	*ret = geometry;
}

/** "; before 2.00 %, after 3.10 %, +1.10 %". */
static void write_change(const struct flamegraph *graph, struct flame_change node, FILE *file)
{
	struct flame_change root = flame_tree_change(&graph->tree, FLAME_NODE_ROOT);
	double before = (double)node.before_total_count, after = (double)node.after_total_count;
	_cleanup_free_ char *change =
		flamegraph_format_change(graph, after - before * graph->tree.before_factor);

	fprintf(file, "; before %.2f %%, after %.2f %%, %s",
		100 * before / (double)MAX(root.before_total_count, (uint64_t)1),
		100 * after / (double)MAX(root.after_total_count, (uint64_t)1), change);
}

static void write_tooltip(const struct flamegraph *graph, const struct flame_tree *tree,
			  const struct flame_node *node,
			  const struct name_attribute_set *attributes, FILE *file)
{
	const struct flame_frame *frame = &tree->frames.items[node->frame];
	const struct flame_change change =
		flame_tree_change(tree, (size_t)(node - tree->nodes.items));
	const char *object = flamegraph_object_name(frame);
	char count_text[32];

	fputs("<title>", file);
	if (attributes && attributes->title) {
		escape_write_xml(file, attributes->title);
		fputs("</title>", file);
		return;
	}
	escape_write_xml(file, frame->name);
	if (*object) {
		fputs(" (", file);
		escape_write_xml(file, object);
		fputc(')', file);
	}
	flamegraph_format_count(graph,
				tree->is_difference ? change.after_total_count : node->total_count,
				count_text);
	fprintf(file, ": %s ", count_text);
	escape_write_xml(file, flamegraph_count_name(graph));
	if (tree->is_difference)
		write_change(graph, change, file);
	else
		fprintf(file, ", %.2f %%",
			100.0 * (double)node->total_count / (double)MAX(graph->total_count, 1u));
	fputs("</title>", file);
}

static void write_attribute(const char *name, const char *value, FILE *file)
{
	if (!value)
		return;
	fprintf(file, " %s=\"", name);
	escape_write_xml(file, value);
	fputc('"', file);
}

/** The element around a frame: a link where attributes ask for one. */
static void write_group_start(const struct name_attribute_set *attributes, FILE *file)
{
	bool is_link = attributes && attributes->href;

	fputs(is_link ? "<a" : "<g", file);
	if (is_link) {
		write_attribute("href", attributes->href, file);
		write_attribute("target", attributes->target ? attributes->target : "_top", file);
	}
	for (size_t i = 0; attributes && i < attributes->n_extras; i++)
		write_attribute(attributes->extras[i].key, attributes->extras[i].value, file);
	fputc('>', file);
}

static char *fit_label(const struct flamegraph *graph, const char *name, double width_px)
{
	double font_size_px = flamegraph_font_size_px(graph);

	if (graph->look->font_width > 0)
		font_size_px *= graph->look->font_width / FONT_WIDTH_USUAL;
	if (graph->look->is_cut_right)
		return flamegraph_label_cut_right(name, width_px, font_size_px);
	return flamegraph_label_fit(name, width_px, font_size_px);
}

static void write_rect(const struct flamegraph *graph, const struct flame_tree *tree,
		       const struct flame_node *node, double x_px, double y_px, double width_px,
		       FILE *file)
{
	char class_name[FLAMEGRAPH_CLASS_SIZE];

	flamegraph_node_class(graph, tree, node, class_name);
	fprintf(file, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"",
		class_name, x_px, y_px, MAX(width_px - FRAME_GAP_PX, 0.3),
		flamegraph_row_height_px(graph) - 1);
	if (graph->look->is_diffused)
		fprintf(file, " fill-opacity=\"%.2f\"",
			0.25 + 0.75 * sqrt((double)node->total_count /
					   (double)MAX(graph->total_count, 1u)));
	fputs("/>", file);
}

static void write_frame(const struct flamegraph *graph, const struct flame_tree *tree,
			const struct flamegraph_geometry *geometry, uint32_t index, double x_px,
			FILE *file)
{
	const struct flame_node *node = &tree->nodes.items[index];
	const uint32_t depth = tree->links.items[index].depth;
	const struct flame_frame *frame = &tree->frames.items[node->frame];
	const struct name_attribute_set *attributes =
		graph->look->attributes ? name_attributes_find(graph->look->attributes, frame->name)
					: NULL;
	uint32_t row = graph->options->is_inverted ? depth : geometry->n_rows - 1 - depth;
	double y_px = geometry->frames_top_px + row * geometry->row_height_px;
	uint64_t count = depth > 0 ? node->total_count : graph->total_count;
	double width_px = (double)count * geometry->pixels_per_sample;
	_cleanup_free_ char *plain = NULL, *label = NULL;

	write_group_start(attributes, file);
	write_tooltip(graph, tree, node, attributes, file);
	write_rect(graph, tree, node, x_px, y_px, width_px, file);
	plain = escape_plain(frame->name);
	label = fit_label(graph, plain, width_px - 2 * LABEL_PADDING_PX);
	if (label) {
		fprintf(file, "<text x=\"%.2f\" y=\"%.1f\">", x_px + LABEL_PADDING_PX,
			y_px + (geometry->row_height_px + flamegraph_font_size_px(graph)) / 2 -
				2.5);
		escape_write_xml(file, label);
		fputs("</text>", file);
	}
	fputs(attributes && attributes->href ? "</a>\n" : "</g>\n", file);
}

void flamegraph_write_frames(const struct flamegraph *graph, const struct flame_tree *tree,
			     const struct flamegraph_geometry *geometry, FILE *file)
{
	/*
	 * By node: samples left of where its next child starts. Those that end in the node
	 * itself come first, as they do in sorted folded lines.
	 */
	_cleanup_free_ uint64_t *offsets = memory_allocate(tree->nodes.count, sizeof(*offsets));
	uint32_t i = FLAME_NODE_ROOT;

	while (i != FLAME_NODE_NONE) {
		const struct flame_node *node = &tree->nodes.items[i];
		uint64_t offset = 0;

		if (i != FLAME_NODE_ROOT) {
			offset = offsets[node->parent];
			offsets[node->parent] += node->total_count;
		}
		offsets[i] = offset + node->self_count;
		if (i != FLAME_NODE_ROOT &&
		    (node->total_count < geometry->limit_count ||
		     tree->frames.items[node->frame].kind == FLAME_FRAME_GAP)) {
			i = flame_tree_skip(tree, i);
			continue;
		}
		write_frame(graph, tree, geometry, i,
			    FLAMEGRAPH_PADDING_PX + (double)offset * geometry->pixels_per_sample,
			    file);
		i = flame_tree_next(tree, i);
	}
}
