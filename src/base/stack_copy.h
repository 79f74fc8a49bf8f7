#pragma once

/** What was copied of a thread's stack at the moment of a sample, and what was missing. */

#include "base/bytes.h"

/** A run of its bytes, and where it lay. */
struct stack_piece {
	uint64_t address;   /**< Of the first byte, in the process. */
	struct bytes bytes; /**< Borrowed. */
};

/** From the stack pointer up, and further pieces, where somebody copied such. */
struct stack_copy {
	struct bytes bytes;               /**< The first is at the stack pointer. Borrowed. */
	const struct stack_piece *pieces; /**< Borrowed. */
	size_t n_pieces;
	/**
	 * What the kernel found following frame pointers at that moment: the instruction
	 * pointer, then return addresses, innermost first. Borrowed.
	 */
	const uint64_t *chain;
	size_t n_chain; /**< 0: nobody followed them. */
};

/** How far the walk of a stack came; 0: not at all. */
struct stack_extent {
	uint64_t missing; /**< The first word that it wanted and that was not copied. */
	uint64_t end;     /**< Where its outermost frame ends: the stack needs no more. */
};
