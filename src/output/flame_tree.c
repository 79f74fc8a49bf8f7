#include "output/flame_tree_internal.h"

#include <assert.h>

static uint64_t pair_key(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

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

/** The name of @p frame, "[object]" when it has none and the object is known. */
static const char *builder_name(struct flame_builder *builder, const struct profile_frame *frame)
{
	const struct profile *profile = builder->tree->profile;
	const char *object = profile_text(profile, profile->objects.items[frame->object].name);
	_cleanup_free_ char *name = NULL;

	if (!(frame->flags & FRAME_IS_UNKNOWN) || frame->object == PROFILE_OBJECT_UNKNOWN)
		return profile_text(profile, frame->name);
	if (*object == '[') /* "[vdso]" */
		return object;
	name = memory_format_text("[%s]", object);
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

uint32_t flame_builder_child(struct flame_builder *builder, uint32_t parent, uint32_t frame)
{
	bool is_new;
	uint32_t *node = node_map_insert(&builder->children, pair_key(parent, frame), &is_new);

	if (is_new) {
		struct flame_node_vector *nodes = &builder->tree->nodes;

		*node = (uint32_t)nodes->count;
		flame_node_vector_append(nodes, (struct flame_node){
							.parent = parent,
							.frame = frame,
							.depth = nodes->items[parent].depth + 1,
						});
	}
	return *node;
}

/** The node of one location: its function and what was inlined there, outermost first. */
static uint32_t builder_location(struct flame_builder *builder, uint32_t node, uint32_t location)
{
	const struct profile *profile = builder->tree->profile;
	uint32_t n_frames = profile->locations.items[location].n_frames;

	for (uint32_t i = MAX(n_frames, 1u); i-- > 0;) {
		const struct profile_frame *frame = profile_location_frame(profile, location, i);

		node = flame_builder_child(
			builder, node,
			flame_builder_code_frame(builder,
						 (uint32_t)(frame - profile->frames.items)));
	}
	return node;
}

/** The node of a whole stack on @p base. Each node of the profile's trie is walked once per base.
 */
static uint32_t flame_builder_stack(struct flame_builder *builder, uint32_t base, uint32_t stack)
{
	const struct profile *profile = builder->tree->profile;
	uint32_t node = base;

	index_vector_clear(&builder->pending);
	while (stack != 0) {
		uint32_t *known = node_map_find(&builder->stacks, pair_key(base, stack));

		if (known) {
			node = *known;
			break;
		}
		index_vector_append(&builder->pending, stack);
		stack = profile->stacks.items[stack].parent;
	}
	while (builder->pending.count > 0) {
		bool is_new;

		stack = builder->pending.items[--builder->pending.count];
		node = builder_location(builder, node, profile->stacks.items[stack].location);
		*node_map_insert(&builder->stacks, pair_key(base, stack), &is_new) = node;
	}
	return node;
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

static void builder_add_sample(struct flame_builder *builder, const struct profile_sample *sample)
{
	const struct profile *profile = builder->tree->profile;
	string_id comm = profile->threads.items[sample->thread].comm;
	const char *name = profile_text(profile, comm);
	uint32_t node;

	node = flame_builder_child(
		builder, FLAME_NODE_ROOT,
		flame_builder_frame(builder, (struct frame_key){ FLAME_FRAME_THREAD, comm, 0 },
				    &(struct flame_frame){ .kind = FLAME_FRAME_THREAD,
							   .name = *name ? name : "[no name]" }));
	if (flame_end_is_incomplete(sample->end))
		node = flame_builder_child(builder, node, flame_builder_incomplete_frame(builder));
	node = flame_builder_stack(builder, node, sample->stack);
	builder->tree->nodes.items[node].self_count += profile_sample_weight(profile, sample);
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

static void link_in_order(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;

	for (size_t i = 0; i < tree->nodes.count; i++)
		nodes[i].first_child = nodes[i].next_sibling = FLAME_NODE_NONE;
	for (size_t i = tree->nodes.count; i-- > 1;) {
		nodes[i].next_sibling = nodes[nodes[i].parent].first_child;
		nodes[nodes[i].parent].first_child = (uint32_t)i;
	}
}

/**
 * Put every node into its parent's list, sorted: nodes are dealt out by frame,
 * last frame first, each to the head of its list (frames are few, nodes many).
 */
void flame_tree_link_children(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;
	size_t n_frames = tree->frames.count;

	if (tree->is_in_order) {
		link_in_order(tree);
		return;
	}
	_cleanup_free_ uint32_t *first = memory_allocate(n_frames, sizeof(*first));
	_cleanup_free_ uint32_t *next = memory_allocate(tree->nodes.count, sizeof(*next));

	memset(first, 0xff, n_frames * sizeof(*first));
	for (uint32_t i = 0; i < tree->nodes.count; i++) {
		nodes[i].first_child = nodes[i].next_sibling = FLAME_NODE_NONE;
		next[i] = first[nodes[i].frame];
		first[nodes[i].frame] = i;
	}
	for (size_t frame = n_frames; frame-- > 0;) {
		for (uint32_t i = first[frame]; i != FLAME_NODE_NONE; i = next[i]) {
			if (i == FLAME_NODE_ROOT)
				continue;
			nodes[i].next_sibling = nodes[nodes[i].parent].first_child;
			nodes[nodes[i].parent].first_child = i;
		}
	}
}

void flame_tree_sum(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;

	tree->depth_max = 0;
	for (size_t i = 0; i < tree->nodes.count; i++) {
		nodes[i].total_count = nodes[i].self_count;
		nodes[i].before_total_count = nodes[i].before_self_count;
		nodes[i].after_total_count = nodes[i].after_self_count;
	}
	for (size_t i = tree->nodes.count; i-- > 0;) {
		struct flame_node *parent;

		tree->depth_max = MAX(tree->depth_max, nodes[i].depth);
		if (i == FLAME_NODE_ROOT)
			continue;
		parent = &nodes[nodes[i].parent];
		parent->total_count += nodes[i].total_count;
		parent->before_total_count += nodes[i].before_total_count;
		parent->after_total_count += nodes[i].after_total_count;
	}
}

void flame_tree_add_root(struct flame_tree *tree)
{
	flame_frame_vector_append(&tree->frames,
				  (struct flame_frame){ .kind = FLAME_FRAME_ALL, .name = "all" });
	flame_node_vector_append(&tree->nodes, (struct flame_node){ .parent = FLAME_NODE_NONE });
}

void flame_builder_deinit(struct flame_builder *builder)
{
	frame_map_deinit(&builder->frames);
	node_map_deinit(&builder->children);
	node_map_deinit(&builder->stacks);
	index_vector_deinit(&builder->pending);
}

void flame_tree_finish(struct flame_tree *tree)
{
	flame_tree_sum(tree);
	flame_tree_sort_frames(tree);
	flame_tree_link_children(tree);
}

static void init_tree(struct flame_tree *ret, const struct profile *profile, uint32_t event,
		      bool is_in_order)
{
	struct flame_builder builder = { .tree = ret };

	*ret = (struct flame_tree){ .profile = profile, .is_in_order = is_in_order };
	flame_tree_add_root(ret);
	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			builder_add_sample(&builder, &profile->samples.items[i]);
	}
	flame_builder_deinit(&builder);
	flame_tree_finish(ret);
}

void flame_tree_init(struct flame_tree *ret, const struct profile *profile, uint32_t event)
{
	init_tree(ret, profile, event, false);
}

void flame_tree_init_unsorted(struct flame_tree *ret, const struct profile *profile, uint32_t event)
{
	init_tree(ret, profile, event, true);
}

uint32_t flame_tree_skip(const struct flame_tree *tree, uint32_t node)
{
	while (node != FLAME_NODE_ROOT) {
		if (tree->nodes.items[node].next_sibling != FLAME_NODE_NONE)
			return tree->nodes.items[node].next_sibling;
		node = tree->nodes.items[node].parent;
	}
	return FLAME_NODE_NONE;
}

uint32_t flame_tree_next(const struct flame_tree *tree, uint32_t node)
{
	if (tree->nodes.items[node].first_child != FLAME_NODE_NONE)
		return tree->nodes.items[node].first_child;
	return flame_tree_skip(tree, node);
}

void flame_tree_deinit(struct flame_tree *tree)
{
	flame_frame_vector_deinit(&tree->frames);
	flame_node_vector_deinit(&tree->nodes);
	arena_deinit(&tree->names);
}
