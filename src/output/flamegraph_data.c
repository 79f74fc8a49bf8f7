#include "output/flamegraph_internal.h"

#include "base/escape.h"
#include "base/json_writer.h"

#include <inttypes.h>

/**
 * The data element: one JSON object. Tables are flat arrays of numbers, since a
 * large profile has hundreds of thousands of nodes:
 *
 *   strings  texts; [0] is ""
 *   frames   6 numbers each, sorted by name: name, library and file (into
 *            strings), line, flags, colour class (into classes)
 *   nodes    3 numbers each, a parent right before its children: how many levels
 *            up from the node before, frame, samples that end here. The root
 *            comes first; for all others 0 levels up is a child of the one before.
 */

struct text_table {
	struct string_table strings; /**< Of texts as written. */
};

/** Names lose what neither XML nor a reader can take before they are compared. */
static string_id text_table_add(struct text_table *texts, const char *text)
{
	_cleanup_free_ char *plain = escape_plain(text);

	return string_table_intern(&texts->strings, plain);
}

static void write_texts(const struct text_table *texts, FILE *file)
{
	for (string_id i = 0; i < texts->strings.texts.count; i++) {
		fputs(i ? ",\n\"" : "\"", file);
		escape_write_json(file, string_table_text(&texts->strings, i));
		fputc('"', file);
	}
}

static uint32_t frame_flags_of(const struct flame_frame *frame)
{
	static const uint32_t kinds[] = {
		[FLAME_FRAME_ALL] = FLAMEGRAPH_IS_ALL,
		[FLAME_FRAME_THREAD] = FLAMEGRAPH_IS_THREAD,
		[FLAME_FRAME_INCOMPLETE] = FLAMEGRAPH_IS_INCOMPLETE,
		[FLAME_FRAME_ELIDED] = FLAMEGRAPH_IS_ELIDED,
		[FLAME_FRAME_CODE] = 0,
	};

	return frame->flags | kinds[frame->kind];
}

static void write_frames(const struct flamegraph *graph, struct text_table *texts, FILE *file)
{
	const struct flame_tree *tree = &graph->tree;

	fputs("\"frames\": [", file);
	for (uint32_t i = 0; i < tree->frames.count; i++) {
		const struct flame_frame *frame = &tree->frames.items[i];
		char class_name[16];

		flamegraph_frame_class(graph, i, class_name);
		fprintf(file, "%s%u,%u,%u,%u,%u,%u", i ? ",\n" : "",
			text_table_add(texts, frame->name),
			text_table_add(texts, flamegraph_object_name(graph, frame)),
			text_table_add(texts, profile_text(graph->profile, frame->file)),
			frame->line, frame_flags_of(frame), text_table_add(texts, class_name));
	}
	fputs("],\n", file);
}

static void write_nodes(const struct flame_tree *tree, FILE *file)
{
	uint32_t depth_before = 0;

	fputs("\"nodes\": [", file);
	for (uint32_t i = FLAME_NODE_ROOT; i != FLAME_NODE_NONE; i = flame_tree_next(tree, i)) {
		const struct flame_node *node = &tree->nodes.items[i];

		if (i == FLAME_NODE_ROOT)
			fprintf(file, "0,%u,%" PRIu64, node->frame, node->self_count);
		else
			fprintf(file, ",%s%u,%u,%" PRIu64, depth_before >= node->depth ? "\n" : "",
				depth_before + 1 - node->depth, node->frame, node->self_count);
		depth_before = node->depth;
	}
	fputs("],\n", file);
}

static void write_member(FILE *file, const char *key, const char *text)
{
	_cleanup_free_ char *plain = escape_plain(text);

	fprintf(file, "\"%s\": \"", key);
	escape_write_json(file, plain);
	fputs("\",\n", file);
}

static void write_legend(const struct flamegraph *graph, struct text_table *texts, FILE *file)
{
	fputs("\"legend\": [", file);
	for (size_t i = 0; i < graph->legend.count; i++) {
		const struct flamegraph_legend_entry *entry = &graph->legend.items[i];

		fprintf(file, "%s%u,%u,%" PRIu64, i ? "," : "", text_table_add(texts, entry->name),
			entry->color, entry->self_count);
	}
	fputs("],\n", file);
}

void flamegraph_write_data(const struct flamegraph *graph, FILE *file)
{
	const struct flame_tree *tree = &graph->tree;
	struct text_table texts;

	string_table_init(&texts.strings);
	fputs("{\n", file);
	write_member(file, "title", graph->title);
	write_member(file, "subtitle", graph->subtitle);
	write_member(file, "quality", graph->quality_text);
	write_member(file, "countName", flamegraph_count_name(graph));
	write_member(file, "palette", graph->palette->name);
	fprintf(file, "\"isQualityPoor\": %s,\n", graph->is_quality_poor ? "true" : "false");
	fprintf(file, "\"isInverted\": %s,\n", graph->options->is_inverted ? "true" : "false");
	fprintf(file, "\"isReversed\": %s,\n", graph->options->is_reversed ? "true" : "false");
	fprintf(file, "\"width\": %u,\n", graph->options->width_px);
	fprintf(file, "\"elided\": [%" PRIu64 ",%" PRIu64 "],\n", tree->n_elided,
		tree->elided_limit_count);
	write_legend(graph, &texts, file);
	write_frames(graph, &texts, file);
	write_nodes(tree, file);
	fputs("\"strings\": [", file);
	write_texts(&texts, file);
	fputs("]\n}\n", file);
	string_table_deinit(&texts.strings);
}
