#include "output/flame_tree_internal.h"

/** A node under a parent that several nodes became. */
struct merged_child {
	uint32_t frame, node;
};

DEFINE_VECTOR(merged_child_vector, struct merged_child)

struct sibling_merger {
	struct flame_tree *tree;
	struct merged_child_vector children; /**< Of the nodes that become one. */
	uint32_t n_gone;
};

/** By frame as linked lists are, then by number, so that the first stays. */
static int compare_children(const void *a_pointer, const void *b_pointer)
{
	const struct merged_child *a = a_pointer, *b = b_pointer;

	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static void take_children(struct sibling_merger *merger, uint32_t node)
{
	const struct flame_node *nodes = merger->tree->nodes.items;
	const struct flame_link *links = merger->tree->links.items;

	for (uint32_t i = links[node].first_child; i != FLAME_NODE_NONE; i = links[i].next_sibling)
		merged_child_vector_append(&merger->children,
					   (struct merged_child){ nodes[i].frame, i });
}

static void give_children(struct sibling_merger *merger, uint32_t node)
{
	struct flame_node *nodes = merger->tree->nodes.items;
	struct flame_link *links = merger->tree->links.items;
	struct merged_child_vector *children = &merger->children;

	if (children->count > 0)
		qsort(children->items, children->count, sizeof(*children->items), compare_children);
	links[node].first_child = FLAME_NODE_NONE;
	for (size_t i = children->count; i-- > 0;) {
		uint32_t child = children->items[i].node;

		nodes[child].parent = node;
		links[child].next_sibling = links[node].first_child;
		links[node].first_child = child;
	}
}

static void add_counts(struct flame_tree *tree, uint32_t to, uint32_t from)
{
	tree->nodes.items[to].self_count += tree->nodes.items[from].self_count;
	if (!tree->is_difference)
		return;
	tree->changes.items[to].before_self_count += tree->changes.items[from].before_self_count;
	tree->changes.items[to].after_self_count += tree->changes.items[from].after_self_count;
}

/** The siblings after @p first that have its frame become part of it. */
static void merge_run(struct sibling_merger *merger, uint32_t first)
{
	struct flame_node *nodes = merger->tree->nodes.items;
	struct flame_link *links = merger->tree->links.items;
	uint32_t i = links[first].next_sibling;

	merged_child_vector_clear(&merger->children);
	take_children(merger, first);
	while (i != FLAME_NODE_NONE && nodes[i].frame == nodes[first].frame) {
		uint32_t next = links[i].next_sibling;

		add_counts(merger->tree, first, i);
		take_children(merger, i);
		nodes[i].parent = FLAME_NODE_NONE;
		links[i].first_child = FLAME_NODE_NONE;
		merger->n_gone++;
		i = next;
	}
	links[first].next_sibling = i;
	give_children(merger, first);
}

/** Take out the nodes without a parent. */
static void close_gaps(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;
	_cleanup_free_ uint32_t *moved = memory_allocate(tree->nodes.count, sizeof(*moved));
	uint32_t n_kept = 0;

	for (uint32_t i = 0; i < tree->nodes.count; i++) {
		if (i != FLAME_NODE_ROOT && nodes[i].parent == FLAME_NODE_NONE)
			continue;
		moved[i] = n_kept;
		nodes[n_kept] = nodes[i];
		if (i != FLAME_NODE_ROOT)
			nodes[n_kept].parent = moved[nodes[i].parent];
		if (tree->is_difference)
			tree->changes.items[n_kept] = tree->changes.items[i];
		n_kept++;
	}
	tree->nodes.count = n_kept;
	if (tree->is_difference)
		tree->changes.count = n_kept;
}

void flame_tree_merge_siblings(struct flame_tree *tree)
{
	struct sibling_merger merger = { .tree = tree };
	const struct flame_node *nodes = tree->nodes.items;
	const struct flame_link *links;

	flame_tree_link_sorted(tree);
	links = tree->links.items;
	/* The first of equal siblings stays, so parents still come before their children. */
	for (uint32_t i = 0; i < tree->nodes.count; i++) {
		for (uint32_t child = links[i].first_child; child != FLAME_NODE_NONE;
		     child = links[child].next_sibling) {
			uint32_t next = links[child].next_sibling;

			if (next != FLAME_NODE_NONE && nodes[next].frame == nodes[child].frame)
				merge_run(&merger, child);
		}
	}
	merged_child_vector_deinit(&merger.children);
	flame_link_vector_deinit(&tree->links);
	if (merger.n_gone > 0)
		close_gaps(tree);
}
