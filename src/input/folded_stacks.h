#pragma once

/** Distinct stacks of names and what they weigh, written as folded lines. */

#include "base/string_table.h"

#include <stdio.h>

struct folded_stack {
	uint64_t hash;     /**< 0: the slot is free. */
	size_t first_name; /**< Into folded_stacks.names. */
	uint32_t n_names;
	uint64_t weight;
};

/** A stack that was added and not looked for yet. */
struct pending_stack {
	uint64_t hash, weight;
	size_t first_name; /**< Into folded_stacks.pending_names. */
	uint32_t n_names;
};

/** Stacks are looked for some at a time: they come from memory together, not one by one. */
#define FOLDED_STACKS_PENDING 32

struct folded_stacks {
	struct folded_stack *slots; /**< Open addressing; the capacity is a power of two. */
	size_t count, capacity;
	struct index_vector names;

	struct pending_stack pending[FOLDED_STACKS_PENDING];
	size_t n_pending;
	struct index_vector pending_names;
};

void folded_stacks_init(struct folded_stacks *stacks);
void folded_stacks_deinit(struct folded_stacks *stacks);

/**
 * Add @p weight, up to UINT64_MAX in all, to a stack.
 *
 * @param names  The thread's name, then the functions from the innermost on. Copied.
 */
void folded_stacks_add(struct folded_stacks *stacks, const string_id *names, size_t n_names,
		       uint64_t weight);

/** To be called after the last stack was added: until then the count is not the whole one. */
void folded_stacks_settle(struct folded_stacks *stacks);

/** The stacks with the names of @p table, as sort(1) would put the lines. Write errors are left in
 * @p file. */
void folded_stacks_write(const struct folded_stacks *stacks, const struct string_table *table,
			 FILE *file);
