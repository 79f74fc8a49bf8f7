#include "input/strange_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void add(struct strange_lines *lines, uint64_t number, const char *text, size_t length)
{
	strange_lines_add(lines, number, text_span_make(text, text + length));
}

static void test_all_are_counted_and_the_first_kept(void **state)
{
	static const char text[] = "abcde";
	struct strange_lines lines = { 0 };

	for (uint64_t i = 0; i < 5; i++)
		add(&lines, 10 + i, &text[i], 1);
	assert_int_equal(lines.count, 5);
	assert_int_equal(lines.shown[0].number, 10);
	assert_string_equal(lines.shown[0].text, "a");
	assert_int_equal(lines.shown[STRANGE_LINES_SHOWN - 1].number, 9 + STRANGE_LINES_SHOWN);
}

static void test_what_is_shown_is_harmless_and_short(void **state)
{
	struct strange_lines lines = { 0 };
	char bytes[200];

	memset(bytes, 0x1b, sizeof(bytes));
	add(&lines, 1, bytes, sizeof(bytes));
	add(&lines, 2, "a\0b", 3);
	assert_true(strlen(lines.shown[0].text) < sizeof(lines.shown[0].text));
	assert_null(strchr(lines.shown[0].text, 0x1b));
	/* Whole replacement characters, then an ellipsis. */
	assert_int_equal(strlen(lines.shown[0].text) % 3, 0);
	assert_string_equal(lines.shown[1].text, "a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_counted_and_the_first_kept),
		cmocka_unit_test(test_what_is_shown_is_harmless_and_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
