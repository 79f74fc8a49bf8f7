#include "base/shell_quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_words_that_need_quotes(void **state)
{
	char *words[] = { "a-b/c.d", "x y", "it's", "", "$HOME;`ls`", NULL };
	char *text = shell_quote_words(words);

	assert_string_equal(text, "a-b/c.d 'x y' 'it'\\''s' '' '$HOME;`ls`'");
	free(text);
}

static void test_no_words(void **state)
{
	char *words[] = { NULL };
	char *text = shell_quote_words(words);

	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_that_need_quotes),
		cmocka_unit_test(test_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
