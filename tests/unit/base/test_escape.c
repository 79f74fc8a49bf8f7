#include "cmocka_headers.h"

#include "base/escape.h"

#include "base/memory.h"

#include <string.h>

#define BAD "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

typedef void escape_function(FILE *file, const char *text);

static escape_function *const escapes[] = {
	escape_write_plain,
	escape_write_xml,
	escape_write_json,
	escape_write_folded,
};

/** Into a fresh string. */
static char *escaped(escape_function *escape, const char *text)
{
	char *output = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&output, &size_bytes);

	escape(file, text);
	fclose(file);
	return output;
}

static void assert_escaped(escape_function *escape, const char *text, const char *expected)
{
	_cleanup_free_ char *output = escaped(escape, text);

	assert_string_equal(output, expected);
}

static bool is_utf8(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		unsigned int character;
		size_t length = escape_decode_utf8(text, left, &character);

		if (length == 0)
			return false;
		text += length;
		left -= length;
	}
	return true;
}

static void ordinary_names_are_left_alone(void **state)
{
	static const char *const names[] = {
		"",
		"main",
		"std::vector(int, 3)",
		"Überlauf",
		"関数名",
		"\xf0\x9f\x94\xa5", /* U+1F525 */
		"operator delete[](void*)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(escapes); j++)
			assert_escaped(escapes[j], names[i], names[i]);
	}
}

static void utf8_is_decoded(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		unsigned int character;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int character = 0;

		assert_int_equal(escape_decode_utf8(cases[i].text, cases[i].length, &character),
				 cases[i].length);
		assert_int_equal(character, cases[i].character);
		/* Cut short it is nothing. */
		if (cases[i].length > 1)
			assert_int_equal(
				escape_decode_utf8(cases[i].text, cases[i].length - 1, &character),
				0);
	}
	assert_int_equal(escape_decode_utf8("", 0, NULL), 0);
}

static void what_is_not_utf8_is_replaced_byte_by_byte(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{ "\xff", BAD },
		{ "a\x80z", "a" BAD "z" },                       /* a lone continuation */
		{ "\xc3", BAD },                                 /* cut off */
		{ "\xe2\x82", BAD BAD },                         /* cut off */
		{ "\xc3(", BAD "(" },                            /* broken off */
		{ "\xc0\xaf", BAD BAD },                         /* overlong '/' */
		{ "\xe0\x80\xaf", BAD BAD BAD },                 /* overlong '/' */
		{ "\xed\xa0\x80", BAD BAD BAD },                 /* a surrogate */
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD },         /* beyond U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD }, /* five bytes */
		{ "\xfe\xff"
		  "main",
		  BAD BAD "main" }, /* UTF-16 mark */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(escapes); j++)
			assert_escaped(escapes[j], cases[i].text, cases[i].expected);
	}
}

static void plain_text_has_no_controls(void **state)
{
	assert_escaped(escape_write_plain, "a\tb", "a b");
	assert_escaped(escape_write_plain, "\033[31mred\033[0m", BAD "[31mred" BAD "[0m");
	assert_escaped(escape_write_plain, "two\nlines\r", "two" BAD "lines" BAD);
	assert_escaped(escape_write_plain, "\x7f", BAD);
	/* C1: U+009B begins an escape sequence in one character. */
	assert_escaped(escape_write_plain,
		       "\xc2\x9b"
		       "31m",
		       BAD "31m");
	/* Bidirectional override and isolate, line separator, byte order mark. */
	assert_escaped(escape_write_plain,
		       "\xe2\x80\xae"
		       "cod.exe",
		       BAD "cod.exe");
	assert_escaped(escape_write_plain, "\xe2\x81\xa6", BAD);
	assert_escaped(escape_write_plain, "\xe2\x80\xa8", BAD);
	assert_escaped(escape_write_plain, "\xef\xbb\xbf", BAD);
	/* Markup is nothing special here. */
	assert_escaped(escape_write_plain, "<a href='&'>\"\\;", "<a href='&'>\"\\;");
}

static void xml_markup_becomes_references(void **state)
{
	assert_escaped(escape_write_xml, "a<b>&\"c\"'d'",
		       "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
	assert_escaped(escape_write_xml, "]]><script>alert(1)</script>",
		       "]]&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
	/* Not allowed in XML 1.0 at all, even as references. */
	assert_escaped(escape_write_xml, "\001\x1f\xef\xbf\xbe\xef\xbf\xbf", BAD BAD BAD BAD);
}

static void json_text_cannot_leave_its_string(void **state)
{
	assert_escaped(escape_write_json, "\"\\", "\\\"\\\\");
	assert_escaped(escape_write_json, "\n\t\001\x7f", "\\u000a\\u0009\\u0001\\u007f");
	assert_escaped(escape_write_json, "</script><!--&",
		       "\\u003c/script\\u003e\\u003c!--\\u0026");
	assert_escaped(escape_write_json, "\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029");
	assert_escaped(escape_write_json, "\xc2\x9b\xe2\x80\xae", "\\u009b\\u202e");
}

static void a_folded_frame_cannot_split(void **state)
{
	assert_escaped(escape_write_folded, "a;b", "a:b");
	assert_escaped(escape_write_folded, "a\nb 5\rc\td", "a b 5 c d");
	assert_escaped(escape_write_folded, "\xe2\x80\xa8", " ");
	assert_escaped(escape_write_folded, "<'&'>", "<'&'>");
}

static void every_byte_gives_valid_utf8(void **state)
{
	/* All pairs of bytes, alone and before a letter: each way a character can break off. */
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			const char text[] = { (char)first, (char)second, 'x', '\0' };

			for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
				_cleanup_free_ char *output = escaped(escapes[i], text);

				assert_true(is_utf8(output));
				assert_null(strpbrk(output, "\033\n\r\t\x7f"));
			}
		}
	}
}

static void markdown_code_cannot_end_early(void **state)
{
	assert_escaped(escape_write_markdown, "a | b", "`a | b`");
	assert_escaped(escape_write_markdown, "a`b``c", "``` a`b``c ```");
	assert_escaped(escape_write_markdown, "", "");
	assert_escaped(escape_write_markdown_cell, "operator|", "`operator\\|`");
	assert_escaped(escape_write_markdown_cell, "a\\|b",
		       "`a\\\xc2\xa6"
		       "b`");
	assert_escaped(escape_write_markdown_cell, "a\nb", "`a" BAD "b`");
}

static void plain_makes_a_fresh_string(void **state)
{
	_cleanup_free_ char *output = escape_plain("a\033b");

	assert_string_equal(output, "a" BAD "b");
}

static void plain_text_is_told_from_what_is_none(void **state)
{
	assert_true(escape_is_plain_text(""));
	assert_true(escape_is_plain_text("std::vector<int>::push_back(int&&) \xc2\xb7"));
	assert_false(escape_is_plain_text("a\tb"));
	assert_false(escape_is_plain_text("\x7f"));
	assert_false(escape_is_plain_text("a\xc3"));
	assert_false(escape_is_plain_text("\xff"));
	assert_false(escape_is_plain_text("\xe2\x80\xae"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_names_are_left_alone),
		cmocka_unit_test(utf8_is_decoded),
		cmocka_unit_test(plain_text_is_told_from_what_is_none),
		cmocka_unit_test(what_is_not_utf8_is_replaced_byte_by_byte),
		cmocka_unit_test(plain_text_has_no_controls),
		cmocka_unit_test(xml_markup_becomes_references),
		cmocka_unit_test(json_text_cannot_leave_its_string),
		cmocka_unit_test(a_folded_frame_cannot_split),
		cmocka_unit_test(every_byte_gives_valid_utf8),
		cmocka_unit_test(markdown_code_cannot_end_early),
		cmocka_unit_test(plain_makes_a_fresh_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
