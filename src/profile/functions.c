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

/** One function while it is being counted. */
struct tally {
	struct profile_function function;
	uint32_t n_on_path; /**< Frames of it between the root and the node being visited. */
};

DEFINE_VECTOR(tally_vector, struct tally)

struct function_counter {
	const struct profile *profile;
	struct tally_vector tallies;
	uint32_t *tally_of_frame; /**< By frame id. */

	/* By stack id; the trie upside down, to walk it from the root. */
	struct weight *weights;
	uint32_t *first_child;  /**< 0: none. */
	uint32_t *next_sibling; /**< 0: none. */
};

/** Merge the frames that differ only by line, file or flags. */
static void function_counter_number_frames(struct function_counter *counter)
{
	const struct profile_frame_vector *frames = &counter->profile->frames;
	struct id_set set = { 0 };

	counter->tally_of_frame = memory_allocate(frames->count, sizeof(uint32_t));
	for (size_t i = 0; i < frames->count; i++) {
		const struct profile_frame *frame = &frames->items[i];
		uint64_t hash = hash_u64((uint64_t)frame->name << 32 | frame->object);
		struct id_probe probe = id_set_probe(&set, hash);
		struct profile_function *function;
		uint32_t id;

		while ((id = id_probe_next(&probe)) != ID_NONE) {
			function = &counter->tallies.items[id].function;
			if (function->name == frame->name && function->object == frame->object)
				break;
		}
		if (id == ID_NONE) {
			id = (uint32_t)counter->tallies.count;
			function = &tally_vector_append_new(&counter->tallies)->function;
			function->name = frame->name;
			function->object = frame->object;
			id_set_add(&set, hash, id);
		}
		function->flags |= frame->flags;
		counter->tally_of_frame[i] = id;
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
		function = &counter->tallies.items[counter->tally_of_frame[frames[0]]].function;
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
		struct tally *tally = &counter->tallies.items[counter->tally_of_frame[frames[i]]];

		if (tally->n_on_path++ == 0) {
			tally->function.children_count += weight.count;
			tally->function.children_period += weight.period;
		}
	}
}

static void function_counter_leave(struct function_counter *counter, uint32_t stack)
{
	uint32_t n_frames;
	const uint32_t *frames = stack_frames(counter->profile, stack, &n_frames);

	for (uint32_t i = 0; i < n_frames; i++)
		counter->tallies.items[counter->tally_of_frame[frames[i]]].n_on_path--;
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

	function_counter_number_frames(&counter);
	function_counter_weigh_samples(&counter, event);
	function_counter_sum_up(&counter);
	function_counter_walk(&counter);

	profile_function_vector_clear(ret);
	for (size_t i = 0; i < counter.tallies.count; i++) {
		if (counter.tallies.items[i].function.children_count)
			profile_function_vector_append(ret, counter.tallies.items[i].function);
	}
	if (ret->count)
		qsort_r(ret->items, ret->count, sizeof(*ret->items), compare_functions,
			(void *)profile);

	free(counter.next_sibling);
	free(counter.first_child);
	free(counter.weights);
	free(counter.tally_of_frame);
	tally_vector_deinit(&counter.tallies);
}
