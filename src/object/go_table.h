#pragma once

/**
 * The table of functions that Go's runtime carries for its own tracebacks (.gopclntab), and that
 * strip(1) cannot take away.
 *
 * Format: src/internal/abi/symtab.go, src/runtime/symtab.go (pcHeader, functab) of the Go tree;
 * its older forms by the same names in older releases.
 */

#include "base/bytes.h"

struct object;

struct go_table {
	struct bytes bytes; /**< The section. */
	uint32_t magic;
	uint8_t pointer_size_bytes;
	uint64_t n_functions;
	uint64_t text_start; /**< What entries are relative to. */
	uint64_t names;      /**< Offset of the names. */
	uint64_t functions; /**< Offset of the entries, and what offsets of functions start from. */
	uint32_t entry_size_bytes; /**< Of each of an entry's two numbers. */
};

/** A function's flags, since Go 1.18 (FuncFlag in src/internal/abi/symtab.go). */
enum go_function_flags {
	/** Nothing calls it: the outermost frame of its stack. */
	GO_FUNCTION_IS_OUTERMOST = 1 << 0,
	/** It goes over to another stack: what it calls is the outermost frame there. */
	GO_FUNCTION_CHANGES_STACKS = 1 << 1,
};

struct go_function {
	uint64_t start, end; /**< Elf addresses. */
	uint32_t name;       /**< Offset in the names. */
	uint8_t flags;       /**< enum go_function_flags, and others */
};

/** @param is_found_ret  Whether @p object has such a table; if not, @p ret is left alone. */
struct error *go_table_find(struct object *object, struct go_table *ret,
			    bool *is_found_ret) MUST_CHECK;

typedef void go_function_callback(void *context, const struct go_function *function);

/** Call for each function, in order of address, until one cannot be read. */
struct error *go_table_each(const struct go_table *table, go_function_callback *callback,
			    void *context) MUST_CHECK;
