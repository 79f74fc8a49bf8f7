#include "output/flame_tree_internal.h"

struct rebase {
	const struct flame_tree *old;
	struct flame_builder builder;
	uint32_t *moved; /**< By old node; FLAME_NODE_NONE: there is no base on the way to it. */
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
	uint32_t node = FLAME_NODE_ROOT;

	index_vector_clear(&rebase->path);
	for (uint32_t i = old_node; i != FLAME_NODE_ROOT; i = nodes[i].parent)
		index_vector_append(&rebase->path, nodes[i].frame);
	while (rebase->path.count > 0)
		node = flame_builder_child(&rebase->builder, node,
					   rebase->path.items[--rebase->path.count]);
	return node;
}

static uint32_t rebase_node(struct rebase *rebase, uint32_t old_node,
			    const struct string_vector *names)
{
	const struct flame_node *node = &rebase->old->nodes.items[old_node];
	uint32_t parent = rebase->moved[node->parent];

	if (is_base(&rebase->old->frames.items[node->frame], names))
		return flame_builder_child(&rebase->builder, FLAME_NODE_ROOT, node->frame);
	if (parent == FLAME_NODE_NONE)
		return FLAME_NODE_NONE;
	return flame_builder_child(&rebase->builder, parent, node->frame);
}

void flame_tree_rebase(struct flame_tree *tree, const struct string_vector *names)
{
	struct flame_tree fresh = *tree;
	struct rebase rebase = { .old = tree, .builder.tree = &fresh };

	fresh.nodes = (struct flame_node_vector){ 0 };
	flame_node_vector_append(
		&fresh.nodes,
		(struct flame_node){ .parent = FLAME_NODE_NONE,
				     .frame = tree->nodes.items[FLAME_NODE_ROOT].frame });
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
		fresh.nodes.items[target].before_self_count += node->before_self_count;
		fresh.nodes.items[target].after_self_count += node->after_self_count;
	}
	free(rebase.moved);
	index_vector_deinit(&rebase.path);
	flame_builder_deinit(&rebase.builder);
	flame_node_vector_deinit(&tree->nodes);
	*tree = fresh;
	flame_tree_sum(tree);
	flame_tree_link_children(tree);
}
