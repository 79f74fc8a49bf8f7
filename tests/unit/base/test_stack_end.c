#include "cmocka_headers.h"

#include "base/stack_end.h"

#include <string.h>

static void every_end_has_its_own_words(void **state)
{
	for (int end = 0; end < N_STACK_ENDS; end++) {
		assert_non_null(stack_end_name(end));
		assert_non_null(stack_end_description(end));
		for (int other = 0; other < end; other++) {
			assert_string_not_equal(stack_end_name(end), stack_end_name(other));
			assert_string_not_equal(stack_end_description(end),
						stack_end_description(other));
		}
	}
}

static void names_are_stable_words(void **state)
{
	for (int end = 0; end < N_STACK_ENDS; end++) {
		const char *name = stack_end_name(end);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
	}
}

static void only_root_ends_are_complete(void **state)
{
	assert_true(stack_end_is_complete(STACK_END_ROOT));
	assert_true(stack_end_is_complete(STACK_END_ENTRY));
	assert_true(stack_end_is_complete(STACK_END_NULL_RETURN));
	assert_true(stack_end_is_complete(STACK_END_FP_ROOT));
	for (int end = STACK_END_COPY_ENDED; end < N_STACK_ENDS; end++)
		assert_false(stack_end_is_complete(end));
	assert_false(stack_end_is_complete(STACK_END_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_has_its_own_words),
		cmocka_unit_test(names_are_stable_words),
		cmocka_unit_test(only_root_ends_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
