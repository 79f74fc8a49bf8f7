#pragma once

/**
 * Where names come from. Each kind of object has one source; the order of the
 * list in symbol_sources.c is the policy. Adding a source is adding a line there.
 */

#include "runtime/runtimes.h"
#include "symbols/symbol_table_internal.h"
#include "symbols/symbolizer.h"

/** What a source found for one object. All zero: nothing. */
struct source_result {
	struct symbol_table table;
	struct code_map code;       /**< What the table is of, and source lines; or empty. */
	struct runtime_watch watch; /**< What its runtime was seen to tell before load(). */
	enum symbol_source_kind kind;
	char *problem;            /**< Heap, one line; NULL: none. */
	bool may_have_debug_info; /**< An ELF file: DWARF is worth a look. */
	struct cached cached;     /**< What the table borrows from, when it was kept before. */

	/** The table was kept and lacks what comes and goes: load without a cache on a miss. */
	bool is_partial;
};

struct symbol_source {
	const char *name;
	bool (*handles)(const struct object *object);
	void (*load)(struct object *object, const struct symbolizer_options *options,
		     struct source_result *result);
	/** Keep in the cache what load() found, if that is worth it; NULL: it never is. */
	void (*keep)(struct object *object, const struct symbolizer_options *options,
		     const struct source_result *result);
};

void source_result_deinit(struct source_result *result);

/** The first source that handles @p object; NULL: nothing can name it. */
const struct symbol_source *symbol_source_find(const struct object *object);
