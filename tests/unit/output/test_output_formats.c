#include "output/output_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_every_format_is_complete_and_found(void **state)
{
	assert_non_null(output_formats[0]);
	for (size_t i = 0; output_formats[i]; i++) {
		const struct output_format *format = output_formats[i];

		assert_non_null(format->write);
		assert_true(format->description[0] != '\0');
		assert_null(strchr(format->file_name, '/'));
		assert_ptr_equal(output_format_find(format->name), format);
	}
}

static void test_unknown_format_is_not_found(void **state)
{
	assert_null(output_format_find("no-such-format"));
	assert_null(output_format_find(""));
}

static void test_default_options(void **state)
{
	struct output_options options = output_options_default();

	assert_int_equal(options.event, 0);
	assert_true(options.percent_limit == 0.5);
	assert_null(options.title);
	assert_false(options.is_inverted || options.is_reversed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format_is_complete_and_found),
		cmocka_unit_test(test_unknown_format_is_not_found),
		cmocka_unit_test(test_default_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
