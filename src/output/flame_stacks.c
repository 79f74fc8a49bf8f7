#include "output/flame_tree_internal.h"

/** What stacks stand on: a thread's name, or the mark of incomplete stacks on one. */
struct stack_base {
	uint32_t node;
	size_t end; /**< Of its samples in stack_merger.samples; those of the base before end there.
		     */
};

DEFINE_VECTOR(stack_base_vector, struct stack_base)

struct stack_merger {
	struct flame_builder builder;
	const struct profile *profile;
	uint32_t event;

	struct stack_base_vector bases;
	uint32_t *base_of_frame; /**< By thread's frame: of whole and of incomplete stacks; + 1. */
	uint32_t *samples;       /**< Ids, base by base. */

	uint32_t *frame_of;    /**< By frame of the profile: frame of the tree + 1; 0: not met. */
	uint32_t *location_of; /**< By frame of the tree: whose outermost it is, + 1; 0: none's. */
	uint32_t *node_of;     /**< By stack, on the base at hand; 0: none yet. */
	struct index_vector pending; /**< Stacks without a node, innermost first. */
};

static uint32_t find_base(struct stack_merger *merger, const struct profile_sample *sample,
			  bool is_incomplete)
{
	struct flame_tree *tree = merger->builder.tree;
	string_id comm = merger->profile->threads.items[sample->thread].comm;
	const char *name = profile_text(merger->profile, comm);
	uint32_t frame = flame_builder_frame(&merger->builder,
					     (struct frame_key){ FLAME_FRAME_THREAD, comm, 0 },
					     &(struct flame_frame){
						     .kind = FLAME_FRAME_THREAD,
						     .name = *name ? name : "[no name]",
					     });
	uint32_t *base = &merger->base_of_frame[2 * frame + is_incomplete], parent, node;

	if (*base)
		return *base - 1;
	if (is_incomplete) {
		parent = find_base(merger, sample, false);
		node = flame_tree_add_node(tree, merger->bases.items[parent].node,
					   flame_builder_incomplete_frame(&merger->builder));
	} else {
		node = flame_tree_add_node(tree, FLAME_NODE_ROOT, frame);
	}
	stack_base_vector_append(&merger->bases, (struct stack_base){ .node = node });
	*base = (uint32_t)merger->bases.count;
	return *base - 1;
}

/** Sort the samples by base, so that one table from stacks to nodes is enough. */
static void group_samples(struct stack_merger *merger)
{
	const struct profile_sample_vector *samples = &merger->profile->samples;
	_cleanup_free_ uint32_t *base_of = memory_allocate(samples->count + 1, sizeof(*base_of));
	struct stack_base *bases;
	size_t n_samples = 0;

	for (size_t i = 0; i < samples->count; i++) {
		const struct profile_sample *sample = &samples->items[i];

		if (sample->event != merger->event)
			continue;
		base_of[i] = find_base(merger, sample, flame_end_is_incomplete(sample->end));
		merger->bases.items[base_of[i]].end++;
	}
	bases = merger->bases.items;
	for (size_t i = 0; i < merger->bases.count; i++) {
		size_t n_here = bases[i].end;

		bases[i].end = n_samples;
		n_samples += n_here;
	}
	merger->samples = memory_allocate(n_samples + 1, sizeof(*merger->samples));
	for (uint32_t i = 0; i < samples->count; i++) {
		if (samples->items[i].event == merger->event)
			merger->samples[bases[base_of[i]].end++] = i;
	}
}

static uint32_t find_frame(struct stack_merger *merger, const struct profile_frame *frame)
{
	uint32_t id = (uint32_t)(frame - merger->profile->frames.items);

	if (!merger->frame_of[id])
		merger->frame_of[id] = flame_builder_code_frame(&merger->builder, id) + 1;
	return merger->frame_of[id] - 1;
}

/** Siblings with one frame can only come of two locations that begin with it. */
static void note_outermost(struct stack_merger *merger, uint32_t frame, uint32_t location)
{
	uint32_t *known = &merger->location_of[frame];

	if (*known && *known != location + 1)
		merger->builder.tree->has_distinct_siblings = false;
	*known = location + 1;
}

/** The node of one location: its function and what was inlined there, outermost first. */
static uint32_t add_location(struct stack_merger *merger, uint32_t node, uint32_t location)
{
	const struct profile *profile = merger->profile;
	uint32_t n_frames = profile->locations.items[location].n_frames;

	for (uint32_t i = MAX(n_frames, 1u); i-- > 0;) {
		uint32_t frame = find_frame(merger, profile_location_frame(profile, location, i));

		if (i + 1 >= n_frames)
			note_outermost(merger, frame, location);
		node = flame_tree_add_node(merger->builder.tree, node, frame);
	}
	return node;
}

/** The node of a whole stack. Each node of the profile's trie is walked once per base. */
static uint32_t add_stack(struct stack_merger *merger, uint32_t stack)
{
	const struct profile_stack *stacks = merger->profile->stacks.items;
	uint32_t node;

	while (!merger->node_of[stack]) {
		index_vector_append(&merger->pending, stack);
		stack = stacks[stack].parent;
	}
	node = merger->node_of[stack];
	while (merger->pending.count > 0) {
		stack = merger->pending.items[--merger->pending.count];
		node = add_location(merger, node, stacks[stack].location);
		merger->node_of[stack] = node;
	}
	return node;
}

/** The next base has other nodes for these. */
static void forget_stack(struct stack_merger *merger, uint32_t stack)
{
	while (stack != 0 && merger->node_of[stack]) {
		merger->node_of[stack] = 0;
		stack = merger->profile->stacks.items[stack].parent;
	}
}

static void add_base(struct stack_merger *merger, size_t base)
{
	const struct profile *profile = merger->profile;
	size_t first = base > 0 ? merger->bases.items[base - 1].end : 0;
	size_t end = merger->bases.items[base].end;

	merger->node_of[0] = merger->bases.items[base].node;
	for (size_t i = first; i < end; i++) {
		const struct profile_sample *sample = &profile->samples.items[merger->samples[i]];
		uint32_t node = add_stack(merger, sample->stack);

		merger->builder.tree->nodes.items[node].self_count +=
			profile_sample_weight(profile, sample);
	}
	for (size_t i = first; i < end && base + 1 < merger->bases.count; i++)
		forget_stack(merger, profile->samples.items[merger->samples[i]].stack);
}

static void init_tree(struct flame_tree *ret, const struct profile *profile, uint32_t event,
		      bool is_in_order)
{
	struct stack_merger merger = { .builder.tree = ret, .profile = profile, .event = event };

	*ret = (struct flame_tree){ .profile = profile,
				    .has_distinct_siblings = true,
				    .is_in_order = is_in_order };
	flame_tree_add_root(ret);
	/* Of the root, the mark and each name. */
	merger.base_of_frame =
		memory_allocate(2 * (profile->threads.count + 2), sizeof(*merger.base_of_frame));
	merger.frame_of = memory_allocate(profile->frames.count, sizeof(*merger.frame_of));
	merger.location_of = memory_allocate(profile->frames.count + profile->threads.count + 2,
					     sizeof(*merger.location_of));
	merger.node_of = memory_allocate(profile->stacks.count, sizeof(*merger.node_of));
	group_samples(&merger);
	for (size_t i = 0; i < merger.bases.count; i++)
		add_base(&merger, i);
	free(merger.base_of_frame);
	free(merger.frame_of);
	free(merger.location_of);
	free(merger.node_of);
	free(merger.samples);
	stack_base_vector_deinit(&merger.bases);
	index_vector_deinit(&merger.pending);
	flame_builder_deinit(&merger.builder);
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
