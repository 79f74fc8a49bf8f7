#pragma once

/** Where inside a function samples are: by address and by source line. */

#include "profile/profile.h"

struct annotated_address {
	uint64_t elf_address;
	uint64_t weight;
	uint64_t count;
	string_id file; /**< Of the innermost function there, which may be inlined; 0: unknown. */
	uint32_t line;
};

struct annotated_line {
	string_id file;
	uint32_t line;
	uint64_t weight;
};

DEFINE_VECTOR(annotated_address_vector, struct annotated_address)
DEFINE_VECTOR(annotated_line_vector, struct annotated_line)

/** A function as the linker knows it, with what is inlined into it. */
struct annotated_function {
	uint32_t object;
	string_id name;
	uint64_t start_elf_address; /**< The lowest address met when the symbol is not known. */
	uint64_t weight, count;
	struct annotated_address_vector addresses; /**< Ascending. */
};

DEFINE_VECTOR(annotated_function_vector, struct annotated_function)

struct annotation {
	struct annotated_function_vector functions; /**< Heaviest first. */
	uint64_t weight;                            /**< Of all samples. */
	bool has_periods;                           /**< Weights are periods; otherwise samples. */
};

/** Of the samples of @p event that were in a function itself. */
void annotation_init(struct annotation *ret, const struct profile *profile, uint32_t event);
void annotation_deinit(struct annotation *annotation);

/** The lines of @p function by file (as the ids are) and number. Replaces @p ret. */
void annotation_lines(const struct annotated_function *function, struct annotated_line_vector *ret);
