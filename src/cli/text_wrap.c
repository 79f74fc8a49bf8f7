#include "cli/text_wrap.h"

#include <string.h>

/** Characters of UTF-8 text; wide ones count as one. */
static size_t count_columns(const char *text, size_t length)
{
	size_t n_columns = 0;

	for (size_t i = 0; i < length; i++)
		n_columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n_columns;
}

void text_wrap_write(FILE *file, const char *text, size_t column, size_t indent)
{
	text_wrap_write_columns(file, text, column, indent, HELP_WIDTH_COLUMNS);
}

void text_wrap_write_columns(FILE *file, const char *text, size_t column, size_t indent,
			     size_t width_columns)
{
	const char *separator = "";

	if (column > indent) {
		fputc('\n', file);
		column = 0;
	}
	fprintf(file, "%*s", (int)(indent - column), "");
	column = indent;
	while (*text) {
		size_t length = strcspn(text, " \n");
		size_t n_columns = count_columns(text, length);

		if (column + strlen(separator) + n_columns > width_columns && column > indent) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
			separator = "";
		}
		fprintf(file, "%s%.*s", separator, (int)length, text);
		column += strlen(separator) + n_columns;
		text += length;
		separator = " ";
		if (*text == '\n') {
			fprintf(file, "\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
			column = indent;
			separator = "";
		}
		if (*text)
			text++;
	}
	fputc('\n', file);
}
