#include "base/escape.h"

#include "base/memory.h"
#include "base/text_stream.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

size_t escape_decode_utf8(const char *text, size_t size_bytes, unsigned int *character_ret)
{
	const unsigned char *data = (const unsigned char *)text;
	unsigned int character, least;
	size_t length;

	if (size_bytes == 0)
		return 0;
	if (data[0] < 0x80) {
		*character_ret = data[0];
		return 1;
	}
	if ((data[0] & 0xe0) == 0xc0) {
		length = 2;
		least = 0x80;
		character = data[0] & 0x1f;
	} else if ((data[0] & 0xf0) == 0xe0) {
		length = 3;
		least = 0x800;
		character = data[0] & 0x0f;
	} else if ((data[0] & 0xf8) == 0xf0) {
		length = 4;
		least = 0x10000;
		character = data[0] & 0x07;
	} else {
		return 0;
	}
	if (length > size_bytes)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (data[i] & 0x3f);
	}
	if (character < least || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*character_ret = character;
	return length;
}

/**
 * C0, DEL, C1, line separators, bidirectional marks and overrides: what a terminal
 * or a reader's eye may take for a command. Noncharacters are not allowed in XML 1.0.
 */
static bool is_control(unsigned int character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
	       (character >= 0x200e && character <= 0x200f) ||
	       (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069) || character == 0x2028 ||
	       character == 0x2029 || character == 0xfeff || (character & 0xfffe) == 0xfffe;
}

bool escape_is_plain_text(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		unsigned int character = *(const unsigned char *)text;
		size_t length = character < 0x7f ? 1 : escape_decode_utf8(text, left, &character);

		if (!length || is_control(character))
			return false;
		text += length;
		left -= length;
	}
	return true;
}

/** Writes one character that needs a form of its own; false: copy it as it is. */
typedef bool special_writer(FILE *file, unsigned int character);

static void escape_write(FILE *file, const char *text, special_writer *write_special)
{
	size_t left = strlen(text);
	const char *pending = text; /* copied in runs: names are mostly plain */

	while (left > 0) {
		unsigned int character = 0xfffd;
		size_t length = escape_decode_utf8(text, left, &character);
		bool is_plain_ascii = length == 1 && character >= 0x20 && character < 0x7f &&
				      !strchr("\"'&<>;\\", (int)character);

		if (!is_plain_ascii) {
			fwrite(pending, 1, (size_t)(text - pending), file);
			if (length == 0) {
				fputs(REPLACEMENT, file);
				length = 1;
			} else if (!write_special(file, character)) {
				fwrite(text, 1, length, file);
			}
			pending = text + length;
		}
		text += length;
		left -= length;
	}
	fwrite(pending, 1, (size_t)(text - pending), file);
}

static bool write_special_plain(FILE *file, unsigned int character)
{
	if (character == '\t')
		fputc(' ', file);
	else if (is_control(character))
		fputs(REPLACEMENT, file);
	else
		return false;
	return true;
}

static bool write_special_xml(FILE *file, unsigned int character)
{
	switch (character) {
	case '&':
		fputs("&amp;", file);
		return true;
	case '<':
		fputs("&lt;", file);
		return true;
	case '>':
		fputs("&gt;", file);
		return true;
	case '"':
		fputs("&quot;", file);
		return true;
	case '\'':
		fputs("&#39;", file);
		return true;
	default:
		return write_special_plain(file, character);
	}
}

static bool write_special_json(FILE *file, unsigned int character)
{
	switch (character) {
	case '"':
	case '\\':
		fprintf(file, "\\%c", (int)character);
		return true;
	case '<': /* so that </script> and <!-- cannot appear */
	case '>':
	case '&':
	case 0x2028: /* line ends in JavaScript, not in JSON */
	case 0x2029:
		break;
	default:
		/* Above U+FFFF an escape would need a surrogate pair; nothing there needs one. */
		if (!is_control(character) || character > 0xffff)
			return false;
	}
	fprintf(file, "\\u%04x", character);
	return true;
}

static bool write_special_folded(FILE *file, unsigned int character)
{
	if (character == ';')
		fputc(':', file);
	else if (is_control(character))
		fputc(' ', file);
	else
		return false;
	return true;
}

void escape_write_plain(FILE *file, const char *text)
{
	escape_write(file, text, write_special_plain);
}

char *escape_plain(const char *text)
{
	char *escaped = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&escaped, &size_bytes);

	escape_write_plain(file, text);
	text_stream_close(file, &escaped);
	return escaped;
}

void escape_write_xml(FILE *file, const char *text)
{
	escape_write(file, text, write_special_xml);
}

void escape_write_json(FILE *file, const char *text)
{
	escape_write(file, text, write_special_json);
}

void escape_write_folded(FILE *file, const char *text)
{
	escape_write(file, text, write_special_folded);
}

static size_t longest_backtick_run(const char *text)
{
	size_t longest = 0;

	for (; *text; text++) {
		size_t run = strspn(text, "`");

		longest = MAX(longest, run);
		text += run ? run - 1 : 0;
	}
	return longest;
}

/** A span is fenced by more backticks than it holds in a row; a blank keeps those apart. */
static void write_code_span(FILE *file, const char *text, bool is_in_cell)
{
	_cleanup_free_ char *harmless = escape_plain(text);
	size_t fence = longest_backtick_run(harmless) + 1;
	bool is_padded = fence > 1;

	if (!*harmless)
		return;
	for (size_t i = 0; i < fence; i++)
		fputc('`', file);
	if (is_padded)
		fputc(' ', file);
	for (const char *from = harmless; *from; from++) {
		/* After a backslash, renderers disagree about what \| means. */
		if (is_in_cell && *from == '|')
			fputs(from > harmless && from[-1] == '\\' ? "\xc2\xa6" : "\\|", file);
		else
			fputc(*from, file);
	}
	if (is_padded)
		fputc(' ', file);
	for (size_t i = 0; i < fence; i++)
		fputc('`', file);
}

void escape_write_markdown(FILE *file, const char *text)
{
	write_code_span(file, text, false);
}

void escape_write_markdown_cell(FILE *file, const char *text)
{
	write_code_span(file, text, true);
}
