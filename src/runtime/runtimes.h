#pragma once

/** The ways in which runtimes tell profilers of their code. */

#include "base/error.h"
#include "object/object.h"
#include "runtime/code_map.h"

/** One way. */
struct runtime {
	const char *name; /**< Of the file or protocol. */

	/** Add what @p process told. ERROR_NOT_FOUND: nothing, this way. */
	struct error *(*read)(const struct object_process *process,
			      struct code_map_builder *builder)MUST_CHECK;
};

/**
 * All that @p process told. Of two ways that name the same code, the later in the list counts.
 *
 * @return NULL or the first damage; @p ret holds what could be read all the same.
 */
struct error *runtimes_read(const struct object_process *process, struct code_map *ret) MUST_CHECK;
