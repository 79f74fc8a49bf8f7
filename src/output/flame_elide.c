#include "output/flame_tree_internal.h"

#include "base/rounding.h"

#define DIGIT_BITS 16

/**
 * The number of samples below which nodes must go for @p n_nodes_max to remain: one more than
 * the largest node after those has. Found digit by digit, without sorting anything.
 */
static uint64_t elision_limit(const struct flame_tree *tree, size_t n_nodes_max)
{
	_cleanup_free_ size_t *n_with = memory_allocate((size_t)1 << DIGIT_BITS, sizeof(*n_with));
	size_t n_larger = 0;
	unsigned int shift = 64;
	uint64_t total = 0;

	while (shift > DIGIT_BITS &&
	       tree->nodes.items[FLAME_NODE_ROOT].total_count >> (shift - DIGIT_BITS) == 0)
		shift -= DIGIT_BITS;
	while (shift > 0) {
		uint64_t above = shift < 64 ? ~UINT64_C(0) << shift : 0;
		size_t digit = ((size_t)1 << DIGIT_BITS) - 1;

		shift -= DIGIT_BITS;
		memset(n_with, 0, sizeof(*n_with) << DIGIT_BITS);
		for (size_t i = 0; i < tree->nodes.count; i++) {
			uint64_t count = tree->nodes.items[i].total_count;

			if ((count & above) == total)
				n_with[count >> shift & digit]++;
		}
		while (n_larger + n_with[digit] <= n_nodes_max)
			n_larger += n_with[digit--];
		total |= (uint64_t)digit << shift;
	}
	return total + 1;
}

struct elision {
	struct flame_tree *tree;
	struct flame_node_vector kept;
	struct flame_change_vector kept_changes;
	uint32_t *stand_ins; /**< By kept node: its child for small ones; 0: none (yet). */
	uint32_t elided_frame;
};

static void elision_append(struct elision *elision, const struct flame_node *node,
			   struct flame_change change)
{
	flame_node_vector_append(&elision->kept, *node);
	if (elision->tree->is_difference)
		flame_change_vector_append(&elision->kept_changes, change);
}

/** @p node with its parent among the kept ones; it was number @p old. */
static uint32_t elision_keep(struct elision *elision, const struct flame_node *node, uint32_t old)
{
	uint32_t index = (uint32_t)elision->kept.count;

	/* What comes later in a chart must not be drawn before this node. */
	if (index > 0 && elision->tree->is_in_order)
		elision->stand_ins[node->parent] = 0;
	elision_append(elision, node, flame_tree_change(elision->tree, old));
	return index;
}

/** @p parent is the kept node's index, @p old that of the one that goes. */
static void elision_take_out(struct elision *elision, uint32_t parent, uint32_t old)
{
	struct flame_change change = flame_tree_change(elision->tree, old);
	uint32_t stand_in;

	if (!elision->stand_ins[parent]) {
		elision->stand_ins[parent] = (uint32_t)elision->kept.count;
		elision_append(elision,
			       &(struct flame_node){
				       .parent = parent,
				       .frame = elision->elided_frame,
			       },
			       (struct flame_change){ 0 });
	}
	stand_in = elision->stand_ins[parent];
	elision->kept.items[stand_in].self_count += elision->tree->nodes.items[old].total_count;
	if (!elision->tree->is_difference)
		return;
	elision->kept_changes.items[stand_in].before_self_count += change.before_total_count;
	elision->kept_changes.items[stand_in].after_self_count += change.after_total_count;
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
			moved[i] = elision_keep(&elision, &node, i);
			continue;
		}
		moved[i] = FLAME_NODE_NONE;
		tree->n_elided++;
		if (parent != FLAME_NODE_NONE)
			elision_take_out(&elision, parent, i);
	}
	free(elision.stand_ins);
	flame_node_vector_deinit(&tree->nodes);
	flame_change_vector_deinit(&tree->changes);
	tree->nodes = elision.kept;
	tree->changes = elision.kept_changes;
	tree->elided_limit_count = limit;
	flame_tree_sum(tree);
}
