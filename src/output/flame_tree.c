#include "output/flame_tree_internal.h"

#include "profile/label.h"

#include <assert.h>

uint32_t flame_builder_frame(struct flame_builder *builder, struct frame_key key,
			     const struct flame_frame *frame)
{
	bool is_new;
	uint32_t *index = frame_map_insert(&builder->frames, key, &is_new);
	struct flame_frame *known;

	if (is_new) {
		*index = (uint32_t)builder->tree->frames.count;
		flame_frame_vector_append(&builder->tree->frames, *frame);
		return *index;
	}
	known = &builder->tree->frames.items[*index];
	if (known->file != frame->file)
		known->file = known->line = 0;
	else if (known->line != frame->line)
		known->line = 0;
	known->flags = ((known->flags | frame->flags) & ~(uint32_t)FRAME_IS_INLINED) |
		       (known->flags & frame->flags & FRAME_IS_INLINED);
	return *index;
}

static const char *builder_name(struct flame_builder *builder, const struct profile_frame *frame)
{
	const struct profile *profile = builder->tree->profile;
	_cleanup_free_ char *name = NULL;

	if (!(frame->flags & FRAME_IS_UNKNOWN))
		return profile_text(profile, frame->name);
	name = profile_label(profile, frame->name, frame->object, frame->flags);
	return arena_duplicate_text(&builder->tree->names, name, strlen(name));
}

uint32_t flame_builder_code_frame(struct flame_builder *builder, uint32_t profile_frame)
{
	const struct profile *profile = builder->tree->profile;
	const struct profile_frame *frame = &profile->frames.items[profile_frame];
	struct frame_key key = { FLAME_FRAME_CODE, frame->name, frame->object };
	const uint32_t *known = frame_map_find(&builder->frames, key);

	return flame_builder_frame(builder, key,
				   &(struct flame_frame){
					   .kind = FLAME_FRAME_CODE,
					   .name = known ? NULL : builder_name(builder, frame),
					   .profile = profile,
					   .object = frame->object,
					   .file = frame->file,
					   .line = frame->line,
					   .flags = frame->flags,
				   });
}

uint32_t flame_tree_add_node(struct flame_tree *tree, uint32_t parent, uint32_t frame)
{
	uint32_t index = (uint32_t)tree->nodes.count;

	flame_node_vector_append(&tree->nodes, (struct flame_node){
						       .parent = parent,
						       .frame = frame,
					       });
	if (tree->is_difference)
		flame_change_vector_append_new(&tree->changes);
	return index;
}

bool flame_end_is_incomplete(enum stack_end end)
{
	return !stack_end_is_complete(end) && end != STACK_END_NONE && end != STACK_END_UNTRACED;
}

uint32_t flame_builder_incomplete_frame(struct flame_builder *builder)
{
	return flame_builder_frame(builder, (struct frame_key){ FLAME_FRAME_INCOMPLETE, 0, 0 },
				   &(struct flame_frame){ .kind = FLAME_FRAME_INCOMPLETE,
							  .name = "[incomplete stack]" });
}

/**
 * By byte, as if each name ended in ';': the order in which sorted folded lines
 * put siblings, and so that of the classic flame graphs.
 */
static int compare_names(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	return (*a ? (unsigned char)*a : ';') < (*b ? (unsigned char)*b : ';') ? -1 : 1;
}

static const char *object_path(const struct flame_frame *frame)
{
	return profile_text(frame->profile, frame->profile->objects.items[frame->object].path);
}

static int compare_frames(const void *a_index, const void *b_index, void *tree_pointer)
{
	const struct flame_tree *tree = tree_pointer;
	const struct flame_frame *a = &tree->frames.items[*(const uint32_t *)a_index];
	const struct flame_frame *b = &tree->frames.items[*(const uint32_t *)b_index];
	int order = compare_names(a->name, b->name);

	if (order == 0)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	if (order == 0 && a->kind == FLAME_FRAME_CODE) {
		order = strcmp(object_path(a), object_path(b));
		if (order == 0)
			order = (a->object > b->object) - (a->object < b->object);
	}
	return order;
}

/** Frame indices become ranks: nodes are compared by number from here on. */
void flame_tree_sort_frames(struct flame_tree *tree)
{
	size_t count = tree->frames.count;
	_cleanup_free_ uint32_t *order = memory_allocate(count, sizeof(*order));
	_cleanup_free_ uint32_t *ranks = memory_allocate(count, sizeof(*ranks));
	struct flame_frame *sorted = memory_allocate(count, sizeof(*sorted));

	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_frames, tree);
	for (uint32_t rank = 0; rank < count; rank++) {
		ranks[order[rank]] = rank;
		sorted[rank] = tree->frames.items[order[rank]];
	}
	for (size_t i = 0; i < tree->nodes.count; i++)
		tree->nodes.items[i].frame = ranks[tree->nodes.items[i].frame];
	free(tree->frames.items);
	tree->frames.items = sorted;
	tree->frames.capacity = count;
}

/** Links of all nodes, of which only the depth is known. A parent is before its children. */
static struct flame_link *prepare_links(struct flame_tree *tree)
{
	const struct flame_node *nodes = tree->nodes.items;
	struct flame_link *links;

	flame_link_vector_reserve(&tree->links, tree->nodes.count);
	tree->links.count = tree->nodes.count;
	links = tree->links.items;
	for (size_t i = 0; i < tree->nodes.count; i++) {
		uint32_t depth = i == FLAME_NODE_ROOT ? 0 : links[nodes[i].parent].depth + 1;

		links[i] = (struct flame_link){ FLAME_NODE_NONE, FLAME_NODE_NONE, depth };
	}
	return links;
}

/** @p node becomes the first child of its parent. */
static void put_first(const struct flame_node *nodes, struct flame_link *links, uint32_t node)
{
	struct flame_link *parent = &links[nodes[node].parent];

	links[node].next_sibling = parent->first_child;
	parent->first_child = node;
}

static void link_in_order(struct flame_tree *tree)
{
	struct flame_link *links = prepare_links(tree);

	for (size_t i = tree->nodes.count; i-- > 1;)
		put_first(tree->nodes.items, links, (uint32_t)i);
}

/** Nodes are dealt out by frame, the last frame first (frames are few, nodes many). */
void flame_tree_link_sorted(struct flame_tree *tree)
{
	const struct flame_node *nodes = tree->nodes.items;
	size_t n_frames = tree->frames.count, n_nodes = tree->nodes.count;
	_cleanup_free_ size_t *ends = memory_allocate(n_frames + 1, sizeof(*ends));
	_cleanup_free_ uint32_t *sorted = memory_allocate(n_nodes, sizeof(*sorted));
	struct flame_link *links = prepare_links(tree);

	for (size_t i = 0; i < n_nodes; i++)
		ends[nodes[i].frame + 1]++;
	for (size_t frame = 0; frame < n_frames; frame++)
		ends[frame + 1] += ends[frame];
	for (uint32_t i = 0; i < n_nodes; i++)
		sorted[ends[nodes[i].frame]++] = i;
	for (size_t i = n_nodes; i-- > 0;) {
		if (sorted[i] != FLAME_NODE_ROOT)
			put_first(nodes, links, sorted[i]);
	}
}

void flame_tree_link(struct flame_tree *tree)
{
	if (tree->is_in_order)
		link_in_order(tree);
	else
		flame_tree_link_sorted(tree);
}

static void add_change_totals(struct flame_change *to, const struct flame_change *from)
{
	to->before_total_count += from->before_total_count;
	to->after_total_count += from->after_total_count;
}

void flame_tree_sum(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;
	struct flame_change *changes = tree->changes.items;

	for (size_t i = 0; i < tree->nodes.count; i++)
		nodes[i].total_count = nodes[i].self_count;
	for (size_t i = 0; i < tree->changes.count; i++) {
		changes[i].before_total_count = changes[i].before_self_count;
		changes[i].after_total_count = changes[i].after_self_count;
	}
	for (size_t i = tree->nodes.count; i-- > 0;) {
		if (i == FLAME_NODE_ROOT)
			continue;
		nodes[nodes[i].parent].total_count += nodes[i].total_count;
		if (tree->is_difference)
			add_change_totals(&changes[nodes[i].parent], &changes[i]);
	}
}

void flame_tree_add_root(struct flame_tree *tree)
{
	flame_frame_vector_append(&tree->frames,
				  (struct flame_frame){ .kind = FLAME_FRAME_ALL, .name = "all" });
	flame_node_vector_append(&tree->nodes, (struct flame_node){ .parent = FLAME_NODE_NONE });
	if (tree->is_difference)
		flame_change_vector_append_new(&tree->changes);
}

void flame_builder_deinit(struct flame_builder *builder)
{
	frame_map_deinit(&builder->frames);
}

void flame_tree_finish(struct flame_tree *tree)
{
	flame_tree_sort_frames(tree);
	if (!tree->is_chart && !tree->has_distinct_siblings)
		flame_tree_merge_siblings(tree);
	flame_tree_sum(tree);
}

uint32_t flame_tree_skip(const struct flame_tree *tree, uint32_t node)
{
	while (node != FLAME_NODE_ROOT) {
		if (tree->links.items[node].next_sibling != FLAME_NODE_NONE)
			return tree->links.items[node].next_sibling;
		node = tree->nodes.items[node].parent;
	}
	return FLAME_NODE_NONE;
}

uint32_t flame_tree_next(const struct flame_tree *tree, uint32_t node)
{
	if (tree->links.items[node].first_child != FLAME_NODE_NONE)
		return tree->links.items[node].first_child;
	return flame_tree_skip(tree, node);
}

void flame_tree_deinit(struct flame_tree *tree)
{
	flame_frame_vector_deinit(&tree->frames);
	flame_node_vector_deinit(&tree->nodes);
	flame_link_vector_deinit(&tree->links);
	flame_change_vector_deinit(&tree->changes);
	arena_deinit(&tree->names);
}
