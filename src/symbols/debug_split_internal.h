#pragma once

/**
 * Split DWARF: the functions of a unit are in a .dwo file or in a package of them (.dwp); the
 * program has a skeleton with the addresses and the lines (DWARF 5 section 7.3.2).
 *
 * libdw opens .dwo files by itself, but only where they were compiled, only uncompressed ones,
 * and no packages (0.188).
 */

#include "symbols/debug_package_internal.h"

#include <elfutils/libdw.h>

/** One split unit, open. */
struct debug_split {
	struct object *file; /**< The .dwo; NULL: it is in a package. */
	struct split_sections sections;
	struct bytes addresses; /**< Of the program, from the skeleton's base on. */
	struct bytes ranges;    /**< Likewise, before DWARF 5. */
	uint64_t base_address;  /**< What offsets in range lists start from. */
	Elf *elf;
	void *elf_memory;
	Dwarf *dwarf;
	Dwarf_Die die;
};

/** A package of split units, or that there is none. */
struct debug_package {
	bool is_searched;
	struct object *file; /**< NULL: none. */
};

/** Whose debug information it is. All borrowed. */
struct debug_split_owner {
	struct object *object; /**< What was mapped. */
	struct object *holder; /**< That has the skeletons: the object or its debug file. */
	struct debug_package *package;
};

/**
 * Open the split unit of @p skeleton.
 *
 * @param name_ret  What is missing, when it is: borrowed from the skeleton; NULL: unknown.
 * @return NULL: it is not found.
 */
struct debug_split *debug_split_open(const struct debug_split_owner *owner, Dwarf_Die *skeleton,
				     const char **name_ret);

/** NULL is fine. */
void debug_split_close(struct debug_split *split);

void debug_package_close(struct debug_package *package);

typedef bool debug_range_handler(void *context, uint64_t start, uint64_t end);

/**
 * The address ranges of @p die of a split unit by its DW_AT_ranges.
 *
 * @param is_listed_ret  Whether it has one at all.
 * @return an error when the list is damaged; what came before it was handed out. Stops without
 *         one when @p handler returns false.
 */
struct error *debug_split_ranges(const struct debug_split *split, Dwarf_Die *die,
				 debug_range_handler *handler, void *context,
				 bool *is_listed_ret) MUST_CHECK;
