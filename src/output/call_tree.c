#include "output/call_tree_internal.h"

#include <stdlib.h>

/** What building needs beyond the tree. */
struct call_tree_builder {
	struct call_tree *tree;
	const struct profile *profile;
	const uint32_t *name_of_thread;
	const uint32_t *name_of_frame;
	uint32_t *node_of_stack;     /**< By stack id, below the thread at hand; 0: not yet. */
	struct index_vector pending; /**< Stacks without a node, innermost first. */
};

static uint32_t call_tree_child(struct call_tree *tree, uint32_t parent, uint32_t name)
{
	bool is_new;
	uint32_t *id = call_tree_map_insert(&tree->ids, (uint64_t)parent << 32 | name, &is_new);

	if (is_new) {
		struct call_tree_node *node;

		*id = (uint32_t)tree->nodes.count;
		node = call_tree_node_vector_append_new(&tree->nodes);
		node->parent = parent;
		node->name = name;
		node->next_sibling = tree->nodes.items[parent].first_child;
		tree->nodes.items[parent].first_child = *id;
	}
	return *id;
}

/** The node of @p stack's innermost frame; that of its parent stack is @p node. */
static uint32_t builder_extend(struct call_tree_builder *builder, uint32_t node, uint32_t stack)
{
	const struct profile *profile = builder->profile;
	const struct profile_location *location =
		&profile->locations.items[profile->stacks.items[stack].location];

	if (location->n_frames == 0)
		return call_tree_child(builder->tree, node,
				       builder->name_of_frame[PROFILE_FRAME_UNKNOWN]);
	for (uint32_t i = location->n_frames; i-- > 0;) {
		uint32_t frame = profile->location_frames.items[location->first_frame + i];

		node = call_tree_child(builder->tree, node, builder->name_of_frame[frame]);
	}
	return node;
}

/** The node of a whole stack below the thread at @p root. */
static uint32_t builder_place(struct call_tree_builder *builder, uint32_t root, uint32_t stack)
{
	uint32_t node;

	builder->node_of_stack[0] = root;
	index_vector_clear(&builder->pending);
	while (!builder->node_of_stack[stack]) {
		index_vector_append(&builder->pending, stack);
		stack = builder->profile->stacks.items[stack].parent;
	}
	node = builder->node_of_stack[stack];
	while (builder->pending.count > 0) {
		stack = builder->pending.items[--builder->pending.count];
		node = builder_extend(builder, node, stack);
		builder->node_of_stack[stack] = node;
	}
	return node;
}

static int compare_samples_by_thread_name(const void *left, const void *right, void *argument)
{
	const struct call_tree_builder *builder = argument;
	const struct profile_sample *samples = builder->profile->samples.items;
	uint32_t a = builder->name_of_thread[samples[*(const uint32_t *)left].thread];
	uint32_t b = builder->name_of_thread[samples[*(const uint32_t *)right].thread];

	return (a > b) - (a < b);
}

static void builder_add_samples(struct call_tree_builder *builder,
				const struct index_vector *samples)
{
	const struct profile *profile = builder->profile;
	uint32_t root = 0;

	for (size_t i = 0; i < samples->count; i++) {
		const struct profile_sample *sample = &profile->samples.items[samples->items[i]];
		uint32_t name = builder->name_of_thread[sample->thread], id;
		struct call_tree_node *node;

		if (root == 0 || builder->tree->nodes.items[root].name != name) {
			root = call_tree_child(builder->tree, 0, name);
			memset(builder->node_of_stack, 0, profile->stacks.count * sizeof(uint32_t));
		}
		id = builder_place(builder, root, sample->stack);
		node = &builder->tree->nodes.items[id];
		node->self_count += profile_sample_weight(profile, sample);
		node->self_period += sample->period;
	}
}

void call_tree_init(struct call_tree *tree, const struct profile *profile, uint32_t event,
		    const uint32_t *name_of_thread, const uint32_t *name_of_frame)
{
	struct call_tree_builder builder = { .tree = tree,
					     .profile = profile,
					     .name_of_thread = name_of_thread,
					     .name_of_frame = name_of_frame };
	struct index_vector samples = { 0 };

	*tree = (struct call_tree){ 0 };
	call_tree_node_vector_append_new(&tree->nodes);
	builder.node_of_stack = memory_allocate(profile->stacks.count, sizeof(uint32_t));

	for (uint32_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			index_vector_append(&samples, i);
	}
	/* Thread name by thread name, so that one table from stacks to nodes is enough. */
	if (samples.count > 0)
		qsort_r(samples.items, samples.count, sizeof(*samples.items),
			compare_samples_by_thread_name, &builder);
	builder_add_samples(&builder, &samples);

	index_vector_deinit(&samples);
	index_vector_deinit(&builder.pending);
	free(builder.node_of_stack);
}

void call_tree_deinit(struct call_tree *tree)
{
	call_tree_map_deinit(&tree->ids);
	call_tree_node_vector_deinit(&tree->nodes);
}

struct call_tree_walk call_tree_walk_begin(const struct call_tree *tree)
{
	return (struct call_tree_walk){ .tree = tree, .is_entering = true };
}

bool call_tree_walk_next(struct call_tree_walk *walk)
{
	const struct call_tree_node *node = &walk->tree->nodes.items[walk->node];

	if (walk->is_entering) {
		if (node->first_child)
			walk->node = node->first_child;
		else
			walk->is_entering = false; /* a leaf is left at once */
	} else if (node->next_sibling) {
		walk->node = node->next_sibling;
		walk->is_entering = true;
	} else {
		walk->node = node->parent;
	}
	return walk->node != 0;
}
