#include "../base/cmocka_headers.h"

#include "cli/text_wrap.h"

#include "base/memory.h"

#include <string.h>

static void assert_wrapped(const char *text, size_t column, size_t indent, const char *expected)
{
	_cleanup_free_ char *output = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&output, &size_bytes);

	text_wrap_write(file, text, column, indent);
	fclose(file);
	assert_string_equal(output, expected);
}

static void short_text_stays_on_its_line(void **state)
{
	assert_wrapped("a few words", 0, 0, "a few words\n");
	assert_wrapped("a few words", 3, 6, "   a few words\n");
	assert_wrapped("", 0, 0, "\n");
}

static void text_behind_the_column_begins_a_line(void **state)
{
	assert_wrapped("words", 9, 4, "\n    words\n");
}

static void long_text_breaks_at_blanks(void **state)
{
	/* 19 words of 3 letters and a blank are 75 columns, the 20th ends at 79. */
	assert_wrapped("abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc "
		       "abc abc abc",
		       0, 0,
		       "abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc "
		       "abc abc\nabc\n");
	assert_wrapped("0123456789 0123456789", 60, 60,
		       "0123456789\n"
		       "                                                            0123456789\n");
}

static void a_long_word_is_not_broken(void **state)
{
	static const char word[] = "0123456789012345678901234567890123456789"
				   "01234567890123456789012345678901234567890";
	_cleanup_free_ char *text = memory_format_text("a %s b", word);
	_cleanup_free_ char *expected = memory_format_text("a\n%s\nb\n", word);

	assert_int_equal(strlen(word), HELP_WIDTH_COLUMNS + 1);
	assert_wrapped(text, 0, 0, expected);
}

static void line_breaks_in_the_text_are_kept(void **state)
{
	assert_wrapped("one\n\ntwo\nthree", 2, 2, "one\n\n  two\n  three\n");
}

static void another_width_and_wide_letters(void **state)
{
	_cleanup_free_ char *output = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&output, &size_bytes);

	/* 5 letters of two bytes each are 5 columns. */
	text_wrap_write_columns(file, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 abcd efgh", 2, 2,
				12);
	fclose(file);
	assert_string_equal(output, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 abcd\n  efgh\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_text_stays_on_its_line),
		cmocka_unit_test(text_behind_the_column_begins_a_line),
		cmocka_unit_test(long_text_breaks_at_blanks),
		cmocka_unit_test(a_long_word_is_not_broken),
		cmocka_unit_test(line_breaks_in_the_text_are_kept),
		cmocka_unit_test(another_width_and_wide_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
