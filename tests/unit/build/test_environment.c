#include "../base/cmocka_headers.h"

#include "build/environment.h"

#include <string.h>

static void values_are_set_and_added_to(void **state)
{
	static char *const entries[] = { "CFLAGS=-O3", "CFLAGS_EXTRA=x", "EMPTY=", NULL };
	struct environment environment;

	environment_init(&environment, entries);
	environment_add(&environment, "CFLAGS", ' ', "-g");
	environment_add(&environment, "EMPTY", ' ', "-g");
	environment_add(&environment, "NEW", ' ', "-g");
	environment_set(&environment, "CFLAGS_EXTRA", "y");
	assert_string_equal(environment_value(&environment, "CFLAGS"), "-O3 -g");
	assert_string_equal(environment_value(&environment, "EMPTY"), "-g");
	assert_string_equal(environment_value(&environment, "NEW"), "-g");
	assert_string_equal(environment_value(&environment, "CFLAGS_EXTRA"), "y");
	assert_null(environment_value(&environment, "CFLAG"));
	assert_int_equal(environment.entries.count, 4);
	environment_deinit(&environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_set_and_added_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
