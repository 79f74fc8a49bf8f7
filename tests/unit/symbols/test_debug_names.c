/** Names in fixtures/names.cpp as g++ and clang++ compile it. Arguments: the programs. */

#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char **program_paths;
static int n_programs;

static struct symbol_result resolve_mark(struct fixture_program *program, const char *mark)
{
	return fixture_program_resolve(program, fixture_program_symbol(program, mark));
}

static void test_scopes_and_template_arguments(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct fixture_program program;
		struct symbol_result result;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		result = resolve_mark(&program, "mark_hidden");
		assert_int_equal(result.n_frames, 2);
		assert_string_equal(result.frames[0].name, "(anonymous namespace)::hidden");
		assert_true(result.frames[0].is_inlined);
		assert_string_equal(result.frames[1].name, "shop::counter<int>::add");
		assert_string_equal(result.frames[1].linkage_name, "_ZN4shop7counterIiE3addEi");
		fixture_program_close(&program);
	}
}

static void test_lambda_in_an_inlined_function(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct fixture_program program;
		struct symbol_result result;
		const char *last;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		result = resolve_mark(&program, "mark_lambda");
		assert_int_equal(result.status, SYMBOL_FOUND);
		assert_int_equal(result.n_frames, 1);
		last = strstr(result.frames[0].name, "::operator()");
		assert_non_null(last);
		assert_non_null(strstr(result.frames[0].name, "with_lambda"));
		assert_non_null(result.frames[0].file);
		fixture_program_close(&program);
	}
}

static void test_mangled_on_request(void **state)
{
	struct symbolizer_options options = { .is_mangled = true };
	struct fixture_program program;
	struct symbol_result result;

	fixture_program_open(&program, program_paths[0], &options);
	result = resolve_mark(&program, "mark_hidden");
	assert_string_equal(result.frames[1].name, "_ZN4shop7counterIiE3addEi");
	assert_ptr_equal(result.frames[1].name, result.frames[1].linkage_name);
	fixture_program_close(&program);
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scopes_and_template_arguments),
		cmocka_unit_test(test_lambda_in_an_inlined_function),
		cmocka_unit_test(test_mangled_on_request),
	};

	if (n_arguments < 2)
		return 2;
	program_paths = arguments + 1;
	n_programs = n_arguments - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
