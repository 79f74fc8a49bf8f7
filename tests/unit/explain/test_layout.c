#include "explain/layout_internal.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static FILE *open_text(char **text, size_t *size)
{
	FILE *file = open_memstream(text, size);

	assert_non_null(file);
	return file;
}

static void assert_name(const char *name, unsigned int columns, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *file = open_text(&text, &size);

	layout_write_name(file, name, columns);
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_names(void **state)
{
	assert_name("short", 10, "short");
	assert_name("0123456789", 10, "0123456789");
	assert_name("0123456789a", 10, "012...789a");
	/* Characters, not bytes, and never half of one. */
	assert_name("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 8,
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
	assert_name("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 7,
		    "\xc3\xa4\xc3\xa4...\xc3\xa4\xc3\xa4");
	assert_name("a\x1b[31m\n", 20, "a\xef\xbf\xbd[31m\xef\xbf\xbd");
}

static void test_functions_are_said_in_short(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *file = open_text(&text, &size);

	layout_write_function(file, "std::map<int, long>::find(int)", 30);
	fputc('|', file);
	layout_write_function(file, "std::map<int, long>::find(int)", 29);
	fputc('|', file);
	layout_write_function(file, "abcdefgh(int)", 5);
	fputc('|', file);
	fclose(file);
	assert_string_equal(text, "std::map<int, long>::find(int)|std::map<...>::find|a...h|");
}

static void test_paragraph(void **state)
{
	static const char words[] =
		"one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
		"fifteen sixteen seventeen";
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *file = open_text(&text, &size);

	layout_write_paragraph(file, 4, words);
	layout_write_labelled(file, 2, "try:", 6, "a  b");
	layout_write_labelled(file, 0, "empty", 8, "");
	fclose(file);
	assert_string_equal(text,
			    "    one two three four five six seven eight nine ten eleven twelve "
			    "thirteen\n"
			    "    fourteen fifteen sixteen seventeen\n"
			    "  try:  a b\n"
			    "empty   \n");
}

/** A word longer than a line stands alone; nothing is lost. */
static void test_long_word(void **state)
{
	_cleanup_free_ char *text = NULL, *sentence = NULL, *expected = NULL;
	char word[301];
	size_t size;
	FILE *file = open_text(&text, &size);

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	sentence = memory_format_text("a %s b", word);
	expected = memory_format_text("  a\n  %s\n  b\n", word);
	layout_write_paragraph(file, 2, sentence);
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = { { 0, "0 us" },
		      { 12000, "12 us" },
		      { 37000000, "37 ms" },
		      { 1000000000, "1.00 s" },
		      { UINT64_C(3600000000000), "3600.00 s" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[LAYOUT_NUMBER_SIZE_BYTES];

		layout_format_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_functions_are_said_in_short),
		cmocka_unit_test(test_paragraph),
		cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
