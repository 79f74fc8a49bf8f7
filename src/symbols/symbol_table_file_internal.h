#pragma once

/**
 * A symbol table as the content of a file of the cache: a header, the entries as they are in
 * memory, and one string pool. It is used where it lies.
 */

#include "base/bytes.h"
#include "symbols/symbol_table_internal.h"

/** Change it whenever the same object could get other symbols than before. */
#define SYMBOL_TABLE_FILE_VERSION 1

/** Append @p table and a number of the caller's. */
void symbol_table_file_write(const struct symbol_table *table, uint32_t tag,
			     struct byte_vector *ret);

/**
 * The table in @p content, which it borrows and which must outlive it. Fails unless every part
 * lies inside; that entries are sorted and names begin at names is left to the checksum, for
 * symbol_table_find() and symbol_table_name() stay inside whatever they hold.
 */
struct error *symbol_table_file_read(struct bytes content, struct symbol_table *ret,
				     uint32_t *tag_ret) MUST_CHECK;
