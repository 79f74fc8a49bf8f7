#include "input/collapse.h"

#include "input_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/** The folded text of @p text; free it. */
static char *collapse(const struct collapse_options *options, const char *text)
{
	struct input_stream *stream = input_of_text(text);
	struct collapse *made = collapse_create(options);
	char *folded = NULL;
	size_t size_bytes;
	FILE *file = open_memstream(&folded, &size_bytes);

	assert_null(collapse_read(made, stream));
	collapse_write(made, file);
	fclose(file);
	collapse_destroy(made);
	input_stream_close(stream);
	return folded;
}

static void check(const struct collapse_options *options, const char *text, const char *expected)
{
	char *folded = collapse(options, text);

	assert_string_equal(folded, expected);
	free(folded);
}

static const struct collapse_options plain = { 0 };

#define HEADER "sh 12/13 [000] 1.5:  10 cycles: \n"

static void test_weighs_periods(void **state)
{
	check(&plain,
	      HEADER " 1 work (/a)\n 2 main+0x5 (/a)\n\n" HEADER " 9 work (/a)\n 2 main (/a)\n\n"
		     "sh 12 1.6: cycles: \n 1 main (/a)\n\n",
	      "sh;main 1\nsh;main;work 20\n");
}

static void test_names(void **state)
{
	check(&plain, HEADER " 1 f(int) (/a)\n\n", "sh;f 10\n");
	check(&plain, HEADER " 1 (anonymous namespace)::f(int) (/a)\n\n",
	      "sh 10\n"); /* taken for a process's name */
	check(&plain, HEADER " 1 a::(anonymous namespace)::f(int) (/a)\n\n",
	      "sh;a::(anonymous namespace)::f 10\n");
	check(&plain, HEADER " 1 net/http.(*Client).Do (/a)\n\n", "sh;net/http.(*Client).Do 10\n");
	check(&plain, HEADER " 1 [unknown] (/lib/a.so)\n\n", "sh;[a.so] 10\n");
	check(&plain, HEADER " 1 [unknown] ([unknown])\n\n", "sh;[unknown] 10\n");
	check(&plain, HEADER " 1 a;\"b' (/a)\n\n", "sh;a:b 10\n");
	check(&plain, HEADER " 1 outer->inner->x (/a)\n\n", "sh;outer;inner_[i];x_[i] 10\n");
	check(&plain, "java 1 1.5: 3 c:\n 1 Lorg/A;::m (/tmp/perf-1.map)\n\n",
	      "java;org/A:::m 3\n");
	check(&plain, "jav 1 1.5: 3 c:\n 1 Lorg/A;::m (/tmp/perf-1.map)\n\n", "jav;Lorg/A:::m 3\n");
}

static void test_hostile_names(void **state)
{
	check(&plain, "a;b\033 1 1.5: 3 c:\n 1 x\xffy (/a)\n\n", "a:b_;x\xef\xbf\xbdy 3\n");
}

static void test_marks_and_addresses(void **state)
{
	static const struct collapse_options all = {
		.marks_kernel = true, .marks_jit = true, .has_addresses = true, .has_tids = true
	};

	check(&all,
	      HEADER " 1 f ([kernel.kallsyms])\n 2 g (/tmp/perf-7.map)\n 3a [unknown] (/x/y)\n"
		     " 3 h ([unknown])\n\n",
	      "sh-12/13;h;[y <3a>];g_[j];f_[k] 10\n");
	check(&all, "sh 12 1.5: 10 c:\n 3b [unknown] (/x/y)\n\n", "sh-?/12;[y <3b>] 10\n");
}

static void test_one_event(void **state)
{
	static const struct collapse_options second = { .event = "faults" };
	static const char text[] = "sh 1 1.5: 2 cycles:\n 1 f (/a)\n\n"
				   "sh 1 1.5: 3 faults:\n 1 g (/a)\n\n";

	check(&plain, text, "sh;f 2\n");
	check(&second, text, "sh;g 3\n");
}

static void test_skip_after(void **state)
{
	struct collapse_options options = { 0 };

	string_vector_append(&options.skip_after, "middle");
	check(&options, HEADER " 1 leaf (/a)\n 2 middle+0x1 (/a)\n 3 main (/a)\n\n",
	      "sh;middle;leaf 10\n");
	string_vector_deinit(&options.skip_after);
}

static void test_source_lines(void **state)
{
	static const struct collapse_options options = { .has_source_lines = true };

	check(&options, HEADER " 1 f (/a)\n  a.c:7\n 2 main (/a)\n  a.so[12]\n\n",
	      "sh;main:a.so;f:a.c:7 10\n");
}

static void test_source_lines_of_inlined_functions(void **state)
{
	static const struct collapse_options options = { .has_source_lines = true };
	enum { N_SAMPLES = 30000 };
	struct byte_vector text = { 0 };
	char expected[64];

	/* One sample fills no queue of lines nor window evenly: each of its lines ends one once. */
	for (int i = 0; i < N_SAMPLES; i++) {
		static const char sample[] = HEADER " 1 outer->inner (/a)\n  a.c:7\n  b.c:8\n\n";

		byte_vector_append_bytes(&text, sample, sizeof(sample) - 1);
	}
	byte_vector_append(&text, '\0');
	snprintf(expected, sizeof(expected), "sh;outer:a.c:7;inner_[i]:b.c:8 %d\n", 10 * N_SAMPLES);
	check(&options, (const char *)text.items, expected);
	byte_vector_deinit(&text);
}

static void test_headers_that_change(void **state)
{
	check(&plain,
	      "sh 12/13 1.5:  10 cycles: \n 1 f (/a)\n\n" /* the first */
	      "sh 12/13 1.6:  10 cycles: \n 1 f (/a)\n\n" /* the same but for its time */
	      "sh 12/13 1.6:  7 cycles: \n 1 f (/a)\n\n"	/* another period */
	      "sh 12/13 1.6:  7 faults: \n 1 f (/a)\n\n"	/* another event, twice */
	      "sh 12/13 1.7:  7 faults: \n 1 f (/a)\n\n"
	      "ls 12/14 1.7:  7 cycles: \n 1 f (/a)\n\n"  /* another thread */
	      "ls 12/14 1.7:  \n 1 f (/a)\n\n",		 /* no period and no event */
	      "ls;f 8\nsh;f 27\n");
}

static void test_more_lines_than_are_read_ahead(void **state)
{
	struct byte_vector text = { 0 };
	char line[64];

	/* Of so many lines their table grows, with lines waiting that were asked for before. */
	for (int i = 0; i < 5000; i++) {
		int length = snprintf(line, sizeof(line), HEADER " %x f%d (/a)\n\n", i, i % 2);

		byte_vector_append_bytes(&text, line, (size_t)length);
	}
	byte_vector_append(&text, '\0');
	check(&plain, (const char *)text.items, "sh;f0 25000\nsh;f1 25000\n");
	byte_vector_deinit(&text);
}

static void test_java_lines_are_their_own(void **state)
{
	check(&plain,
	      "java 1 1.5: 3 c:\n 1 Lorg/A;::m (/a)\n\n"
	      "jav 1 1.5: 3 c:\n 1 Lorg/A;::m (/a)\n\n"
	      "java 1 1.5: 3 c:\n 1 Lorg/A;::m (/a)\n\n",
	      "jav;Lorg/A:::m 3\njava;org/A:::m 6\n");
}

static void test_what_comes_again_is_the_same(void **state)
{
	check(&plain,
	      HEADER " 1 f (/a)\n 2 g (/a)\n\n" HEADER " 1 f (/a)\n 2 g (/a)\n\n" HEADER
		     " 1 f (/a)\n 2 h (/a)\n\n",
	      "sh;g;f 20\nsh;h;f 10\n");
}

static void test_line_ends_of_another_system(void **state)
{
	check(&plain, "sh 1 1.5: 3 c:\r\n 1 f (/a)\r\n\r\n", "sh;f 3\n");
}

static void test_sorts_as_bytes(void **state)
{
	check(&plain,
	      "aa 1 1.5: 1 c:\n 1 b (/a)\n\naa0 1 1.5: 1 c:\n\naa 1 1.5: 1 c:\n\n"
	      "aa 1 1.5: 1 c:\n 1 b0 (/a)\n\naa 1 1.5: 1 c:\n 2 c (/a)\n 1 b (/a)\n\n",
	      "aa 1\naa0 1\naa;b 1\naa;b0 1\naa;b;c 1\n");
}

static void test_cut_and_unknown_lines(void **state)
{
	struct input_stream *stream =
		input_of_text(HEADER "nonsense\n 1 f (/a)\n\n" HEADER " 1 g (/a)\n");
	struct collapse *made = collapse_create(&plain);

	assert_null(collapse_read(made, stream));
	assert_int_equal(collapse_n_stacks(made), 1);
	assert_int_equal(collapse_losses(made)->unrecognised.count, 1);
	assert_int_equal(collapse_losses(made)->unrecognised.shown[0].number, 2);
	assert_string_equal(collapse_losses(made)->unrecognised.shown[0].text, "nonsense");
	assert_true(collapse_losses(made)->is_cut);
	collapse_destroy(made);
	input_stream_close(stream);
}

static void test_refuses_other_text(void **state)
{
	struct input_stream *stream = input_of_text("hello\nworld\n");
	struct collapse *made = collapse_create(&plain);
	struct error *error = collapse_read(made, stream);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "line 1 is no perf script text: 'hello'"));
	error_destroy(error);
	collapse_destroy(made);
	input_stream_close(stream);
}

static void test_huge_periods(void **state)
{
	check(&plain, "sh 1 1.5: 99999999999999999999999 c:\n 1 f (/a)\n\n",
	      "sh;f 18446744073709551615\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weighs_periods),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_marks_and_addresses),
		cmocka_unit_test(test_one_event),
		cmocka_unit_test(test_skip_after),
		cmocka_unit_test(test_source_lines),
		cmocka_unit_test(test_source_lines_of_inlined_functions),
		cmocka_unit_test(test_headers_that_change),
		cmocka_unit_test(test_more_lines_than_are_read_ahead),
		cmocka_unit_test(test_java_lines_are_their_own),
		cmocka_unit_test(test_what_comes_again_is_the_same),
		cmocka_unit_test(test_line_ends_of_another_system),
		cmocka_unit_test(test_sorts_as_bytes),
		cmocka_unit_test(test_cut_and_unknown_lines),
		cmocka_unit_test(test_refuses_other_text),
		cmocka_unit_test(test_huge_periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
