#pragma once

/** A compiled fixture, opened as the symbolizer's callers do. */

#include "symbols/symbolizer.h"

struct fixture_program {
	struct object_registry *registry;
	struct object *object;
	struct symbolizer *symbolizer;
};

/** Open @p path; failing ends the test. */
void fixture_program_open(struct fixture_program *program, const char *path,
			  const struct symbolizer_options *options);
void fixture_program_close(struct fixture_program *program);

/** The elf address of a symbol of .symtab, whatever its type; ends the test if there is none. */
uint64_t fixture_program_symbol(const struct fixture_program *program, const char *name);

struct symbol_result fixture_program_resolve(struct fixture_program *program, uint64_t elf_address);
