#include "base/suggestion.h"

#include <limits.h>
#include <stdio.h>

#define WORD_LENGTH_MAX 63

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = MIN(a, b);

	return MIN(least, c);
}

size_t suggestion_distance(const char *a, const char *b)
{
	/* Three rows of the table: swaps look two rows back. */
	size_t rows[3][WORD_LENGTH_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_LENGTH_MAX || b_length > WORD_LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3],
		       *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least_of(above[j] + 1, row[j - 1] + 1,
					  above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

/** How far off @p word is; SIZE_MAX: too far to be meant. */
static size_t suggestion_rank(const char *mistyped, const char *word)
{
	size_t distance = suggestion_distance(mistyped, word);

	if (*mistyped && strncmp(word, mistyped, strlen(mistyped)) == 0)
		return 1;
	return distance <= MAX(strlen(word) / 3, 1u) && distance < strlen(word) ? distance
										: SIZE_MAX;
}

/** Take the best word out of @p words; NULL: none is near. */
static const char *take_nearest(const char *mistyped, struct word_vector *words)
{
	size_t best_index = 0, best_rank = SIZE_MAX;
	const char *best;

	for (size_t i = 0; i < words->count; i++) {
		size_t rank = suggestion_rank(mistyped, words->items[i]);

		if (rank < best_rank) {
			best_rank = rank;
			best_index = i;
		}
	}
	if (best_rank == SIZE_MAX)
		return NULL;
	best = words->items[best_index];
	words->count--;
	memmove(&words->items[best_index], &words->items[best_index + 1],
		(words->count - best_index) * sizeof(*words->items));
	return best;
}

char *suggestion_make(const char *mistyped, struct word_vector *words, const char *prefix)
{
	char *text = NULL;

	for (int i = 0; i < SUGGESTIONS_MAX; i++) {
		_cleanup_free_ char *before = text;
		const char *word = take_nearest(mistyped, words);

		if (!word) {
			before = NULL;
			break;
		}
		text = memory_format_text("%s%s'%s%s'", before ? before : "", before ? " or " : "",
					  prefix, word);
	}
	return text;
}
