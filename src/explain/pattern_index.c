#include "explain/pattern_index_internal.h"

void pattern_index_init(struct pattern_index *index, size_t n_words)
{
	*index = (struct pattern_index){ .n_words = n_words };
}

void pattern_index_deinit(struct pattern_index *index)
{
	indexed_pattern_vector_deinit(&index->patterns);
	literal_map_deinit(&index->literals);
}

void pattern_index_add(struct pattern_index *index, const struct rule_matcher *matcher,
		       uint32_t rule)
{
	const struct pattern *pattern = &matcher->pattern;
	struct indexed_pattern *added = indexed_pattern_vector_append_new(&index->patterns);
	uint32_t *head;
	bool is_new;

	if (pattern_is_literal(pattern))
		head = literal_map_insert(&index->literals, pattern->pieces[0], &is_new);
	else if (pattern->is_open_start)
		head = &index->open_start;
	else
		head = &index->by_first_byte[(unsigned char)pattern->pieces[0].text[0]];
	*added = (struct indexed_pattern){ pattern, rule, matcher->role, *head };
	*head = (uint32_t)index->patterns.count;
}

/** @param head  First of the list, + 1. */
static void match_list(const struct pattern_index *index, uint32_t head, struct string_key text,
		       uint64_t *bits)
{
	while (head) {
		const struct indexed_pattern *candidate = &index->patterns.items[head - 1];
		uint64_t *word = &bits[candidate->role * index->n_words + candidate->rule / 64];
		uint64_t bit = UINT64_C(1) << candidate->rule % 64;

		if (!(*word & bit) && pattern_matches(candidate->pattern, text))
			*word |= bit;
		head = candidate->next;
	}
}

void pattern_index_match(const struct pattern_index *index, struct string_key text, uint64_t *bits)
{
	const uint32_t *literal = literal_map_find(&index->literals, text);

	if (literal)
		match_list(index, *literal, text, bits);
	if (text.length)
		match_list(index, index->by_first_byte[(unsigned char)text.text[0]], text, bits);
	match_list(index, index->open_start, text, bits);
}
