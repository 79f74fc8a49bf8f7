#pragma once

/** The ways in which runtimes tell profilers of their code. */

#include "base/error.h"
#include "object/object.h"
#include "runtime/code_map.h"
#include "runtime/runtime_text.h"

/** One way. */
struct runtime {
	const char *name; /**< Of the file or protocol. */

	/**
	 * Look what @p process told by now, when that does not say itself since when it holds.
	 * NULL: it does.
	 */
	struct error *(*watch)(const struct object_process *process, struct runtime_text *seen,
			       uint64_t now_ns)MUST_CHECK;

	/** Add what @p process told. ERROR_NOT_FOUND: nothing, this way. */
	struct error *(*read)(const struct object_process *process, struct runtime_text *seen,
			      struct code_map_builder *builder)MUST_CHECK;
};

#define N_RUNTIMES 2

/** What was seen of one process while it ran. All zero: nothing. */
struct runtime_watch {
	uint64_t last_ns;
	struct runtime_text texts[N_RUNTIMES];
};

/** See what @p process told by now. Costs little more often than that is worth it. */
void runtimes_watch(const struct object_process *process, struct runtime_watch *watch);

/**
 * All that @p process told. Of two ways that name the same code, the later in the list counts.
 *
 * @param watch  Of earlier looks.
 * @return NULL or the first damage; @p ret holds what could be read all the same.
 */
struct error *runtimes_read(const struct object_process *process, struct runtime_watch *watch,
			    struct code_map *ret) MUST_CHECK;

void runtime_watch_deinit(struct runtime_watch *watch);
