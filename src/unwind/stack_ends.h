#pragma once

/**
 * Functions below which no other is to be looked for: those that begin a stack without unwind
 * information that says so. Go's runtime notes which of its own are (object/go_table.h).
 */

#include "base/stack_end.h"
#include "base/vector.h"

#include <stdint.h>

struct object;

struct stack_end_range {
	uint64_t start, end; /**< Elf addresses; exclusive. */
	enum stack_end kind;
};

/** In order of address. */
DEFINE_VECTOR(stack_end_vector, struct stack_end_range)

/** Those of @p object, an open file, appended; nothing where it has none or is damaged. */
void stack_ends_find(struct object *object, struct stack_end_vector *ret);

/** How the stack of code at @p elf_address ends there, when that calls; NONE: it goes on. */
enum stack_end stack_ends_at(const struct stack_end_vector *ends, uint64_t elf_address);
