#include "output/flamegraph_internal.h"

#include "base/escape.h"

#include <inttypes.h>

/** Of the picture when the width is fluid: what it has inside <img>. */
#define WIDTH_DEFAULT_PX 1200
#define ROW_HEIGHT_PX    18
#define FOOT_HEIGHT_PX   30

/** Frames below this share of all samples are left to the viewer. */
#define LIMIT_SHARE 0.001

/** Room between a frame's edge and its label. */
#define LABEL_PADDING_PX 4
#define LABEL_FONT_PX    12

/** Room between frames, so that the eye tells them apart. */
#define FRAME_GAP_PX 0.6

void flamegraph_measure(const struct flamegraph *graph, const struct flame_tree *tree,
			double head_height_px, struct flamegraph_geometry *ret)
{
	uint64_t all_count = tree->nodes.items[FLAME_NODE_ROOT].total_count;
	struct flamegraph_geometry geometry = {
		.width_px = graph->options->width_px ? graph->options->width_px : WIDTH_DEFAULT_PX,
		.frames_top_px = head_height_px,
		.row_height_px = ROW_HEIGHT_PX,
		.limit_count = MAX((uint64_t)((double)all_count * LIMIT_SHARE), (uint64_t)1),
		.n_hidden = tree->n_elided,
		.n_rows = 1,
	};

	geometry.pixels_per_sample = (geometry.width_px - 2.0 * FLAMEGRAPH_PADDING_PX) /
				     (double)MAX(all_count, (uint64_t)1);
	for (size_t i = 0; i < tree->nodes.count; i++) {
		if (tree->nodes.items[i].total_count < geometry.limit_count)
			geometry.n_hidden++;
		else
			geometry.n_rows = MAX(geometry.n_rows, tree->nodes.items[i].depth + 1);
	}
	geometry.height_px =
		geometry.frames_top_px + geometry.n_rows * geometry.row_height_px + FOOT_HEIGHT_PX;
	*ret = geometry;
}

static void write_tooltip(const struct flamegraph *graph, const struct flame_frame *frame,
			  uint64_t count, uint64_t all_count, FILE *file)
{
	const char *object = flamegraph_object_name(graph, frame);
	char count_text[32];

	profile_format_count(count, count_text);
	fputs("<title>", file);
	escape_write_xml(file, frame->name);
	if (*object) {
		fputs(" (", file);
		escape_write_xml(file, object);
		fputc(')', file);
	}
	fprintf(file, ": %s ", count_text);
	escape_write_xml(file, flamegraph_count_name(graph));
	fprintf(file, ", %.2f %%</title>", 100.0 * (double)count / (double)MAX(all_count, 1u));
}

static void write_frame(const struct flamegraph *graph, const struct flame_tree *tree,
			const struct flamegraph_geometry *geometry, const struct flame_node *node,
			double x_px, FILE *file)
{
	const struct flame_frame *frame = &tree->frames.items[node->frame];
	uint64_t all_count = tree->nodes.items[FLAME_NODE_ROOT].total_count;
	uint32_t row =
		graph->options->is_inverted ? node->depth : geometry->n_rows - 1 - node->depth;
	double y_px = geometry->frames_top_px + row * geometry->row_height_px;
	double width_px = (double)node->total_count * geometry->pixels_per_sample;
	_cleanup_free_ char *plain = NULL, *label = NULL;
	char class_name[16];

	flamegraph_frame_class(graph, node->frame, class_name);
	fputs("<g>", file);
	write_tooltip(graph, frame, node->total_count, all_count, file);
	fprintf(file, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>",
		class_name, x_px, y_px, MAX(width_px - FRAME_GAP_PX, 0.3),
		geometry->row_height_px - 1);
	plain = escape_plain(frame->name);
	label = flamegraph_label_fit(plain, width_px - 2 * LABEL_PADDING_PX, LABEL_FONT_PX);
	if (label) {
		fprintf(file, "<text x=\"%.2f\" y=\"%.1f\">", x_px + LABEL_PADDING_PX,
			y_px + geometry->row_height_px - 5.5);
		escape_write_xml(file, label);
		fputs("</text>", file);
	}
	fputs("</g>\n", file);
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
		if (node->total_count < geometry->limit_count) {
			i = flame_tree_skip(tree, i);
			continue;
		}
		write_frame(graph, tree, geometry, node,
			    FLAMEGRAPH_PADDING_PX + (double)offset * geometry->pixels_per_sample,
			    file);
		i = flame_tree_next(tree, i);
	}
}
