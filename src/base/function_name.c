#include "base/function_name.h"

#include "base/memory.h"

#include <string.h>

/** Like "operator<" and "operator()", whose brackets are part of the name. */
static bool is_after_operator(const char *text, size_t position)
{
	static const char word[] = "operator";
	size_t length = sizeof(word) - 1;

	while (text[position] == '<' && position > 0 && text[position - 1] == '<')
		position--;
	return position >= length && memcmp(text + position - length, word, length) == 0;
}

/** One past the bracket that closes the one at @p position; 0: none does. */
static size_t closing_bracket(const char *text, size_t position)
{
	char open = text[position], close = open == '<' ? '>' : ')';
	unsigned int depth = 0;

	for (size_t i = position; text[i]; i++) {
		if (text[i] == open)
			depth++;
		else if (text[i] == close && (i == 0 || text[i - 1] != '-') && --depth == 0)
			return i + 1;
	}
	return 0;
}

size_t function_name_length_without_hash(const char *name)
{
	size_t length = strlen(name);

	if (length < 19 || strspn(name + length - 16, "0123456789abcdef") != 16 ||
	    memcmp(name + length - 19, "::h", 3) != 0)
		return length;
	return length - 19;
}

char *function_name_shorten(const char *name, const char *ellipsis)
{
	size_t size = function_name_length_without_hash(name), length = 0;
	_cleanup_free_ char *whole = memory_format_text("%.*s", (int)size, name);
	size_t ellipsis_length = strlen(ellipsis);
	/* Rust's "<fn() as Trait>::f": what is in there are no parameters of f. */
	size_t type_end = whole[0] == '<' ? closing_bracket(whole, 0) : 0;
	char *ret = memory_allocate(size + 1, 1);

	for (size_t i = 0; whole[i];) {
		size_t end = 0;

		if ((whole[i] == '<' || whole[i] == '(') && i > 0 && !is_after_operator(whole, i))
			end = closing_bracket(whole, i);
		if (end && whole[i] == '(' && (i < type_end || whole[end] == ':'))
			end = 0; /* "(anonymous namespace)::": a part, not parameters */
		if (!end) {
			ret[length++] = whole[i++];
			continue;
		}
		if (whole[i] == '(')
			break; /* what follows parameters is "const" or a clone's number */
		if (end - i > ellipsis_length + 2) {
			ret[length++] = '<';
			memcpy(ret + length, ellipsis, ellipsis_length);
			length += ellipsis_length;
			ret[length++] = '>';
		} else {
			memcpy(ret + length, whole + i, end - i);
			length += end - i;
		}
		i = end;
	}
	ret[length] = '\0';
	return ret;
}
