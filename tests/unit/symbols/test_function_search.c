/** From names to functions. Arguments: programs made of fixtures/names.cpp. */

#include "symbols/function_search.h"

#include "fixture_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char **program_paths;
static int n_programs;

static void assert_found(struct fixture_program *program, const char *name)
{
	struct found_function_vector functions = { 0 };

	assert_null(function_search(program->object, name, &functions));
	assert_int_equal(functions.count, 1);
	assert_int_equal(functions.items[0].elf_address,
			 fixture_program_symbol(program, "_ZN4shop7counterIiE3addEi"));
	assert_true(functions.items[0].size_bytes > 0);
	assert_false(functions.items[0].is_part);
	found_function_vector_deinit(&functions);
}

static void assert_not_found(struct fixture_program *program, const char *name, const char *hint)
{
	struct found_function_vector functions = { 0 };
	struct error *error = function_search(program->object, name, &functions);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, name));
	if (hint)
		assert_non_null(strstr(error->hint, hint));
	else
		assert_null(error->hint);
	assert_int_equal(functions.count, 0);
	error_destroy(error);
}

static void test_names_as_in_the_file_and_as_shown(void **state)
{
	for (int i = 0; i < n_programs; i++) {
		struct fixture_program program;

		fixture_program_open(&program, program_paths[i], &(struct symbolizer_options){ 0 });
		assert_found(&program, "_ZN4shop7counterIiE3addEi");
		assert_found(&program, "shop::counter<int>::add");
		assert_found(&program, "shop::counter<int>::add(int)");
		assert_not_found(&program, "mian", "did you mean 'main'");
		assert_not_found(&program, "nothing_like_it_is_in_there", NULL);
		fixture_program_close(&program);
	}
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_as_in_the_file_and_as_shown),
	};

	if (n_arguments < 2)
		return 2;
	program_paths = arguments + 1;
	n_programs = n_arguments - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
