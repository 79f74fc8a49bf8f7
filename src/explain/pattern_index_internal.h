#pragma once

/**
 * Many patterns against many names. Literals are found through a hash map,
 * patterns with a star only tried when their first character fits, and each
 * text is held against them once.
 */

#include "explain/rule_internal.h"

DEFINE_HASH_MAP(literal_map, struct string_key, uint32_t, string_key_hash, string_key_equal)

/** One pattern of one rule. */
struct indexed_pattern {
	const struct pattern *pattern;
	uint32_t rule; /**< Bit number. */
	enum matcher_role role;
	uint32_t next; /**< Of the same list, + 1; 0: the last. */
};

DEFINE_VECTOR(indexed_pattern_vector, struct indexed_pattern)

struct pattern_index {
	size_t n_words; /**< 64-bit words for one bit a rule. */
	struct indexed_pattern_vector patterns;
	struct literal_map literals; /**< First of the list of equal literals, + 1. */
	uint32_t by_first_byte[256]; /**< Patterns that begin with it, + 1. */
	uint32_t open_start;         /**< Patterns that begin with a star, + 1. */
};

void pattern_index_init(struct pattern_index *index, size_t n_words);
void pattern_index_deinit(struct pattern_index *index);

void pattern_index_add(struct pattern_index *index, const struct rule_matcher *matcher,
		       uint32_t rule);

/** Or the rules that @p text matches into @p bits: N_ROLES runs of n_words. */
void pattern_index_match(const struct pattern_index *index, struct string_key text, uint64_t *bits);
