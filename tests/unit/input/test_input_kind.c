#include "input/input_kind.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void check(const char *text, enum input_kind expected)
{
	struct input_stream *stream = input_of_text(text);
	enum input_kind kind;

	assert_null(input_kind_of(stream, &kind));
	assert_int_equal(kind, expected);
	assert_int_equal(input_stream_offset(stream), 0);
	input_stream_close(stream);
}

static void test_kinds(void **state)
{
	check("PERFILE2and so on", INPUT_PERF_DATA);
	check("2ELIFREPand so on", INPUT_PERF_DATA);
	check("", INPUT_EMPTY);
	check("\n  \n# nothing\n", INPUT_EMPTY);
	check("a;b;c 12\n", INPUT_FOLDED);
	check("a;b c 12 13\n", INPUT_FOLDED);
	check("main 12.5\n", INPUT_FOLDED);
	check("# head\n\nsh 12 [000] 1.5: 1 cycles:\n 1 f (/a)\n", INPUT_SCRIPT);
	check("node 31912 cpu-clock: \n 1 f (/a)\n", INPUT_SCRIPT);
	check("sh 12/13 1.5: 7\n\n", INPUT_SCRIPT);
	check("sh 12 13\n\t 1 f (/a)\n", INPUT_SCRIPT);
	check("\t 7f f (/a)\n\n", INPUT_SCRIPT);
	check("java 12 cycles:\n8103d0ca f (/a)\n", INPUT_SCRIPT);
	check("  {\"$schema\": \"https://www.speedscope.app/x\"}", INPUT_SPEEDSCOPE);
	check("\n\4\x08\1\x10\2\n\4\x08\3\x10\4", INPUT_PPROF);
}

static void test_noise_comes_first(void **state)
{
	check("note: 12 events (lost)\nsh 12 [000] 1.5: 1 cycles:\n 1 f (/a)\n", INPUT_SCRIPT);
	check("hello world\na;b;c 12\n", INPUT_FOLDED);
}

static void check_refused(const char *text, const char *part)
{
	struct input_stream *stream = input_of_text(text);
	enum input_kind kind = INPUT_EMPTY;
	struct error *error = input_kind_of(stream, &kind);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FORMAT);
	assert_non_null(strstr(error->message, part));
	error_destroy(error);
	input_stream_close(stream);
}

static void test_strangers(void **state)
{
	/* As protobuf: two messages, of 10 and of 46 bytes. */
	check_refused("\n\nfrom os import path\nimport sys\n\ndef main():\n\tpass # to be done\n",
		      "neither perf.data");
	check_refused("\x7f"
		      "ELF\2\1\1",
		      "an ELF program");
	check_refused("{\"a\": 1}\n", "JSON");
	check_refused("<svg>\n</svg>\n", "XML");
	check_refused("/** Helpers (gcc 12 and clang). */\n", "it begins with '/** Helpers");
	check_refused("version 12\nof a program (the last)\n", "it begins with 'version 12'");
	check_refused("see above:\n  a function (or two)\n  add (x) to y\n", "'see above:'");
	check_refused("hello world\n", "it begins with 'hello world'");
	check_refused("esc\033[2J\n", "it begins with 'esc\xef\xbf\xbd[2J'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_noise_comes_first),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
