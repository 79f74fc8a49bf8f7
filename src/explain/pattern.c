#include "explain/pattern_internal.h"

#include <string.h>

/** Copy @p text without its escapes; a star outside an escape becomes the separator NUL. */
static struct error *pattern_unescape(const char *text, char *copy, size_t *length_ret)
{
	size_t length = 0;

	for (; *text; text++) {
		if (*text == '*') {
			copy[length++] = '\0';
			continue;
		}
		if (*text == '\\') {
			text++;
			if (*text != '*' && *text != '\\')
				return error_with_hint(
					error_new(ERROR_FORMAT,
						  "a backslash may only stand before * or \\"),
					"write \\\\ for a backslash");
		}
		copy[length++] = *text;
	}
	*length_ret = length;
	return NULL;
}

struct error *pattern_compile(struct arena *arena, const char *text, struct pattern *ret)
{
	struct pattern pattern = { 0 };
	size_t length = 0, n_pieces_most = 1;
	char *copy;

	if (!*text)
		return error_new(ERROR_FORMAT, "empty pattern");
	copy = arena_allocate(arena, strlen(text) + 1);
	RETURN_IF_ERROR(pattern_unescape(text, copy, &length));

	for (size_t i = 0; i < length; i++)
		n_pieces_most += copy[i] == '\0';
	pattern.pieces = arena_allocate(arena, n_pieces_most * sizeof(*pattern.pieces));
	pattern.is_open_start = copy[0] == '\0';
	pattern.is_open_end = copy[length - 1] == '\0';
	for (size_t start = 0; start < length;) {
		size_t piece_length = strnlen(copy + start, length - start);

		if (piece_length)
			pattern.pieces[pattern.n_pieces++] =
				(struct string_key){ copy + start, piece_length };
		start += piece_length + 1;
	}
	if (!pattern.n_pieces)
		return error_with_hint(
			error_new(ERROR_FORMAT, "pattern \"%s\" matches everything", text),
			"name at least a part of what is meant");
	*ret = pattern;
	return NULL;
}

bool pattern_is_literal(const struct pattern *pattern)
{
	return pattern->n_pieces == 1 && !pattern->is_open_start && !pattern->is_open_end;
}

/** Take @p piece off the front of @p text; false: it does not begin so. */
static bool take_front(struct string_key *text, struct string_key piece)
{
	if (text->length < piece.length || memcmp(text->text, piece.text, piece.length) != 0)
		return false;
	text->text += piece.length;
	text->length -= piece.length;
	return true;
}

static bool take_back(struct string_key *text, struct string_key piece)
{
	if (text->length < piece.length ||
	    memcmp(text->text + text->length - piece.length, piece.text, piece.length) != 0)
		return false;
	text->length -= piece.length;
	return true;
}

bool pattern_matches(const struct pattern *pattern, struct string_key text)
{
	size_t first = 0, end = pattern->n_pieces;

	if (pattern_is_literal(pattern))
		return string_key_equal(pattern->pieces[0], text);
	if (!pattern->is_open_start && !take_front(&text, pattern->pieces[first++]))
		return false;
	if (!pattern->is_open_end && !take_back(&text, pattern->pieces[--end]))
		return false;
	/* Between two stars the leftmost place is as good as any. */
	for (; first < end; first++) {
		struct string_key piece = pattern->pieces[first];
		const char *found = memmem(text.text, text.length, piece.text, piece.length);

		if (!found)
			return false;
		text.length -= (size_t)(found - text.text) + piece.length;
		text.text = found + piece.length;
	}
	return true;
}

static bool cut_suffix(struct string_key *name, const char *suffix)
{
	return take_back(name, (struct string_key){ suffix, strlen(suffix) });
}

/** Cut "MARK<anything>" where MARK is not at the very start. */
static void cut_from(struct string_key *name, const char *mark)
{
	const char *found = memmem(name->text, name->length, mark, strlen(mark));

	if (found && found != name->text)
		name->length = (size_t)(found - name->text);
}

/** What gcc, clang and linkers append to the name of a function's part or copy. */
static void cut_compiler_suffixes(struct string_key *name)
{
	static const char identifier[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_$.";
	static const char *const marks[] = { " [clone ", ".constprop.", ".isra.",
					     ".part.",   ".lto_priv.",  ".llvm." };
	size_t identifier_length = strspn(name->text, identifier);

	/* "@plt", "@GLIBC_2.2.5", "@@GLIBC_2.34"; elsewhere an @ may be part of a path. */
	if (identifier_length && identifier_length < name->length &&
	    name->text[identifier_length] == '@')
		name->length = identifier_length;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		cut_from(name, marks[i]);
	cut_suffix(name, ".cold");
	cut_suffix(name, ".localalias");
}

/** Position of the '(' that the last character of @p name closes; 0: none. */
static size_t parameter_list_start(struct string_key name)
{
	size_t depth = 0;

	for (size_t i = name.length; i-- > 0;) {
		if (name.text[i] == ')')
			depth++;
		else if (name.text[i] == '(' && --depth == 0)
			return i;
	}
	return 0;
}

static bool cut_parameters(struct string_key *name)
{
	static const char function_call[] = "operator";
	struct string_key whole = *name;
	size_t start;

	while (cut_suffix(name, " const") || cut_suffix(name, " volatile") ||
	       cut_suffix(name, " &") || cut_suffix(name, " &&"))
		;
	start = name->length && name->text[name->length - 1] == ')' ? parameter_list_start(*name)
								    : 0;
	name->length = start;
	/* The "()" of "operator()" without parameters after it belongs to the name. */
	if (start == 0 || cut_suffix(name, function_call)) {
		*name = whole;
		return false;
	}
	return true;
}

/** Drop "TYPE " before the name: the last blank outside all brackets, unless it is in the name. */
static void cut_return_type(struct string_key *name)
{
	size_t start = 0;
	int depth = 0;

	for (size_t i = 0; i < name->length; i++) {
		char character = name->text[i];
		struct string_key before = { name->text, i };

		if (strchr("<({", character))
			depth++;
		else if (strchr(">)}", character) && !(i && name->text[i - 1] == '-'))
			depth--;
		else if (character == ' ' && depth == 0 && i + 1 < name->length &&
			 name->text[i + 1] != '<' && !cut_suffix(&before, "operator"))
			start = i + 1;
	}
	if (depth != 0)
		return;
	name->text += start;
	name->length -= start;
}

struct string_key function_plain_name(const char *text)
{
	struct string_key name = { text, strlen(text) };

	cut_compiler_suffixes(&name);
	if (cut_parameters(&name))
		cut_return_type(&name);
	return name;
}
