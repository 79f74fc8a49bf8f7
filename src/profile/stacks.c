#include "base/text_hash.h"
#include "profile/profile_index_internal.h"

#define CAPACITY_FIRST 64
#define STACKS_AHEAD   16

struct stack_slot {
	uint32_t parent, location;
	uint32_t id; /**< 0: free; the empty stack needs no slot. */
};

void stack_set_deinit(struct stack_set *set)
{
	free(set->slots);
	*set = (struct stack_set){ 0 };
}

/**
 * What is hashed is the path and not the parent's id: the places of many stacks are then known
 * before any of them was looked at, and can be fetched from memory together. With the depth, or
 * the hashes of a deep recursion would begin to repeat.
 */
static uint32_t stack_hash(uint32_t parent_hash, uint32_t location, size_t depth)
{
	return (uint32_t)text_hash_mix(id_pair(parent_hash, location) ^ TEXT_HASH_MULTIPLIER,
				       UINT64_C(0xd6e8feb86659fd93) + 2 * depth);
}

/** The slot of a stack, or the free one where it belongs. */
static struct stack_slot *find_slot(const struct stack_set *set, uint32_t parent, uint32_t location,
				    uint32_t hash)
{
	for (uint32_t index = hash;; index++) {
		struct stack_slot *slot = &set->slots[index & (set->capacity - 1)];

		if (!slot->id || (slot->location == location && slot->parent == parent))
			return slot;
	}
}

static void expect(const struct stack_set *set, uint32_t hash)
{
	__builtin_prefetch(&set->slots[hash & (set->capacity - 1)], 1);
}

static void stack_set_add(struct stack_set *set, const struct profile_stack_vector *stacks,
			  uint32_t id)
{
	const struct profile_stack *stack = &stacks->items[id];

	*find_slot(set, stack->parent, stack->location, stack->hash) = (struct stack_slot){
		.parent = stack->parent,
		.location = stack->location,
		.id = id,
	};
}

/** All stacks but the empty one, and room for one more; what was released is made again. */
static struct stack_set *stack_set(struct profile *profile)
{
	const struct profile_stack_vector *stacks = &profile->stacks;
	struct stack_set *set = &profile->index->stacks;

	if (stacks->count > set->capacity / 4 * 3) {
		uint32_t capacity = set->capacity ? set->capacity : CAPACITY_FIRST;

		while (stacks->count > capacity / 4 * 3) {
			assert(capacity <= UINT32_MAX / 2);
			capacity *= 2;
		}
		stack_set_deinit(set);
		set->slots = memory_allocate(capacity, sizeof(*set->slots));
		set->capacity = capacity;
	}
	while (set->count + 1 < stacks->count) {
		size_t later = (size_t)set->count + STACKS_AHEAD;

		/* When it is made anew, places of many are fetched at a time. */
		if (later < stacks->count)
			expect(set, stacks->items[later].hash);
		stack_set_add(set, stacks, ++set->count);
	}
	return set;
}

uint32_t profile_expect_stack(struct profile *profile, uint32_t parent_hash, uint32_t parent_depth,
			      uint32_t location)
{
	const struct stack_set *set = stack_set(profile);
	uint32_t hash = stack_hash(parent_hash, location, parent_depth);

	expect(set, hash);
	return hash;
}

static uint32_t add_stack(struct profile *profile, struct profile_stack stack)
{
	uint32_t id = id_next(profile->stacks.count);

	assert(stack.parent < id && stack.location < profile->locations.count);
	profile_stack_vector_append(&profile->stacks, stack);
	return id;
}

uint32_t profile_intern_stack(struct profile *profile, uint32_t parent, uint32_t location)
{
	uint32_t stack;

	profile_intern_stacks(profile, parent, &location, 1, &stack);
	return stack;
}

void profile_intern_stacks(struct profile *profile, uint32_t parent, const uint32_t *locations,
			   size_t n_locations, uint32_t *stacks_ret)
{
	const struct stack_set *set = stack_set(profile);
	struct profile_stack stack = profile->stacks.items[parent];
	bool is_known = true;

	for (size_t i = 0; i < n_locations; i++) {
		stack.hash = stack_hash(stack.hash, locations[i], stack.depth++);
		stack.parent = parent;
		stack.location = locations[i];
		/* Below a new stack all are. */
		if (is_known) {
			parent = find_slot(set, parent, locations[i], stack.hash)->id;
			is_known = parent;
		}
		if (!is_known)
			parent = add_stack(profile, stack);
		stacks_ret[i] = parent;
	}
}
