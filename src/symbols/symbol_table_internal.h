#pragma once

/**
 * The sorted function symbols of one object, whatever they were read from.
 *
 * A builder collects candidates in any order; symbol_table_build() sorts them,
 * keeps the best name of each address and gives every symbol an end. Names are
 * not copied: an entry holds an offset into one of a few string pools.
 */

#include "base/vector.h"

/** Where the text of a name lies. Fits the two top bits of symbol_entry.name. */
enum symbol_pool {
	SYMBOL_POOL_MAIN,    /**< .strtab, kallsyms or a JIT map. */
	SYMBOL_POOL_DYNAMIC, /**< .dynstr. */
	SYMBOL_POOL_MADE,    /**< Made up here: `name@plt`. Owned by the table. */
	SYMBOL_POOL_NONE,    /**< Always empty: candidates that only bound others. */
	N_SYMBOL_POOLS,
};

/** String pools larger than this are not used beyond it (two bits name the pool). */
#define SYMBOL_POOL_SIZE_MAX_BYTES (UINT32_C(1) << 30)

/** More symbols than this in one object are not believed (librustc_driver has 165,000). */
#define SYMBOL_COUNT_MAX (UINT32_C(1) << 26)

/** The better binding wins an address, in this order. */
enum symbol_binding {
	SYMBOL_BINDING_GLOBAL,
	SYMBOL_BINDING_WEAK,
	SYMBOL_BINDING_LOCAL,
};

struct symbol_candidate {
	uint64_t address;
	uint64_t end; /**< First address after it; of an unsized one: the farthest it can reach. */
	uint32_t name_offset;
	uint8_t pool;    /**< enum symbol_pool */
	uint8_t binding; /**< enum symbol_binding */
	bool is_sized;
};

DEFINE_VECTOR(symbol_candidate_vector, struct symbol_candidate)

/** 16 bytes a symbol: big programs have a hundred thousand. */
struct symbol_entry {
	uint64_t address;
	uint32_t size_bytes; /**< Never 0. */
	uint32_t name;       /**< Pool in the two top bits, offset in the others. */
};

struct symbol_pool_text {
	const char *text;
	uint32_t size_bytes; /**< Ends with a NUL, or is 0. */
};

/** An all-zero struct is an empty table (and an empty builder). */
struct symbol_table {
	struct symbol_entry *entries; /**< Ascending; one an address; may be nested. */
	size_t count;
	struct symbol_pool_text pools[N_SYMBOL_POOLS];
	struct byte_vector made_names; /**< Text of SYMBOL_POOL_MADE. */
	void *owned_text;              /**< Freed with the table; NULL: pools are borrowed. */
	bool has_borrowed_entries;
};

struct symbol_table_builder {
	struct symbol_candidate_vector candidates;
	struct symbol_table table; /**< Its pools are filled before the build, its entries by it. */
};

/** Use @p text as a pool, as far as it is terminated and within the limit. Borrowed. */
void symbol_table_set_pool(struct symbol_table *table, enum symbol_pool pool, const char *text,
			   size_t size_bytes);

/** Add a name of our own making; its offset in SYMBOL_POOL_MADE ("" when that is full). */
uint32_t symbol_table_make_name(struct symbol_table *table, const char *name, const char *suffix);

/** Ascending by address, the best name of each address first. */
void symbol_table_builder_sort(struct symbol_table_builder *builder);

/** Sort, choose and clip. Empties the builder. */
void symbol_table_build(struct symbol_table_builder *builder, struct symbol_table *ret);

void symbol_table_deinit(struct symbol_table *table);

const char *symbol_table_name(const struct symbol_table *table, const struct symbol_entry *entry);

/** The addresses from @p start to @p end where symbol_table_find() may change its answer. */
void symbol_table_boundaries(const struct symbol_table *table, uint64_t start, uint64_t end,
			     struct address_vector *addresses_ret);

/**
 * The innermost symbol that covers @p address, or NULL.
 *
 * @param hint  In and out: where the last search ended, 0 at first. Ascending
 *              addresses make a merge of the searches.
 */
const struct symbol_entry *symbol_table_find(const struct symbol_table *table, uint64_t address,
					     size_t *hint);
