#pragma once

/** "Did you mean ...?": the known words nearest to a mistyped one. */

#include "base/vector.h"

DEFINE_VECTOR(word_vector, const char *)

/** No more than this many are worth reading. */
#define SUGGESTIONS_MAX 3

/**
 * Insertions, deletions, replacements and swaps of neighbours (optimal string
 * alignment) between two words, in bytes. Longer words than 63 bytes are far
 * from everything.
 */
size_t suggestion_distance(const char *a, const char *b);

/**
 * The nearest of @p words: those that are at most a third of their length away
 * from @p mistyped, or begin with it, best first, at most SUGGESTIONS_MAX.
 *
 * @param words  Borrowed; reordered.
 * @return "'--colors' or '--count'", to be freed, or NULL when none is near.
 *         @p prefix ("--" or "") is put before each.
 */
char *suggestion_make(const char *mistyped, struct word_vector *words, const char *prefix);
