#include "compare/output_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file_with(const char *text)
{
	int descriptor = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	return descriptor;
}

static struct error *check(const char *a, const char *b)
{
	int one = file_with(a), other = file_with(b);
	struct error *error = output_check("A", one, "B", other);

	close(one);
	close(other);
	return error;
}

static void test_equal_outputs(void **state)
{
	assert_null(check("", ""));
	assert_null(check("a\nb\n", "a\nb\n"));
}

static void assert_difference(const char *a, const char *b, const char *words)
{
	struct error *error = check(a, b);

	assert_non_null(error);
	assert_non_null(strstr(error->message, words));
	error_destroy(error);
}

static void test_the_first_line_that_differs_is_named(void **state)
{
	assert_difference("a\nb\nc\n", "a\nx\nc\n", "line 2 on: 'b' and 'x'");
	assert_difference("a\n", "a\nmore\n", "line 2 on: (its end) and 'more'");
	assert_difference("", "x", "line 1 on: (its end) and 'x'");
	assert_difference("\033[2J\n", "y\n", "and 'y'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_outputs),
		cmocka_unit_test(test_the_first_line_that_differs_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
