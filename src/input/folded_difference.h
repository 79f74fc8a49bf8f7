#pragma once

/**
 * Two files of folded stacks side by side: "STACK BEFORE AFTER", as difffolded.pl writes it.
 * Stacks are text here: nothing in them is understood, so nothing is lost.
 */

#include "input/input_stream.h"
#include "input/strange_lines.h"

#include <stdio.h>

struct folded_difference;

/** @param is_hex_stripped  Numbers such as 0x7f00 are taken for equal, and written "0x...". */
struct folded_difference *folded_difference_create(bool is_hex_stripped);
void folded_difference_destroy(struct folded_difference *difference);

/** Add the counts of @p stream to one side. @p strange_ret: lines without a count. */
struct error *folded_difference_read(struct folded_difference *difference, bool is_after,
				     struct input_stream *stream,
				     struct strange_lines *strange_ret) MUST_CHECK;

/** In byte order. @p is_normalized: counts of before as if both had as many in all. */
void folded_difference_write(const struct folded_difference *difference, bool is_normalized,
			     FILE *file);
