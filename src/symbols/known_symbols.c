#include "symbols/known_symbols_internal.h"

#include "symbols/symbol_table_file_internal.h"

/** With what changes the answers. NULL: there is no key. */
static char *answers_identity(struct object *object, const struct symbolizer_options *options)
{
	_cleanup_free_ char *identity = object_fingerprint(object);

	if (!identity)
		return NULL;
	return memory_format_text("%s%s%s%s", identity,
				  options->is_without_inlines ? " no-inlines" : "",
				  options->is_without_lines ? " no-lines" : "",
				  options->is_mangled ? " mangled" : "");
}

static struct cache_key answers_key(const char *identity)
{
	return (struct cache_key){
		.kind = "symbols",
		.version = SYMBOL_PIECES_VERSION,
		.identity = identity,
	};
}

void known_symbols_load(struct object *object, const struct symbolizer_options *options,
			struct known_symbols *ret)
{
	_cleanup_error_ struct error *error = NULL;
	struct cache_key key;

	*ret = (struct known_symbols){ 0 };
	if (options->cache)
		ret->identity = answers_identity(object, options);
	if (!ret->identity)
		return;
	key = answers_key(ret->identity);
	if (!cache_load(options->cache, &key, &ret->cached))
		return;
	error = symbol_pieces_read(ret->cached.content, &ret->pieces);
	if (!error)
		return;
	cache_note_damage(options->cache);
	cached_release(&ret->cached);
}

void known_symbols_deinit(struct known_symbols *known)
{
	cached_release(&known->cached);
	free(known->identity);
	*known = (struct known_symbols){ 0 };
}

void known_symbols_keep(const struct known_symbols *known, struct symbol_answer_vector *answers,
			const struct object *object, struct cache *cache,
			enum symbol_source_kind source_kind)
{
	struct byte_vector content = { 0 };
	struct cache_key key;

	if (!known->identity)
		return;
	key = answers_key(known->identity);
	symbol_pieces_write(&known->pieces, answers, source_kind, &content);
	cache_store(cache, &key, object->path, (struct bytes){ content.items, content.count });
	byte_vector_deinit(&content);
}

static struct cache_key table_key(const char *identity)
{
	return (struct cache_key){
		.kind = "table",
		.version = SYMBOL_TABLE_FILE_VERSION,
		.identity = identity,
	};
}

bool known_table_load(struct cache *cache, const char *identity, struct source_result *result)
{
	struct cache_key key;
	struct error *error;
	uint32_t kind;

	if (!identity)
		return false;
	key = table_key(identity);
	if (!cache_load(cache, &key, &result->cached))
		return false;
	error = symbol_table_file_read(result->cached.content, &result->table, &kind);
	if (!error && kind <= SYMBOLS_DEBUG) {
		result->kind = (enum symbol_source_kind)kind;
		return true;
	}
	error_destroy(error);
	cache_note_damage(cache);
	symbol_table_deinit(&result->table);
	cached_release(&result->cached);
	return false;
}

void known_table_keep(struct cache *cache, const char *identity, const char *label,
		      const struct symbol_table *table, enum symbol_source_kind kind)
{
	struct byte_vector content = { 0 };
	struct cache_key key;

	if (!identity)
		return;
	key = table_key(identity);
	symbol_table_file_write(table, kind, &content);
	cache_store(cache, &key, label, (struct bytes){ content.items, content.count });
	byte_vector_deinit(&content);
}
