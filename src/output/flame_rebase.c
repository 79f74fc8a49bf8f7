#include "output/flame_tree_internal.h"

struct rebase {
	const struct flame_tree *old;
	struct flame_tree *fresh;
	uint32_t *moved; /**< By old node; FLAME_NODE_NONE: there is no base on the way to it. */
	uint32_t *whole; /**< By old node: in a stack that stays whole; 0: none yet. */
	struct index_vector path;
};

static bool is_base(const struct flame_frame *frame, const struct string_vector *names)
{
	for (size_t i = 0; frame->kind == FLAME_FRAME_CODE && i < names->count; i++) {
		if (strcmp(frame->name, names->items[i]) == 0)
			return true;
	}
	return false;
}

/** The node of a stack that stays whole. */
static uint32_t rebase_whole(struct rebase *rebase, uint32_t old_node)
{
	const struct flame_node *nodes = rebase->old->nodes.items;
	uint32_t node;

	while (old_node != FLAME_NODE_ROOT && !rebase->whole[old_node]) {
		index_vector_append(&rebase->path, old_node);
		old_node = nodes[old_node].parent;
	}
	node = old_node == FLAME_NODE_ROOT ? FLAME_NODE_ROOT : rebase->whole[old_node];
	while (rebase->path.count > 0) {
		old_node = rebase->path.items[--rebase->path.count];
		node = flame_tree_add_node(rebase->fresh, node, nodes[old_node].frame);
		rebase->whole[old_node] = node;
	}
	return node;
}

static uint32_t rebase_node(struct rebase *rebase, uint32_t old_node,
			    const struct string_vector *names)
{
	const struct flame_node *node = &rebase->old->nodes.items[old_node];
	uint32_t parent = rebase->moved[node->parent];

	if (is_base(&rebase->old->frames.items[node->frame], names))
		return flame_tree_add_node(rebase->fresh, FLAME_NODE_ROOT, node->frame);
	if (parent == FLAME_NODE_NONE)
		return FLAME_NODE_NONE;
	return flame_tree_add_node(rebase->fresh, parent, node->frame);
}

void flame_tree_rebase(struct flame_tree *tree, const struct string_vector *names)
{
	struct flame_tree fresh = *tree;
	struct rebase rebase = { .old = tree, .fresh = &fresh };

	fresh.nodes = (struct flame_node_vector){ 0 };
	fresh.changes = (struct flame_change_vector){ 0 };
	fresh.has_distinct_siblings = false;
	flame_node_vector_append(
		&fresh.nodes,
		(struct flame_node){ .parent = FLAME_NODE_NONE,
				     .frame = tree->nodes.items[FLAME_NODE_ROOT].frame });
	if (tree->is_difference)
		flame_change_vector_append_new(&fresh.changes);
	rebase.whole = memory_allocate(tree->nodes.count, sizeof(*rebase.whole));
	rebase.moved = memory_allocate(tree->nodes.count, sizeof(*rebase.moved));
	rebase.moved[FLAME_NODE_ROOT] = FLAME_NODE_NONE;
	for (uint32_t i = 1; i < tree->nodes.count; i++) {
		const struct flame_node *node = &tree->nodes.items[i];
		uint32_t target = rebase.moved[i] = rebase_node(&rebase, i, names);

		if (!node->self_count)
			continue;
		if (target == FLAME_NODE_NONE)
			target = rebase_whole(&rebase, i);
		fresh.nodes.items[target].self_count += node->self_count;
		if (tree->is_difference) {
			struct flame_change *change = &fresh.changes.items[target];

			change->before_self_count += tree->changes.items[i].before_self_count;
			change->after_self_count += tree->changes.items[i].after_self_count;
		}
	}
	free(rebase.moved);
	free(rebase.whole);
	index_vector_deinit(&rebase.path);
	flame_node_vector_deinit(&tree->nodes);
	flame_change_vector_deinit(&tree->changes);
	*tree = fresh;
	flame_tree_finish(tree);
}
