#pragma once

#include "base/vector.h"

/** Owned strings, for argument vectors and environments. */
DEFINE_VECTOR(text_vector, char *)

static inline void text_vector_append_copy(struct text_vector *vector, const char *text)
{
	text_vector_append(vector, memory_duplicate_text(text));
}

/** The items with a NULL behind the last, as execve(2) wants them; borrowed. */
static inline char **text_vector_terminated(struct text_vector *vector)
{
	text_vector_reserve(vector, vector->count + 1);
	vector->items[vector->count] = NULL;
	return vector->items;
}

static inline void text_vector_destroy_items(struct text_vector *vector)
{
	for (size_t i = 0; i < vector->count; i++)
		free(vector->items[i]);
	text_vector_deinit(vector);
}
