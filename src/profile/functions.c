/**
 * Functions of a profile by weight.
 *
 * The stacks form a trie, and an entry's parent always has a smaller id than the
 * entry. Weights of samples are summed towards the root in one pass; then a walk
 * over the trie credits each node's weight to the functions that are not on the
 * path above it already. So the cost is one step per stack node, however many
 * samples share it, and recursion counts a sample once.
 */

#include "profile/summary.h"

#include "profile/id_set_internal.h"

#include <assert.h>
#include <string.h>

struct weight {
	uint64_t count;
	uint64_t period;
};

struct function_counter {
	const struct profile *profile;
	struct profile_function_vector functions;
	uint32_t *function_of_frame; /**< By frame id. */
	uint32_t *n_on_path;         /**< By function: its frames above the node being visited. */

	/* By stack id; the trie upside down, to walk it from the root. */
	struct weight *weights;
	uint32_t *first_child;  /**< 0: none. */
	uint32_t *next_sibling; /**< 0: none. */
};

void profile_number_functions(const struct profile *profile,
			      struct profile_function_vector *functions_ret,
			      uint32_t *function_of_frame_ret)
{
	struct id_set set = { 0 };

	profile_function_vector_clear(functions_ret);
	for (size_t i = 0; i < profile->frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[i];
		uint64_t hash = hash_u64((uint64_t)frame->name << 32 | frame->object);
		struct id_probe probe = id_set_probe(&set, hash);
		struct profile_function *function;
		uint32_t id;

		while ((id = id_probe_next(&probe)) != ID_NONE) {
			function = &functions_ret->items[id];
			if (function->name == frame->name && function->object == frame->object)
				break;
		}
		if (id == ID_NONE) {
			id = (uint32_t)functions_ret->count;
			function = profile_function_vector_append_new(functions_ret);
			function->name = frame->name;
			function->object = frame->object;
			id_set_add(&set, hash, id);
		}
		function->flags |= frame->flags;
		function_of_frame_ret[i] = id;
	}
	id_set_deinit(&set);
}

/** @return the frame ids of a stack node's location. */
static const uint32_t *stack_frames(const struct profile *profile, uint32_t stack,
				    uint32_t *n_frames_ret)
{
	static const uint32_t unknown = PROFILE_FRAME_UNKNOWN;
	uint32_t id = profile->stacks.items[stack].location;
	const struct profile_location *location = &profile->locations.items[id];

	*n_frames_ret = location->n_frames ? location->n_frames : 1;
	return location->n_frames ? &profile->location_frames.items[location->first_frame]
				  : &unknown;
}

/** Own weight of each stack, self weight of each function. */
static void function_counter_weigh_samples(struct function_counter *counter, uint32_t event)
{
	const struct profile *profile = counter->profile;

	counter->weights = memory_allocate(profile->stacks.count, sizeof(*counter->weights));
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];
		struct profile_function *function;
		uint32_t n_frames;

		if (sample->event != event || sample->stack == 0)
			continue;
		counter->weights[sample->stack].count += sample->count;
		counter->weights[sample->stack].period += sample->period;

		const uint32_t *frames = stack_frames(profile, sample->stack, &n_frames);
		function = &counter->functions.items[counter->function_of_frame[frames[0]]];
		function->self_count += sample->count;
		function->self_period += sample->period;
	}
}

/** Sum towards the root, and link each node to its children. */
static void function_counter_sum_up(struct function_counter *counter)
{
	const struct profile_stack_vector *stacks = &counter->profile->stacks;

	counter->first_child = memory_allocate(stacks->count, sizeof(uint32_t));
	counter->next_sibling = memory_allocate(stacks->count, sizeof(uint32_t));
	for (uint32_t stack = (uint32_t)stacks->count - 1; stack > 0; stack--) {
		uint32_t parent = stacks->items[stack].parent;

		if (!counter->weights[stack].count)
			continue; /* nothing of this event here or below */
		assert(parent < stack);
		counter->weights[parent].count += counter->weights[stack].count;
		counter->weights[parent].period += counter->weights[stack].period;
		counter->next_sibling[stack] = counter->first_child[parent];
		counter->first_child[parent] = stack;
	}
}

static void function_counter_enter(struct function_counter *counter, uint32_t stack)
{
	struct weight weight = counter->weights[stack];
	uint32_t n_frames;
	const uint32_t *frames = stack_frames(counter->profile, stack, &n_frames);

	for (uint32_t i = 0; i < n_frames; i++) {
		uint32_t id = counter->function_of_frame[frames[i]];

		if (counter->n_on_path[id]++ == 0) {
			counter->functions.items[id].children_count += weight.count;
			counter->functions.items[id].children_period += weight.period;
		}
	}
}

static void function_counter_leave(struct function_counter *counter, uint32_t stack)
{
	uint32_t n_frames;
	const uint32_t *frames = stack_frames(counter->profile, stack, &n_frames);

	for (uint32_t i = 0; i < n_frames; i++)
		counter->n_on_path[counter->function_of_frame[frames[i]]]--;
}

/** Depth first, without recursion: stacks may be very deep. */
static void function_counter_walk(struct function_counter *counter)
{
	uint32_t stack = counter->first_child[0];

	while (stack != 0) {
		function_counter_enter(counter, stack);
		if (counter->first_child[stack]) {
			stack = counter->first_child[stack];
			continue;
		}
		function_counter_leave(counter, stack);
		while (stack != 0 && !counter->next_sibling[stack]) {
			stack = counter->profile->stacks.items[stack].parent;
			if (stack != 0)
				function_counter_leave(counter, stack);
		}
		if (stack != 0)
			stack = counter->next_sibling[stack];
	}
}

static int compare_functions(const void *left, const void *right, void *argument)
{
	const struct profile_function *a = left, *b = right;
	const struct profile *profile = argument;
	int order;

	if (a->self_period != b->self_period)
		return a->self_period < b->self_period ? 1 : -1;
	if (a->self_count != b->self_count) /* periods may be unknown */
		return a->self_count < b->self_count ? 1 : -1;
	if (a->children_period != b->children_period)
		return a->children_period < b->children_period ? 1 : -1;
	if (a->children_count != b->children_count)
		return a->children_count < b->children_count ? 1 : -1;
	if (a->name != b->name)
		return strcmp(profile_text(profile, a->name), profile_text(profile, b->name));
	order = strcmp(profile_text(profile, profile->objects.items[a->object].path),
		       profile_text(profile, profile->objects.items[b->object].path));
	return order ? order : (a->object > b->object) - (a->object < b->object);
}

void profile_functions_of(const struct profile *profile, uint32_t event,
			  struct profile_function_vector *ret)
{
	struct function_counter counter = { .profile = profile };

	counter.function_of_frame = memory_allocate(profile->frames.count, sizeof(uint32_t));
	profile_number_functions(profile, &counter.functions, counter.function_of_frame);
	counter.n_on_path = memory_allocate(counter.functions.count, sizeof(uint32_t));
	function_counter_weigh_samples(&counter, event);
	function_counter_sum_up(&counter);
	function_counter_walk(&counter);

	profile_function_vector_clear(ret);
	for (size_t i = 0; i < counter.functions.count; i++) {
		if (counter.functions.items[i].children_count)
			profile_function_vector_append(ret, counter.functions.items[i]);
	}
	if (ret->count)
		qsort_r(ret->items, ret->count, sizeof(*ret->items), compare_functions,
			(void *)profile);

	free(counter.next_sibling);
	free(counter.first_child);
	free(counter.weights);
	free(counter.n_on_path);
	free(counter.function_of_frame);
	profile_function_vector_deinit(&counter.functions);
}
