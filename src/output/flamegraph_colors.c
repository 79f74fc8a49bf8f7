#include "base/clock.h"
#include "output/flamegraph_internal.h"
#include "output/palette_map.h"

#include <math.h>

#define LEGEND_ENTRIES_MAX 9
#define LEGEND_SHARE_MIN   0.005

/** Hues of more and less: red and blue, or orange and blue for colour-blind eyes. */
#define HUE_MORE      25
#define HUE_MORE_SAFE 68
#define HUE_LESS      250

void flamegraph_frame_class(const struct flamegraph *graph, uint32_t frame, char *class_ret)
{
	static const char *const classes[] = {
		[FLAME_FRAME_ALL] = "c-all",
		[FLAME_FRAME_THREAD] = "c-thread",
		[FLAME_FRAME_INCOMPLETE] = "c-incomplete",
		[FLAME_FRAME_ELIDED] = "c-elided",
		[FLAME_FRAME_GAP] = "c-gap",
	};
	enum flame_frame_kind kind = graph->tree.frames.items[frame].kind;

	if (kind == FLAME_FRAME_CODE && !graph->tree.is_difference)
		snprintf(class_ret, 16, "c%u", graph->frame_colors.items[frame]);
	else if (kind == FLAME_FRAME_CODE)
		snprintf(class_ret, 16, "d0");
	else
		snprintf(class_ret, 16, "%s", classes[kind]);
}

int flamegraph_change_step(const struct flamegraph *graph, double before_count, double after_count)
{
	double change = after_count - before_count * graph->tree.before_factor;
	double strength;

	if (graph->change_max <= 0 || fabs(change) < 0.5)
		return 0;
	strength = sqrt(fmin(fabs(change) / graph->change_max, 1));
	return (int)copysign(ceil(strength * FLAMEGRAPH_CHANGE_STEPS), change);
}

void flamegraph_node_class(const struct flamegraph *graph, const struct flame_tree *tree,
			   const struct flame_node *node, char class_ret[FLAMEGRAPH_CLASS_SIZE])
{
	struct flame_change change;

	if (!tree->is_difference || tree->frames.items[node->frame].kind == FLAME_FRAME_ALL) {
		flamegraph_frame_class(graph, node->frame, class_ret);
		return;
	}
	change = flame_tree_change(tree, (size_t)(node - tree->nodes.items));
	snprintf(class_ret, FLAMEGRAPH_CLASS_SIZE, "d%d%s",
		 flamegraph_change_step(graph, (double)change.before_total_count,
					(double)change.after_total_count),
		 change.after_total_count ? "" : " gone");
}

static void write_difference_rules(const struct flamegraph *graph, enum palette_theme theme,
				   FILE *file)
{
	bool is_safe = strcmp(graph->palette->name, "safe") == 0;
	double more = is_safe ? HUE_MORE_SAFE : HUE_MORE, less = HUE_LESS;
	/* What did not change stands back: pale on a light page, dim on a dark one. */
	double still = theme == PALETTE_LIGHT ? 0.115 : -0.12;

	for (int step = -FLAMEGRAPH_CHANGE_STEPS; step <= FLAMEGRAPH_CHANGE_STEPS; step++) {
		double strength = fabs((double)step) / FLAMEGRAPH_CHANGE_STEPS;
		bool is_more = (step > 0) != graph->look->is_negated;
		struct palette_shade shade = {
			.hue_degrees = is_more ? more : less,
			.chroma = step ? 0.02 + 0.13 * strength : 0.004,
			.lightness = still * (1 - strength) - 0.05 * strength,
		};

		fprintf(file, ".d%d{fill:#%06x;background:#%06x}\n", step,
			palette_shade_color(&shade, theme), palette_shade_color(&shade, theme));
	}
}

void flamegraph_write_color_rules(const struct flamegraph *graph, enum palette_theme theme,
				  FILE *file)
{
	fprintf(file, "#frames text{fill:#%06x}\n", palette_text_color(theme));
	if (graph->tree.is_difference) {
		write_difference_rules(graph, theme, file);
		return;
	}
	for (size_t i = 0; i < graph->colors.count; i++)
		fprintf(file, ".c%zu{fill:#%06x;background:#%06x}\n", i,
			graph->colors.items[i].by_theme[theme],
			graph->colors.items[i].by_theme[theme]);
}

static uint64_t color_key(struct flamegraph_color color)
{
	return (uint64_t)color.by_theme[PALETTE_LIGHT] << 32 | color.by_theme[PALETTE_DARK];
}

DEFINE_HASH_MAP(color_map, uint64_t, uint32_t, hash_u64, equal_u64)

static struct palette_subject subject_of(const struct flamegraph *graph,
					 const struct flame_frame *frame)
{
	struct palette_subject subject =
		palette_subject_of(frame->profile, frame->name, frame->object, frame->flags);

	subject.has_place = graph->look->spread != FLAMEGRAPH_SPREAD_NAME;
	if (graph->look->spread == FLAMEGRAPH_SPREAD_HASH)
		subject.place = palette_place_by_beginning(frame->name);
	else
		subject.place =
			(double)(hash_combine(graph->chance, hash_text(frame->name)) >> 32) /
			(double)UINT32_MAX;
	return subject;
}

static struct flamegraph_color color_of(struct flamegraph *graph, const struct flame_frame *frame)
{
	struct palette_subject subject = subject_of(graph, frame);
	struct palette_map *map = graph->look->map;
	struct flamegraph_color color;
	const uint32_t *mapped;

	for (int theme = 0; theme < N_PALETTE_THEMES; theme++)
		color.by_theme[theme] =
			palette_color(graph->palette, &subject, (enum palette_theme)theme);
	if (!map)
		return color;
	palette_map_add(map, frame->name, color.by_theme[PALETTE_LIGHT]);
	mapped = palette_map_find(map, frame->name);
	if (*mapped == color.by_theme[PALETTE_LIGHT])
		return color;
	for (int theme = 0; theme < N_PALETTE_THEMES; theme++)
		color.by_theme[theme] = palette_readable_color(*mapped, (enum palette_theme)theme);
	return color;
}

static void choose_frame_colors(struct flamegraph *graph)
{
	struct color_map known = { 0 };

	for (size_t i = 0; i < graph->tree.frames.count; i++) {
		const struct flame_frame *frame = &graph->tree.frames.items[i];
		struct flamegraph_color color;
		uint32_t *index;
		bool is_new;

		if (frame->kind != FLAME_FRAME_CODE) {
			index_vector_append(&graph->frame_colors, 0);
			continue;
		}
		color = color_of(graph, frame);
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
	struct palette_subject subject = subject_of(graph, frame);
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
	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct flame_node *node = &tree->nodes.items[i];
		bool is_gap = tree->frames.items[node->frame].kind == FLAME_FRAME_GAP;

		self_counts[is_gap ? tree->nodes.items[node->parent].frame : node->frame] +=
			node->self_count;
	}
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

/** The largest change of any function's frame sets the scale. */
static void find_change_max(struct flamegraph *graph)
{
	const struct flame_tree *tree = &graph->tree;

	for (size_t i = 1; i < tree->nodes.count; i++) {
		const struct flame_change *counts = &tree->changes.items[i];
		double change = (double)counts->after_total_count -
				(double)counts->before_total_count * tree->before_factor;

		if (tree->frames.items[tree->nodes.items[i].frame].kind == FLAME_FRAME_CODE)
			graph->change_max = fmax(graph->change_max, fabs(change));
	}
}

void flamegraph_choose_colors(struct flamegraph *graph)
{
	if (graph->look->spread == FLAMEGRAPH_SPREAD_CHANCE)
		graph->chance = clock_monotonic_ns();
	choose_frame_colors(graph);
	if (graph->tree.is_difference)
		find_change_max(graph);
	else
		make_legend(graph);
}
