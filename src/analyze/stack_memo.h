#pragma once

/**
 * Stacks that were resolved before, by the call chain as the recorder wrote it. Most samples of
 * a recording have a chain that others of their process have: what its addresses are need not be
 * found again. In bounded memory, whatever is in the recording.
 */

#include "base/stack_end.h"
#include "base/vector.h"
#include "record/record.h"

/** 32 bytes: two in a line of the cache. */
struct stack_memo_entry {
	uint64_t generation; /**< It is good in this one only, and free in others. */
	uint32_t hash;
	uint32_t first; /**< Of its addresses, in stack_memo.addresses. */
	uint32_t n_addresses;
	uint32_t pid;
	uint32_t stack; /**< In the profile. */
	uint16_t misc;  /**< The bits of it that matter. */
	uint16_t end;   /**< enum stack_end */
};

/** All zero: empty. */
struct stack_memo {
	struct stack_memo_entry *entries; /**< Open addressing. */
	size_t capacity;                  /**< A power of two, or 0. */
	size_t n_entries;                 /**< Of this generation. */
	uint64_t generation;
	struct address_vector addresses;
};

void stack_memo_deinit(struct stack_memo *memo);

/** Forget all: addresses may mean something else from here on. */
void stack_memo_forget(struct stack_memo *memo);

/**
 * Where the stack of @p record is or will be; its hash is then set.
 *
 * @return whether it is known; then stack and end are set.
 */
bool stack_memo_find(struct stack_memo *memo, const struct record *record,
		     struct stack_memo_entry **ret);

/**
 * Keep what @p record was found to be in @p entry, which stack_memo_find() gave for it. When there
 * is no room, all others are forgotten.
 */
void stack_memo_keep(struct stack_memo *memo, const struct record *record,
		     struct stack_memo_entry *entry, uint32_t stack, enum stack_end end);
