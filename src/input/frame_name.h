#pragma once

/** Names as a flame graph shows them, from the names in `perf script` text. */

#include "base/string_table.h"
#include "input/line_reader.h"

/** How stackcollapse-perf.pl would show it. */
struct frame_name_style {
	bool is_java;       /**< The thread's name begins with "java". */
	bool has_addresses; /**< "[OBJECT <ADDRESS>]" where there is no symbol. */
	bool marks_kernel, marks_jit;
};

/** One function of a frame line; a Java runtime's line has one for each inlined function. */
struct frame_part {
	struct text_span name; /**< As in the text. */
	struct text_span object;
	struct text_span address;
	bool is_inlined; /**< Into the part before it. */
};

/** No symbol and no object. */
bool frame_part_is_unknown(const struct frame_part *part);

/**
 * Append the readable name of @p part to @p text: "[object]" for "[unknown]", without the
 * parameter list, quotes and, in Java, the 'L' before class names; then the marks.
 */
void frame_part_append_name(const struct frame_part *part, const struct frame_name_style *style,
			    struct byte_vector *text);

/** The id of @p text made harmless: a single frame of valid UTF-8 without control characters. */
string_id frame_name_intern(struct string_table *names, const char *text, size_t length);

/**
 * The next part of "OUTER->INNER", from @p at on; false: no more. Empty parts at
 * the end do not count.
 */
bool frame_next_part(struct text_span function, size_t *at, struct text_span *ret);
