#include "output/flame_tree_internal.h"

/** One stack (by its innermost node) on its way out to the root. */
struct reversed_source {
	uint32_t leaf;    /**< Whose self_count is being placed. */
	uint32_t current; /**< Its frame is the next to be merged. */
	uint32_t frame;
};

DEFINE_VECTOR(reversed_source_vector, struct reversed_source)

static int compare_sources(const void *a_pointer, const void *b_pointer)
{
	const struct reversed_source *a = a_pointer, *b = b_pointer;

	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->leaf > b->leaf) - (a->leaf < b->leaf);
}

/** A node made, with the run of sources that its callers come from. */
struct reversed_run {
	uint32_t node;
	size_t first, count;
};

DEFINE_VECTOR(reversed_run_vector, struct reversed_run)

/** Split a run of sources by their next frame into nodes below @p parent and their runs. */
static void reversed_split(struct flame_tree *reversed, const struct flame_tree *tree,
			   struct reversed_source *sources, struct reversed_run parent,
			   uint64_t limit_count, struct reversed_run_vector *runs)
{
	size_t end = parent.first + parent.count;

	qsort(sources + parent.first, parent.count, sizeof(*sources), compare_sources);
	for (size_t first = parent.first, last; first < end; first = last) {
		struct flame_node node = {
			.parent = parent.node,
			.frame = sources[first].frame,
		};
		struct flame_change change = { 0 };

		for (last = first; last < end && sources[last].frame == node.frame; last++) {
			struct flame_change from = flame_tree_change(tree, sources[last].leaf);

			node.total_count += tree->nodes.items[sources[last].leaf].self_count;
			change.before_total_count += from.before_self_count;
			change.after_total_count += from.after_self_count;
		}
		if (node.total_count < limit_count) {
			reversed->n_elided++;
			continue;
		}
		reversed_run_vector_append(runs,
					   (struct reversed_run){ (uint32_t)reversed->nodes.count,
								  first, last - first });
		flame_node_vector_append(&reversed->nodes, node);
		if (reversed->is_difference)
			flame_change_vector_append(&reversed->changes, change);
	}
}

/** One step out; sources that have reached the root end at the node and are dropped. */
static size_t reversed_advance(struct flame_tree *reversed, const struct flame_tree *tree,
			       struct reversed_source *sources, struct reversed_run run)
{
	size_t n_left = 0;

	for (size_t i = run.first; i < run.first + run.count; i++) {
		struct reversed_source source = sources[i];

		source.current = tree->nodes.items[source.current].parent;
		if (source.current == FLAME_NODE_ROOT) {
			reversed->nodes.items[run.node].self_count +=
				tree->nodes.items[source.leaf].self_count;
			continue;
		}
		source.frame = tree->nodes.items[source.current].frame;
		sources[run.first + n_left++] = source;
	}
	return n_left;
}

void flame_tree_init_reversed(struct flame_tree *ret, const struct flame_tree *tree,
			      uint64_t limit_count)
{
	struct reversed_source_vector sources = { 0 };
	struct reversed_run_vector runs = { 0 };

	*ret = (struct flame_tree){ .profile = tree->profile, .elided_limit_count = limit_count };
	for (size_t i = 0; i < tree->frames.count; i++)
		flame_frame_vector_append(&ret->frames, tree->frames.items[i]);
	flame_node_vector_append(&ret->nodes, tree->nodes.items[FLAME_NODE_ROOT]);
	ret->is_difference = tree->is_difference;
	if (tree->is_difference)
		flame_change_vector_append(&ret->changes, tree->changes.items[FLAME_NODE_ROOT]);
	ret->before_factor = tree->before_factor;
	for (uint32_t i = 1; i < tree->nodes.count; i++) {
		if (tree->nodes.items[i].self_count)
			reversed_source_vector_append(
				&sources,
				(struct reversed_source){ i, i, tree->nodes.items[i].frame });
	}
	reversed_split(ret, tree, sources.items,
		       (struct reversed_run){ FLAME_NODE_ROOT, 0, sources.count }, limit_count,
		       &runs);
	/* Breadth first: a run lies inside its parent's, which is done with by then. */
	for (size_t i = 0; i < runs.count; i++) {
		struct reversed_run run = runs.items[i];

		run.count = reversed_advance(ret, tree, sources.items, run);
		reversed_split(ret, tree, sources.items, run, limit_count, &runs);
	}
	reversed_source_vector_deinit(&sources);
	reversed_run_vector_deinit(&runs);
}
