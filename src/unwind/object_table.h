#pragma once

/** Finds an ELF object's call frame information, wherever it is, and makes its table. */

#include "cache/cache.h"
#include "object/object.h"
#include "unwind/unwind_table.h"

/**
 * @param object  Open.
 *
 * Order: .eh_frame; the part that PT_GNU_EH_FRAME points to, for files without
 * section headers; .debug_frame; and if there is none of them, .debug_frame of the
 * separate debug file.
 */
struct error *object_table_create(struct object *object, struct unwind_table **ret) MUST_CHECK;

/**
 * Where the functions of @p object begin and end, as far as its call frame information says; what
 * a compiler has split off from a function is one of its own. Appended, ascending by start.
 *
 * @param object  Open.
 */
void object_functions_read(struct object *object, struct cfi_fde_vector *ret);

/** The table that object_table_keep() kept for @p object, or NULL. */
struct unwind_table *object_table_load(struct object *object, struct cache *cache);

/** Keep @p table of @p object, if loading it will be quicker than making it. */
void object_table_keep(struct object *object, const struct unwind_table *table,
		       struct cache *cache);
