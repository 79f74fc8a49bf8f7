#include "output/flamegraph_internal.h"

#include "base/escape.h"
#include "output/name_attributes.h"

#include <inttypes.h>

/**
 * The data element: one JSON object. Tables are flat arrays of numbers, since a
 * large profile has hundreds of thousands of nodes:
 *
 *   strings  texts; [0] is ""
 *   frames   6 numbers each, sorted by name: name, library and file (into
 *            strings), line, flags, colour class (into classes)
 *   nodes    3 numbers each (4 in differences, the last being those of before), a parent right
 * before its children: how many levels up from the node before, frame, samples that end here. The
 * root comes first; for all others 0 levels up is a child of the one before.
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
		[FLAME_FRAME_GAP] = FLAMEGRAPH_IS_GAP,
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
			text_table_add(texts, flamegraph_object_name(frame)),
			text_table_add(texts, frame->file
						      ? profile_text(frame->profile, frame->file)
						      : ""),
			frame->line, frame_flags_of(frame), text_table_add(texts, class_name));
	}
	fputs("],\n", file);
}

/** There are a million in a large graph: printf(3) takes longer than all else. */
static void write_number(uint64_t number, FILE *file)
{
	char digits[20];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	fwrite_unlocked(digits + first, 1, sizeof(digits) - first, file);
}

static void write_self_counts(const struct flame_tree *tree, uint32_t node, FILE *file)
{
	struct flame_change change = flame_tree_change(tree, node);

	if (tree->is_difference) {
		write_number(change.after_self_count, file);
		putc_unlocked(',', file);
		write_number(change.before_self_count, file);
	} else {
		write_number(tree->nodes.items[node].self_count, file);
	}
}

static void write_nodes(const struct flame_tree *tree, FILE *file)
{
	uint32_t depth_before = 0;

	fputs("\"nodes\": [", file);
	for (uint32_t i = FLAME_NODE_ROOT; i != FLAME_NODE_NONE; i = flame_tree_next(tree, i)) {
		const struct flame_node *node = &tree->nodes.items[i];
		uint32_t depth = tree->links.items[i].depth;

		if (i != FLAME_NODE_ROOT)
			fputs_unlocked(depth_before >= depth ? ",\n" : ",", file);
		write_number(i != FLAME_NODE_ROOT ? depth_before + 1 - depth : 0, file);
		putc_unlocked(',', file);
		write_number(node->frame, file);
		putc_unlocked(',', file);
		write_self_counts(tree, i, file);
		depth_before = depth;
	}
	fputs("],\n", file);
}

static void write_plain(FILE *file, const char *text)
{
	_cleanup_free_ char *plain = escape_plain(text);

	escape_write_json(file, plain);
}

static void write_member(FILE *file, const char *key, const char *text)
{
	fprintf(file, "\"%s\": \"", key);
	write_plain(file, text);
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

/** Members that only some graphs have. */
static void write_look(const struct flamegraph *graph, FILE *file)
{
	const struct flamegraph_options *look = graph->look;
	const struct flame_tree *tree = &graph->tree;

	if (look->font_family)
		write_member(file, "fontFamily", look->font_family);
	if (look->name_label)
		write_member(file, "nameLabel", look->name_label);
	if (look->least_width_px > 0 || look->least_width_share > 0)
		fprintf(file, "\"leastWidth\": [%g,%g],\n", look->least_width_px,
			look->least_width_share);
	if (graph->factor > 0)
		fprintf(file, "\"factor\": %g,\n", graph->factor);
	if (look->background_bottom.is_set)
		fprintf(file, "\"theme\": \"%s\",\n",
			flamegraph_forced_theme(graph) == PALETTE_DARK ? "dark" : "light");
	if (look->is_diffused)
		fputs("\"isDiffused\": true,\n", file);
	if (look->is_cut_right)
		fputs("\"isCutRight\": true,\n", file);
	if (tree->is_chart)
		fputs("\"isChart\": true,\n", file);
	if (tree->is_in_order)
		fputs("\"isInOrder\": true,\n", file);
	if (tree->is_difference)
		fprintf(file, "\"difference\": {\"factor\": %.17g, \"max\": %.17g},\n",
			tree->before_factor, graph->change_max);
}

/** Functions with attributes: [frame, title, href, target, [key, value...]]. */
static void write_attributes(const struct flamegraph *graph, FILE *file)
{
	bool is_first = true;

	fputs("\"attributes\": [", file);
	for (uint32_t i = 0; graph->look->attributes && i < graph->tree.frames.count; i++) {
		const struct name_attribute_set *set = name_attributes_find(
			graph->look->attributes, graph->tree.frames.items[i].name);
		const char *texts[3];

		if (!set)
			continue;
		texts[0] = set->title;
		texts[1] = set->href;
		texts[2] = set->target;
		fprintf(file, "%s[%u", is_first ? "" : ",\n", i);
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			fputs(",\"", file);
			write_plain(file, texts[k] ? texts[k] : "");
			fputc('"', file);
		}
		fputs(",[", file);
		for (size_t k = 0; k < set->n_extras; k++) {
			fprintf(file, "%s\"%s\",\"", k ? "," : "", set->extras[k].key);
			write_plain(file, set->extras[k].value);
			fputc('"', file);
		}
		fputs("]]", file);
		is_first = false;
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
	fprintf(file, "\"total\": %" PRIu64 ",\n", graph->total_count);
	fprintf(file, "\"rowHeight\": %g,\n\"fontSize\": %g,\n", flamegraph_row_height_px(graph),
		flamegraph_font_size_px(graph));
	write_look(graph, file);
	write_attributes(graph, file);
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
