#include "explain/layout_internal.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/function_name.h"
#include "base/memory.h"

#include <string.h>

/* Names are shown without their middle, so that both the namespace and the end stay readable. */
#define ELLIPSIS "..."

static bool is_continuation_byte(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/** Characters of UTF-8 text; wide ones count as one. */
static size_t text_columns(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += !is_continuation_byte(text[i]);
	return columns;
}

/** Byte offset of character @p column. */
static size_t offset_of_column(const char *text, size_t column)
{
	size_t offset = 0;

	while (text[offset]) {
		if (!is_continuation_byte(text[offset]) && column-- == 0)
			break;
		offset++;
	}
	return offset;
}

void layout_write_heading(FILE *file, const char *title)
{
	fprintf(file, "\n%s\n", title);
	for (size_t i = 0; i < strlen(title); i++)
		fputc('-', file);
	fputc('\n', file);
}

/** Words from column @p column on, later lines behind @p indent blanks; ends the line. */
static void write_words(FILE *file, unsigned int indent, unsigned int column, const char *text)
{
	bool is_first = true;

	while (*text) {
		size_t length = strcspn(text, " ");
		size_t columns = text_columns(text, length);

		if (length && !is_first && column + 1 + columns > LAYOUT_COLUMNS) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
			is_first = true;
		}
		if (length) {
			fprintf(file, "%s%.*s", is_first ? "" : " ", (int)length, text);
			column += !is_first + (unsigned int)columns;
			is_first = false;
		}
		text += length + (text[length] == ' ');
	}
	fputc('\n', file);
}

void layout_write_paragraph(FILE *file, unsigned int indent, const char *text)
{
	_cleanup_free_ char *plain = escape_plain(text);

	fprintf(file, "%*s", (int)indent, "");
	write_words(file, indent, indent, plain);
}

void layout_write_labelled(FILE *file, unsigned int indent, const char *label,
			   unsigned int label_columns, const char *text)
{
	_cleanup_free_ char *plain = escape_plain(text);

	fprintf(file, "%*s%-*s", (int)indent, "", (int)label_columns, label);
	write_words(file, indent + label_columns, indent + label_columns, plain);
}

char *layout_shorten(const char *name, unsigned int columns_most)
{
	char *plain = escape_plain(name), *shortened;
	size_t columns = text_columns(plain, strlen(plain));
	size_t kept, front;

	if (columns <= columns_most)
		return plain;
	kept = columns_most - strlen(ELLIPSIS);
	front = kept / 2;
	shortened =
		memory_format_text("%.*s" ELLIPSIS "%s", (int)offset_of_column(plain, front), plain,
				   plain + offset_of_column(plain, columns - (kept - front)));
	free(plain);
	return shortened;
}

void layout_write_name(FILE *file, const char *name, unsigned int columns)
{
	_cleanup_free_ char *shortened = layout_shorten(name, columns);

	fputs(shortened, file);
}

void layout_write_function(FILE *file, const char *name, unsigned int columns)
{
	_cleanup_free_ char *plain = escape_plain(name), *in_short = NULL;

	if (text_columns(plain, strlen(plain)) > columns)
		in_short = function_name_shorten(plain, ELLIPSIS);
	layout_write_name(file, in_short ? in_short : plain, columns);
}

void layout_format_duration(uint64_t duration_ns, char text[LAYOUT_NUMBER_SIZE_BYTES])
{
	if (duration_ns >= NS_PER_S)
		snprintf(text, LAYOUT_NUMBER_SIZE_BYTES, "%.2f s",
			 (double)duration_ns / (double)NS_PER_S);
	else if (duration_ns >= NS_PER_MS)
		snprintf(text, LAYOUT_NUMBER_SIZE_BYTES, "%.0f ms",
			 (double)duration_ns / (double)NS_PER_MS);
	else
		snprintf(text, LAYOUT_NUMBER_SIZE_BYTES, "%.0f us", (double)duration_ns / 1000);
}
