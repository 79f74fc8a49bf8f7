#include "output/flame_tree_internal.h"

#include "base/rounding.h"

static int compare_counts_descending(const void *a_pointer, const void *b_pointer)
{
	uint64_t a = *(const uint64_t *)a_pointer, b = *(const uint64_t *)b_pointer;

	return (a < b) - (a > b);
}

/** The number of samples below which nodes must go for @p n_nodes_max to remain. */
static uint64_t elision_limit(const struct flame_tree *tree, size_t n_nodes_max)
{
	size_t count = tree->nodes.count;
	_cleanup_free_ uint64_t *totals = memory_allocate(count, sizeof(*totals));

	for (size_t i = 0; i < count; i++)
		totals[i] = tree->nodes.items[i].total_count;
	qsort(totals, count, sizeof(*totals), compare_counts_descending);
	return totals[n_nodes_max] + 1;
}

struct elision {
	struct flame_tree *tree;
	struct flame_node_vector kept;
	uint32_t *stand_ins; /**< By kept node: its child for small ones; 0: none (yet). */
	uint32_t elided_frame;
};

static uint32_t elision_keep(struct elision *elision, const struct flame_node *node)
{
	uint32_t index = (uint32_t)elision->kept.count;

	/* What comes later in a chart must not be drawn before this node. */
	if (index > 0 && elision->tree->is_in_order)
		elision->stand_ins[node->parent] = 0;
	flame_node_vector_append(&elision->kept, *node);
	return index;
}

/** @p parent is the kept node's index. */
static void elision_take_out(struct elision *elision, uint32_t parent,
			     const struct flame_node *node)
{
	struct flame_node *stand_in;

	if (!elision->stand_ins[parent]) {
		elision->stand_ins[parent] = (uint32_t)elision->kept.count;
		flame_node_vector_append(
			&elision->kept,
			(struct flame_node){ .parent = parent,
					     .frame = elision->elided_frame,
					     .depth = elision->kept.items[parent].depth + 1 });
	}
	stand_in = &elision->kept.items[elision->stand_ins[parent]];
	stand_in->self_count += node->total_count;
	stand_in->before_self_count += node->before_total_count;
	stand_in->after_self_count += node->after_total_count;
}

void flame_tree_elide(struct flame_tree *tree, size_t n_nodes_max, double keep_share)
{
	uint64_t all_count = tree->nodes.items[FLAME_NODE_ROOT].total_count, limit;
	struct elision elision = { .tree = tree, .elided_frame = (uint32_t)tree->frames.count };
	_cleanup_free_ uint32_t *moved = NULL;

	if (tree->nodes.count <= n_nodes_max)
		return;
	limit = MIN(elision_limit(tree, n_nodes_max),
		    MAX(round_u64((double)all_count * keep_share), (uint64_t)1));
	moved = memory_allocate(tree->nodes.count, sizeof(*moved));
	elision.stand_ins = memory_allocate(2 * tree->nodes.count, sizeof(*elision.stand_ins));
	flame_frame_vector_append(&tree->frames, (struct flame_frame){ .kind = FLAME_FRAME_ELIDED,
								       .name = "[small frames]" });
	for (uint32_t i = 0; i < tree->nodes.count; i++) {
		struct flame_node node = tree->nodes.items[i];
		uint32_t parent = i == FLAME_NODE_ROOT ? FLAME_NODE_NONE : moved[node.parent];

		if (i == FLAME_NODE_ROOT ||
		    (parent != FLAME_NODE_NONE && node.total_count >= limit)) {
			node.parent = parent;
			moved[i] = elision_keep(&elision, &node);
			continue;
		}
		moved[i] = FLAME_NODE_NONE;
		tree->n_elided++;
		if (parent != FLAME_NODE_NONE)
			elision_take_out(&elision, parent, &node);
	}
	free(elision.stand_ins);
	flame_node_vector_deinit(&tree->nodes);
	tree->nodes = elision.kept;
	tree->elided_limit_count = limit;
	flame_tree_sum(tree);
	flame_tree_link_children(tree);
}
