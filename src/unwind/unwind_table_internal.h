#pragma once

/** What is inside an unwind table: for its builder and for the file it is kept in. */

#include "base/vector.h"
#include "cache/cache.h"
#include "unwind/unwind_table.h"

#define PAGE_SHIFT 16
#define RULES_MAX  UINT32_C(0x10000)

/** Rules every table has, by number. */
enum fixed_rule {
	FIXED_RULE_GAP,
	FIXED_RULE_BAD,
	N_FIXED_RULES,
};

/** Call frame instructions to be run again for rules of kind FULL. In order of start and end. */
struct full_part {
	struct cfi_fde fde;
	uint32_t section_index;
	bool is_found; /**< false: of a table from a file, only start and end are set. */
};

DEFINE_VECTOR(rule_vector, struct unwind_rule)
DEFINE_VECTOR(saves_vector, struct unwind_saves)
DEFINE_VECTOR(full_part_vector, struct full_part)

struct unwind_table {
	uint64_t start; /**< Elf address of the first page. */
	uint32_t n_pages;
	uint32_t *page_first_rows; /**< n_pages + 1: by page, number of its first row. */
	struct index_vector rows;  /**< Ascending by address: its low 16 bits, the rule's number. */
	struct rule_vector rules;
	struct saves_vector saves;
	struct full_part_vector full_parts;
	struct cfi **sections; /**< Kept for the full parts. */
	size_t n_sections;
	struct unwind_table_statistics statistics;

	/* Of a table from a file only: */
	struct cached cached; /**< What rows borrows from. */
	bool has_found_full_parts;
	const struct architecture *architecture;
	struct cfi_section *section_inputs; /**< n_sections, to find the full parts in. */
};

/** Look the instructions of the full parts up in their sections, once. */
void unwind_table_find_full_parts(struct unwind_table *table);
