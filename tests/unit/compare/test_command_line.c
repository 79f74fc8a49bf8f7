#include "compare/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct shell_choice automatic = { SHELL_AUTOMATIC, NULL };
static const struct shell_choice never = { SHELL_NEVER, NULL };

/** NULL-terminated words expected. */
static void assert_words(const char *text, const struct shell_choice *shell,
			 const char *const *expected)
{
	struct command_line line = { 0 };
	size_t i;

	assert_null(command_line_parse(text, shell, &line));
	assert_string_equal(line.text, text);
	for (i = 0; expected[i]; i++) {
		assert_non_null(line.argv[i]);
		assert_string_equal(line.argv[i], expected[i]);
	}
	assert_null(line.argv[i]);
	command_line_deinit(&line);
}

#define ASSERT_WORDS(text, shell, ...)                                                             \
	assert_words(text, shell, (const char *const[]){ __VA_ARGS__, NULL })

static void test_words(void **state)
{
	ASSERT_WORDS(" ls  -l\t/tmp ", &automatic, "ls", "-l", "/tmp");
	ASSERT_WORDS("a 'b c' \"d e\" f\\ g", &automatic, "a", "b c", "d e", "f g");
	ASSERT_WORDS("a '' \"x\\\"y\" 'it'\\''s'", &automatic, "a", "", "x\"y", "it's");
	ASSERT_WORDS("a $b | c", &never, "a", "$b", "|", "c");
	ASSERT_WORDS("a '$b | c;'", &automatic, "a", "$b | c;");
}

static bool is_run_by_shell(const char *text)
{
	struct command_line line = { 0 };
	bool is_shell;

	assert_null(command_line_parse(text, &automatic, &line));
	is_shell = line.is_shell;
	if (is_shell) {
		assert_string_equal(line.argv[0], "/bin/sh");
		assert_string_equal(line.argv[1], "-c");
		assert_string_equal(line.argv[2], text);
		assert_null(line.argv[3]);
	}
	command_line_deinit(&line);
	return is_shell;
}

static void test_when_a_shell_is_needed(void **state)
{
	static const char *const with[] = { "a | b",     "a > f", "a $HOME", "a \"$HOME\"",
					    "a *.c",     "X=1 a", "cd /",    "exit 3",
					    "a; b",      "a # b", "ls ~",    "a \"`b`\"",
					    "while true" };
	static const char *const without[] = { "a",     "a '|'",   "a \"|\"",  "a \\|",
					       "a x=1", "exiting", "a 'x\"$y'" };

	for (size_t i = 0; i < ARRAY_SIZE(with); i++)
		assert_true(is_run_by_shell(with[i]));
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		assert_false(is_run_by_shell(without[i]));
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = { "", "  ", "a 'b", "a \"b" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct command_line line;
		struct error *error = command_line_parse(bad[i], &never, &line);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_USAGE);
		error_destroy(error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_when_a_shell_is_needed),
		cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
