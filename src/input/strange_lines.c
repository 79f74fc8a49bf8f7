#include "input/strange_lines.h"

#include "base/escape.h"
#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

/** So many bytes of a line are looked at: escaped, each may become three. */
#define SHOWN_MAX_BYTES 60

#define ELLIPSIS "\xe2\x80\xa6"

/** Copy as much as fits without cutting a character in two. */
static void copy_cut(char *ret, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size) {
		length = size - sizeof(ELLIPSIS);
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
		memcpy(ret + length, ELLIPSIS, sizeof(ELLIPSIS));
	} else {
		ret[length] = '\0';
	}
	memcpy(ret, text, length);
}

char *text_span_show(struct text_span text)
{
	size_t length = MIN(text.length, (size_t)SHOWN_MAX_BYTES);
	_cleanup_free_ char *copy = memory_allocate(length + 1, 1);

	for (size_t i = 0; i < length; i++)
		copy[i] = text.start[i] ? text.start[i] : ' ';
	return escape_plain(copy);
}

void strange_lines_add(struct strange_lines *lines, uint64_t number, struct text_span line)
{
	_cleanup_free_ char *plain = NULL;
	struct strange_line *shown;

	if (lines->count++ >= STRANGE_LINES_SHOWN)
		return;
	plain = text_span_show(line);
	shown = &lines->shown[lines->count - 1];
	shown->number = number;
	copy_cut(shown->text, sizeof(shown->text), plain);
}

struct error *strange_lines_error(const struct strange_lines *lines, const char *name,
				  const char *what, uint64_t n_lines)
{
	return error_new(ERROR_FORMAT,
			 "%s: line %" PRIu64 " is no %s: '%s', nor are %" PRIu64 " more of %" PRIu64
			 " lines",
			 name, lines->shown[0].number, what, lines->shown[0].text, lines->count - 1,
			 n_lines);
}
