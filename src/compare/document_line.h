#pragma once

/** One line about a comparison for a changelog or a document about performance. */

#include "compare/verdict.h"

/**
 * "10K ports: 117.0 ms → 39.0 ms, 67 % faster (64–70 %)", or "…, no difference shown (±1.8 %)".
 * Free with free().
 *
 * @param label  What was measured; plain text.
 */
char *document_line(const struct comparison *comparison, size_t side, const char *label);

/**
 * @p text with the line about @p label, perhaps after "- " or "* ", replaced by @p line; when
 * there is none, with it appended as an item of a list. Free with free().
 *
 * @param label  What such a line begins with, before ": ".
 */
char *document_replace_line(const char *text, const char *label, const char *line);
