#pragma once

/**
 * Strings stored once and named by number. Id 0 is always the empty string.
 * Equal text has equal ids, so ids are compared instead of text.
 */

#include "base/arena.h"
#include "base/hash_map.h"
#include "base/vector.h"

typedef uint32_t string_id;

struct string_key {
	const char *text;
	size_t length;
};

static inline uint64_t string_key_hash(struct string_key key)
{
	return hash_bytes(key.text, key.length);
}

static inline bool string_key_equal(struct string_key a, struct string_key b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

DEFINE_HASH_MAP(string_map, struct string_key, string_id, string_key_hash, string_key_equal)
DEFINE_VECTOR(string_vector, const char *)

/** For texts that belong to the vector: free them with it. */
static inline void string_vector_destroy_items(struct string_vector *vector)
{
	for (size_t i = 0; i < vector->count; i++)
		free((char *)vector->items[i]);
	string_vector_deinit(vector);
}

struct string_table {
	struct arena arena;
	struct string_map ids;
	struct string_vector texts; /**< By id. */
};

void string_table_init(struct string_table *table);
void string_table_deinit(struct string_table *table);

/** The id of @p text, stored if new. NULL counts as "". */
string_id string_table_intern(struct string_table *table, const char *text);

/** The same for text that is not NUL-terminated. Must hold no NUL. */
string_id string_table_intern_length(struct string_table *table, const char *text, size_t length);

/** The text of @p id, valid as long as the table. */
const char *string_table_text(const struct string_table *table, string_id id);
