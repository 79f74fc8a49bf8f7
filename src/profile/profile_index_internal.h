#pragma once

/**
 * What finds equal entries of a profile again. Those of stacks and samples, which are large, are
 * made when they are needed and follow the tables they are of.
 */

#include "profile/id_set_internal.h"
#include "profile/profile.h"

#include <assert.h>

/**
 * A hash set of stacks whose slots hold the keys: a look-up waits for memory once. Holds the
 * stacks from 1 to count.
 */
struct stack_set {
	struct stack_slot *slots;
	uint32_t capacity; /**< A power of two, or 0. */
	uint32_t count;
};

struct sample_index {
	/**
	 * By stack: the sample met last, + 1; 0: the stack has none. Mostly that is the one, and
	 * a stack without any cannot have it.
	 */
	struct index_vector last_of_stack;
	size_t n_noted; /**< Samples known there. */
	struct id_set ids;
};

struct profile_index {
	struct id_set objects;
	struct id_set frames;
	struct id_set locations;
	struct stack_set stacks;
	struct id_set threads;
	struct sample_index samples;
};

void stack_set_deinit(struct stack_set *set);
void sample_index_deinit(struct sample_index *index);

/** Two words of 32 bits as one to hash. */
static inline uint64_t id_pair(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/** The id a new entry will get; the last one is kept free for ID_NONE. */
static inline uint32_t id_next(size_t count)
{
	assert(count < ID_NONE);
	return (uint32_t)count;
}
