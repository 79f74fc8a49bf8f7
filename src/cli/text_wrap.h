#pragma once

#include <stddef.h>
#include <stdio.h>

/** Help text is laid out for this width whatever the terminal, so that it is the same everywhere.
 */
#define HELP_WIDTH_COLUMNS 80

/**
 * Write @p text broken at blanks so that no line passes HELP_WIDTH_COLUMNS,
 * lines after the first indented, and a newline at the end. "\n" in the text
 * is kept.
 *
 * @param column  Where the cursor is now; if past @p indent, a new line comes first.
 */
void text_wrap_write(FILE *file, const char *text, size_t column, size_t indent);

/** The same for another width; for UTF-8 too. */
void text_wrap_write_columns(FILE *file, const char *text, size_t column, size_t indent,
			     size_t width_columns);
