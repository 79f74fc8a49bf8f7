#pragma once

/** Finds an ELF object's call frame information, wherever it is, and makes its table. */

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
