#pragma once

/** Lines of a text input that were not understood: how many, and the first few to show. */

#include "input/line_reader.h"

#define STRANGE_LINES_SHOWN 3

struct strange_line {
	uint64_t number; /**< From 1. */
	char text[64];   /**< Its beginning, harmless to show (base/escape.h). */
};

/** All zero: none. Owns nothing. */
struct strange_lines {
	uint64_t count;
	struct strange_line shown[STRANGE_LINES_SHOWN]; /**< Of the first ones. */
};

/** Of a text of @p n_lines, blank ones and all: it is of another kind than it was taken for. */
static inline bool strange_lines_are_most(uint64_t n_strange, uint64_t n_lines)
{
	return n_strange > n_lines / 2;
}

/**
 * "NAME: line 3 is no WHAT: '...', nor are 7 more of 9 lines".
 *
 * @param lines  At least one.
 */
struct error *strange_lines_error(const struct strange_lines *lines, const char *name,
				  const char *what, uint64_t n_lines) MUST_CHECK;

/** The beginning of foreign text, harmless to show. Free with free(). */
char *text_span_show(struct text_span text);

/** Count @p line. @p number  From 1. */
void strange_lines_add(struct strange_lines *lines, uint64_t number, struct text_span line);
