#pragma once

/** An unwind table as the content of a file of the cache; its rows are used where they lie. */

#include "cache/cache.h"
#include "unwind/unwind_table.h"

/** Change it whenever the same sections could give other rules than before. */
#define UNWIND_TABLE_FILE_VERSION 2

/** Append the content. */
void unwind_table_write(const struct unwind_table *table, struct byte_vector *ret);

/**
 * The table in @p cached, which it takes over, also on failure. @p input is that of the table
 * that was written. Every number is checked: the walk relies on rules, not on files.
 */
struct error *unwind_table_read(struct cached *cached, const struct unwind_table_input *input,
				struct unwind_table **ret) MUST_CHECK;
