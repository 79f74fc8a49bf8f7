#pragma once

/** Plain text of at most LAYOUT_COLUMNS columns. Foreign text comes out harmless. */

#include "base/attributes.h"
#include "profile/summary.h"

#include <stdio.h>

#define LAYOUT_COLUMNS 80

/** A line with a title, underlined, after an empty line. */
void layout_write_heading(FILE *file, const char *title);

/** @p text broken at blanks, each line behind @p indent blanks. */
void layout_write_paragraph(FILE *file, unsigned int indent, const char *text);

/** The same with @p label in front of the first line; its width is @p label_columns. */
void layout_write_labelled(FILE *file, unsigned int indent, const char *label,
			   unsigned int label_columns, const char *text);

/** @p name made harmless, its middle left out ("...") when longer than @p columns; free() it. */
char *layout_shorten(const char *name, unsigned int columns);

/** A name on one line, shortened. */
void layout_write_name(FILE *file, const char *name, unsigned int columns);

/** The name of a function: in short (base/function_name.h) before it loses its middle. */
void layout_write_function(FILE *file, const char *name, unsigned int columns);

/** Room for a duration, and for what profile_format_share() and _count() write. */
#define LAYOUT_NUMBER_SIZE_BYTES PROFILE_NUMBER_SIZE_BYTES

/** "4.99 s", "37 ms", "12 us" */
void layout_format_duration(uint64_t duration_ns, char text[LAYOUT_NUMBER_SIZE_BYTES]);
