/**
 * Inlined calls and lines of fixtures/inlines.c as gcc and clang compile it.
 * Arguments: the source, then the programs made of it.
 */

#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *source_path;
static char **program_paths;
static int n_programs;

/** The line of the source with the comment "line: WHAT". */
static uint32_t line_of(const char *what)
{
	char expected[64], text[256];
	FILE *file = fopen(source_path, "r");
	uint32_t line = 0;

	assert_non_null(file);
	snprintf(expected, sizeof(expected), "line: %s */", what);
	do {
		assert_non_null(fgets(text, sizeof(text), file));
		line++;
	} while (!strstr(text, expected));
	fclose(file);
	return line;
}

static void expect_frame(const struct symbol_frame *frame, const char *name, const char *line,
			 bool is_inlined)
{
	assert_string_equal(frame->name, name);
	assert_int_equal(frame->line, line_of(line));
	assert_non_null(frame->file);
	assert_string_equal(strrchr(frame->file, '/'), "/inlines.c");
	assert_int_equal(frame->is_inlined, is_inlined);
}

static void test_inlined_calls_and_their_lines(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct fixture_program program;
		struct symbol_result result;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		assert_int_equal(symbolizer_source_kind(program.symbolizer, program.object),
				 SYMBOLS_DEBUG);

		result = fixture_program_resolve(
			&program, fixture_program_symbol(&program, "mark_innermost"));
		assert_int_equal(result.status, SYMBOL_FOUND);
		assert_int_equal(result.n_frames, 3);
		expect_frame(&result.frames[0], "innermost", "mark_innermost", true);
		expect_frame(&result.frames[1], "middle", "call of innermost", true);
		expect_frame(&result.frames[2], "outermost", "call of middle", false);
		assert_int_equal(result.symbol_elf_address,
				 fixture_program_symbol(&program, "outermost"));

		result = fixture_program_resolve(
			&program, fixture_program_symbol(&program, "mark_outermost"));
		assert_int_equal(result.n_frames, 1);
		expect_frame(&result.frames[0], "outermost", "mark_outermost", false);

		assert_null(symbolizer_object_problem(program.symbolizer, program.object));
		fixture_program_close(&program);
	}
}

static void test_batch_agrees_with_single_addresses(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct fixture_program program;
		struct symbol_result results[64];
		uint64_t addresses[ARRAY_SIZE(results)];

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		for (size_t k = 0; k < ARRAY_SIZE(results); k++)
			addresses[k] = fixture_program_symbol(&program, "outermost") - 16 + k;
		symbolizer_resolve(program.symbolizer, program.object, addresses,
				   ARRAY_SIZE(results), results);
		for (size_t k = 0; k < ARRAY_SIZE(results); k++) {
			struct symbol_result one = fixture_program_resolve(&program, addresses[k]);

			assert_int_equal(results[k].status, one.status);
			assert_int_equal(results[k].n_frames, one.n_frames);
			for (uint32_t f = 0; f < one.n_frames; f++) {
				/* Interned: the same text is the same pointer. */
				assert_ptr_equal(results[k].frames[f].name, one.frames[f].name);
				assert_int_equal(results[k].frames[f].line, one.frames[f].line);
			}
		}
		fixture_program_close(&program);
	}
}

static void test_without_inlines(void **state)
{
	struct symbolizer_options options = { .is_without_inlines = true };
	struct fixture_program program;
	struct symbol_result result;

	fixture_program_open(&program, program_paths[0], &options);
	result = fixture_program_resolve(&program,
					 fixture_program_symbol(&program, "mark_innermost"));
	assert_int_equal(symbolizer_source_kind(program.symbolizer, program.object), SYMBOLS_FULL);
	assert_int_equal(result.n_frames, 1);
	assert_string_equal(result.frames[0].name, "outermost");
	assert_null(result.frames[0].file);
	fixture_program_close(&program);
}

static void test_without_lines(void **state)
{
	struct symbolizer_options options = { .is_without_lines = true };
	struct fixture_program program;
	struct symbol_result result;

	fixture_program_open(&program, program_paths[0], &options);
	result = fixture_program_resolve(&program,
					 fixture_program_symbol(&program, "mark_innermost"));
	assert_int_equal(result.n_frames, 3);
	for (uint32_t i = 0; i < result.n_frames; i++) {
		assert_null(result.frames[i].file);
		assert_int_equal(result.frames[i].line, 0);
	}
	fixture_program_close(&program);
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inlined_calls_and_their_lines),
		cmocka_unit_test(test_batch_agrees_with_single_addresses),
		cmocka_unit_test(test_without_inlines),
		cmocka_unit_test(test_without_lines),
	};

	if (n_arguments < 3)
		return 2;
	source_path = arguments[1];
	program_paths = arguments + 2;
	n_programs = n_arguments - 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
