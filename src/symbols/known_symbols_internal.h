#pragma once

/** What the cache knows of one object: its symbol table, and answers found before. */

#include "symbols/symbol_pieces_internal.h"
#include "symbols/symbol_sources_internal.h"

/** Answers found before. All zero: none. */
struct known_symbols {
	char *identity; /**< NULL: nothing is kept of this object. */
	struct cached cached;
	struct symbol_pieces pieces;
};

void known_symbols_load(struct object *object, const struct symbolizer_options *options,
			struct known_symbols *ret);
void known_symbols_deinit(struct known_symbols *known);

/** Keep @p answers beside what is @p known already. Sorts them. */
void known_symbols_keep(const struct known_symbols *known, struct symbol_answer_vector *answers,
			const struct object *object, struct cache *cache,
			enum symbol_source_kind source_kind);

/** Find a table kept under @p identity (NULL: false); it borrows from result->cached. */
bool known_table_load(struct cache *cache, const char *identity, struct source_result *result);

void known_table_keep(struct cache *cache, const char *identity, const char *label,
		      const struct symbol_table *table, enum symbol_source_kind kind);
