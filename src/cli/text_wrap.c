#include "cli/text_wrap.h"

#include <string.h>

void text_wrap_write(FILE *file, const char *text, size_t column, size_t indent)
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

		if (column + strlen(separator) + length > HELP_WIDTH_COLUMNS && column > indent) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
			separator = "";
		}
		fprintf(file, "%s%.*s", separator, (int)length, text);
		column += strlen(separator) + length;
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
