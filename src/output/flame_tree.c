#include "output/flame_tree.h"

#include <assert.h>

struct frame_key {
	enum flame_frame_kind kind;
	string_id name; /**< Of a thread or a function. */
	uint32_t object;
};

static uint64_t frame_key_hash(struct frame_key key)
{
	return hash_combine(hash_combine(hash_u32(key.kind), key.name), key.object);
}

static bool frame_key_equal(struct frame_key a, struct frame_key b)
{
	return a.kind == b.kind && a.name == b.name && a.object == b.object;
}

DEFINE_HASH_MAP(frame_map, struct frame_key, uint32_t, frame_key_hash, frame_key_equal)
/** Parent node << 32 | frame or stack id: a node. */
DEFINE_HASH_MAP(node_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct flame_builder {
	struct flame_tree *tree;
	struct frame_map frames;
	struct node_map children; /**< By parent node and frame. */
	struct node_map stacks;   /**< By node the stack stands on and stack id. */
	struct index_vector pending;
};

static uint64_t pair_key(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

static uint32_t builder_frame(struct flame_builder *builder, struct frame_key key,
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

static uint32_t builder_code_frame(struct flame_builder *builder, uint32_t profile_frame)
{
	const struct profile *profile = builder->tree->profile;
	const struct profile_frame *frame = &profile->frames.items[profile_frame];
	struct frame_key key = { FLAME_FRAME_CODE, frame->name, frame->object };
	const uint32_t *known = frame_map_find(&builder->frames, key);

	return builder_frame(builder, key,
			     &(struct flame_frame){
				     .kind = FLAME_FRAME_CODE,
				     .name = known ? NULL : builder_name(builder, frame),
				     .object = frame->object,
				     .file = frame->file,
				     .line = frame->line,
				     .flags = frame->flags,
			     });
}

static uint32_t builder_child(struct flame_builder *builder, uint32_t parent, uint32_t frame)
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

		node = builder_child(
			builder, node,
			builder_code_frame(builder, (uint32_t)(frame - profile->frames.items)));
	}
	return node;
}

/** The node of a whole stack on @p base. Each node of the profile's trie is walked once per base.
 */
static uint32_t builder_stack(struct flame_builder *builder, uint32_t base, uint32_t stack)
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

static bool is_known_incomplete(enum stack_end end)
{
	return !stack_end_is_complete(end) && end != STACK_END_NONE && end != STACK_END_UNTRACED;
}

static void builder_add_sample(struct flame_builder *builder, const struct profile_sample *sample)
{
	const struct profile *profile = builder->tree->profile;
	string_id comm = profile->threads.items[sample->thread].comm;
	const char *name = profile_text(profile, comm);
	uint32_t node;

	node = builder_child(
		builder, FLAME_NODE_ROOT,
		builder_frame(builder, (struct frame_key){ FLAME_FRAME_THREAD, comm, 0 },
			      &(struct flame_frame){ .kind = FLAME_FRAME_THREAD,
						     .name = *name ? name : "[no name]" }));
	if (is_known_incomplete(sample->end))
		node = builder_child(
			builder, node,
			builder_frame(builder, (struct frame_key){ FLAME_FRAME_INCOMPLETE, 0, 0 },
				      &(struct flame_frame){ .kind = FLAME_FRAME_INCOMPLETE,
							     .name = "[incomplete stack]" }));
	node = builder_stack(builder, node, sample->stack);
	builder->tree->nodes.items[node].self_count += sample->count;
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

static int compare_frames(const void *a_index, const void *b_index, void *tree_pointer)
{
	const struct flame_tree *tree = tree_pointer;
	const struct flame_frame *a = &tree->frames.items[*(const uint32_t *)a_index];
	const struct flame_frame *b = &tree->frames.items[*(const uint32_t *)b_index];
	int order = compare_names(a->name, b->name);

	if (order == 0)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	if (order == 0 && a->kind == FLAME_FRAME_CODE) {
		const struct profile_object *objects = tree->profile->objects.items;

		order = strcmp(profile_text(tree->profile, objects[a->object].path),
			       profile_text(tree->profile, objects[b->object].path));
		if (order == 0)
			order = (a->object > b->object) - (a->object < b->object);
	}
	return order;
}

/** Frame indices become ranks: nodes are compared by number from here on. */
static void tree_sort_frames(struct flame_tree *tree)
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

/**
 * Put every node into its parent's list, sorted: nodes are dealt out by frame,
 * last frame first, each to the head of its list (frames are few, nodes many).
 */
static void tree_link_children(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;
	size_t n_frames = tree->frames.count;
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

static void tree_sum(struct flame_tree *tree)
{
	struct flame_node *nodes = tree->nodes.items;

	tree->depth_max = 0;
	for (size_t i = 0; i < tree->nodes.count; i++)
		nodes[i].total_count = nodes[i].self_count;
	for (size_t i = tree->nodes.count; i-- > 0;) {
		tree->depth_max = MAX(tree->depth_max, nodes[i].depth);
		if (i != FLAME_NODE_ROOT)
			nodes[nodes[i].parent].total_count += nodes[i].total_count;
	}
}

static void tree_add_root(struct flame_tree *tree)
{
	flame_frame_vector_append(&tree->frames,
				  (struct flame_frame){ .kind = FLAME_FRAME_ALL, .name = "all" });
	flame_node_vector_append(&tree->nodes, (struct flame_node){ .parent = FLAME_NODE_NONE });
}

void flame_tree_init(struct flame_tree *ret, const struct profile *profile, uint32_t event)
{
	struct flame_builder builder = { .tree = ret };

	*ret = (struct flame_tree){ .profile = profile };
	tree_add_root(ret);
	for (size_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			builder_add_sample(&builder, &profile->samples.items[i]);
	}
	frame_map_deinit(&builder.frames);
	node_map_deinit(&builder.children);
	node_map_deinit(&builder.stacks);
	index_vector_deinit(&builder.pending);
	tree_sum(ret);
	tree_sort_frames(ret);
	tree_link_children(ret);
}

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
			.depth = reversed->nodes.items[parent.node].depth + 1,
		};

		for (last = first; last < end && sources[last].frame == node.frame; last++)
			node.total_count += tree->nodes.items[sources[last].leaf].self_count;
		if (node.total_count < limit_count) {
			reversed->n_elided++;
			continue;
		}
		reversed_run_vector_append(runs,
					   (struct reversed_run){ (uint32_t)reversed->nodes.count,
								  first, last - first });
		flame_node_vector_append(&reversed->nodes, node);
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
	for (size_t i = 0; i < ret->nodes.count; i++)
		ret->depth_max = MAX(ret->depth_max, ret->nodes.items[i].depth);
	tree_link_children(ret);
}

static int compare_counts_descending(const void *a_pointer, const void *b_pointer)
{
	uint64_t a = *(const uint64_t *)a_pointer, b = *(const uint64_t *)b_pointer;

	return (a < b) - (a > b);
}

/** The number of samples below which nodes must go for @p n_nodes_max to remain. */
static uint64_t tree_elision_limit(const struct flame_tree *tree, size_t n_nodes_max)
{
	size_t count = tree->nodes.count;
	_cleanup_free_ uint64_t *totals = memory_allocate(count, sizeof(*totals));

	for (size_t i = 0; i < count; i++)
		totals[i] = tree->nodes.items[i].total_count;
	qsort(totals, count, sizeof(*totals), compare_counts_descending);
	return totals[n_nodes_max] + 1;
}

void flame_tree_elide(struct flame_tree *tree, size_t n_nodes_max, double keep_share)
{
	uint64_t all_count = tree->nodes.items[FLAME_NODE_ROOT].total_count;
	struct flame_node_vector kept = { 0 };
	_cleanup_free_ uint32_t *moved = NULL;
	_cleanup_free_ uint64_t *elided_counts = NULL;
	uint32_t elided_frame;
	uint64_t limit;

	if (tree->nodes.count <= n_nodes_max)
		return;
	limit = MIN(tree_elision_limit(tree, n_nodes_max),
		    MAX((uint64_t)((double)all_count * keep_share), (uint64_t)1));
	moved = memory_allocate(tree->nodes.count, sizeof(*moved));
	elided_counts = memory_allocate(tree->nodes.count, sizeof(*elided_counts));
	for (uint32_t i = 0; i < tree->nodes.count; i++) {
		struct flame_node node = tree->nodes.items[i];
		bool is_root = i == FLAME_NODE_ROOT;
		bool parent_stays = is_root || moved[node.parent] != FLAME_NODE_NONE;

		if (!is_root && (node.total_count < limit || !parent_stays)) {
			moved[i] = FLAME_NODE_NONE;
			tree->n_elided++;
			if (parent_stays)
				elided_counts[moved[node.parent]] += node.total_count;
			continue;
		}
		moved[i] = (uint32_t)kept.count;
		if (!is_root)
			node.parent = moved[node.parent];
		flame_node_vector_append(&kept, node);
	}
	elided_frame = (uint32_t)tree->frames.count;
	flame_frame_vector_append(&tree->frames, (struct flame_frame){ .kind = FLAME_FRAME_ELIDED,
								       .name = "[small frames]" });
	for (uint32_t i = 0, n_kept = (uint32_t)kept.count; i < n_kept; i++) {
		if (elided_counts[i])
			flame_node_vector_append(
				&kept, (struct flame_node){ .parent = i,
							    .frame = elided_frame,
							    .depth = kept.items[i].depth + 1,
							    .self_count = elided_counts[i] });
	}
	flame_node_vector_deinit(&tree->nodes);
	tree->nodes = kept;
	tree->elided_limit_count = limit;
	tree_sum(tree);
	tree_link_children(tree);
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
