#include "output/flamegraph_internal.h"

#include "base/escape.h"
#include "base/function_name.h"

#define ELLIPSIS "\xe2\x80\xa6"

/** Shorter pieces of a name say nothing. */
#define LABEL_CHARACTERS_MIN 3

/** How far back from where a name must be cut a word boundary is looked for. */
#define BOUNDARY_SEARCH_BYTES 6

/** Advance widths in 1/100 of the font size, about those of the widest usual sans-serif fonts. */
static unsigned int character_width(unsigned int character)
{
	if (character >= 0x1100)
		return character == 0x2026 ? 85 : 105; /* wide scripts */
	if (character >= 0x80)
		return 68;
	if (strchr("iljI.,:;'|!", (int)character))
		return 36;
	if (strchr("ftr()[]{}/\\ -", (int)character))
		return 43;
	if (strchr("mwMW@%", (int)character))
		return 98;
	if (strchr("<>+=~#&", (int)character))
		return 80;
	if (character >= 'A' && character <= 'Z')
		return 74;
	return 63;
}

static double text_width_px(const char *text, size_t length, double font_size_px)
{
	unsigned long width = 0;

	while (length > 0) {
		unsigned int character = 0xfffd;
		size_t size = escape_decode_utf8(text, length, &character);

		size = MAX(size, (size_t)1);
		width += character_width(character);
		text += size;
		length -= size;
	}
	return (double)width * font_size_px / 100;
}

double flamegraph_label_width_px(const char *text, double font_size_px)
{
	return text_width_px(text, strlen(text), font_size_px);
}

/** The start of the next part of a name: after "::" or '/'; NULL: it was the last. */
static const char *next_part(const char *text)
{
	unsigned int depth = 0;

	for (; *text; text++) {
		if (*text == '<' || *text == '(')
			depth++;
		else if ((*text == '>' || *text == ')') && depth > 0)
			depth--;
		if (depth > 0)
			continue;
		if (text[0] == ':' && text[1] == ':') {
			while (*text == ':')
				text++;
			return *text ? text : NULL;
		}
		if (*text == '/' && text[1])
			return text + 1;
	}
	return NULL;
}

static bool is_word_boundary(const char *text, size_t position)
{
	unsigned char before = (unsigned char)text[position - 1];
	unsigned char after = (unsigned char)text[position];

	return after == '_' || after == ' ' || after == '<' || after == '(' || after == '.' ||
	       (before >= 'a' && before <= 'z' && after >= 'A' && after <= 'Z');
}

/** The longest start of @p text that fits with an ellipsis after it. */
static char *cut_right(const char *text, double width_px, double font_size_px)
{
	double left_px = width_px - flamegraph_label_width_px(ELLIPSIS, font_size_px);
	size_t length = strlen(text), fits = 0, n_characters = 0, cut;

	while (fits < length) {
		unsigned int character = 0xfffd;
		size_t size =
			MAX(escape_decode_utf8(text + fits, length - fits, &character), (size_t)1);

		left_px -= character_width(character) * font_size_px / 100;
		if (left_px < 0)
			break;
		fits += size;
		n_characters++;
	}
	if (n_characters < LABEL_CHARACTERS_MIN)
		return NULL;
	for (cut = fits; cut > LABEL_CHARACTERS_MIN && cut + BOUNDARY_SEARCH_BYTES > fits; cut--) {
		if (is_word_boundary(text, cut)) {
			fits = cut;
			break;
		}
	}
	return memory_format_text("%.*s" ELLIPSIS, (int)fits, text);
}

char *flamegraph_label_fit(const char *name, double width_px, double font_size_px)
{
	_cleanup_free_ char *whole =
		memory_format_text("%.*s", (int)function_name_length_without_hash(name), name);
	_cleanup_free_ char *shortened = NULL;
	const char *part;

	if (flamegraph_label_width_px(whole, font_size_px) <= width_px)
		return memory_duplicate_text(whole);
	if (flamegraph_label_width_px("abc", font_size_px) > width_px)
		return NULL;
	shortened = function_name_shorten(whole, ELLIPSIS);
	if (flamegraph_label_width_px(shortened, font_size_px) <= width_px)
		return memory_duplicate_text(shortened);
	part = shortened;
	for (const char *next = next_part(part); next; next = next_part(part)) {
		part = next;
		if (flamegraph_label_width_px(part, font_size_px) +
			    flamegraph_label_width_px(ELLIPSIS, font_size_px) <=
		    width_px)
			return memory_format_text(ELLIPSIS "%s", part);
	}
	if (flamegraph_label_width_px(part, font_size_px) <= width_px)
		return memory_duplicate_text(part);
	return cut_right(part, width_px, font_size_px);
}

char *flamegraph_label_cut_right(const char *name, double width_px, double font_size_px)
{
	if (flamegraph_label_width_px(name, font_size_px) <= width_px)
		return memory_duplicate_text(name);
	return cut_right(name, width_px, font_size_px);
}
