#pragma once

/**
 * DWARF packages (.dwp): many .dwo files in one, with an index by dwo id. Formats: DWARF 5
 * section 7.3.5; before that the GNU one (gcc.gnu.org/wiki/DebugFissionDWP).
 */

#include "base/error.h"
#include "object/object.h"

/** The parts of one split unit; those a .dwo or package does not have are empty. */
struct split_sections {
	struct bytes info, abbreviations, texts, text_offsets, range_lists;
};

/** The whole sections of @p object, a .dwo file or a package. */
void split_sections_read(struct object *object, struct split_sections *ret);

/**
 * Narrow @p sections, of a package, to what belongs to unit @p dwo_id.
 *
 * @param index  .debug_cu_index.
 * @return ERROR_NOT_FOUND when it is not in there, ERROR_FORMAT when the index is damaged.
 */
struct error *split_sections_narrow(struct split_sections *sections, struct bytes index,
				    uint64_t dwo_id) MUST_CHECK;
