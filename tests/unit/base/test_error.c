#include "cmocka_headers.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

static void new_error_has_code_and_message(void **state)
{
	_cleanup_error_ struct error *error = error_new(ERROR_USAGE, "option '%s' %d", "-x", 7);

	assert_int_equal(error->code, ERROR_USAGE);
	assert_int_equal(error->errno_value, 0);
	assert_string_equal(error->message, "option '-x' 7");
	assert_null(error->hint);
}

static void errno_gives_code_and_reason(void **state)
{
	static const struct {
		int errno_value;
		enum error_code code;
	} cases[] = {
		{ EPERM, ERROR_PERMISSION },       { EACCES, ERROR_PERMISSION },
		{ ENOENT, ERROR_NOT_FOUND },       { ESRCH, ERROR_NOT_FOUND },
		{ ENODEV, ERROR_NOT_FOUND },       { ENOSYS, ERROR_UNSUPPORTED },
		{ EOPNOTSUPP, ERROR_UNSUPPORTED }, { EIO, ERROR_SYSTEM },
		{ ENOSPC, ERROR_SYSTEM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_error_ struct error *error =
			error_from_errno(cases[i].errno_value, "cannot open '%s'", "a");

		assert_int_equal(error->code, cases[i].code);
		assert_int_equal(error->errno_value, cases[i].errno_value);
		assert_memory_equal(error->message, "cannot open 'a': ", 17);
		assert_string_equal(error->message + 17, strerror(cases[i].errno_value));
	}
}

static void wrap_puts_context_before(void **state)
{
	_cleanup_error_ struct error *error = error_new(ERROR_FORMAT, "bad magic");

	error = error_wrap(error, "while reading %s", "x.data");
	error = error_wrap(error, "report");
	assert_string_equal(error->message, "report: while reading x.data: bad magic");
	assert_int_equal(error->code, ERROR_FORMAT);
}

static void hint_is_set_and_replaced(void **state)
{
	_cleanup_error_ struct error *error = error_new(ERROR_SYSTEM, "no");

	error = error_with_hint(error, "try %d", 1);
	assert_string_equal(error->hint, "try 1");
	error = error_with_hint(error, "try %d", 2);
	assert_string_equal(error->hint, "try 2");
}

static void no_error_stays_none(void **state)
{
	struct error *none = NULL;

	assert_null(error_wrap(none, "context"));
	error_destroy(none);
}

static struct error *fail_if(bool fails)
{
	return fails ? error_new(ERROR_SYSTEM, "failed") : NULL;
}

static struct error *call_twice(bool first_fails, int *n_calls_ret)
{
	*n_calls_ret = 1;
	RETURN_IF_ERROR(fail_if(first_fails));
	*n_calls_ret = 2;
	return NULL;
}

static void return_if_error_returns_early(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	int n_calls;

	error = call_twice(true, &n_calls);
	assert_non_null(error);
	assert_int_equal(n_calls, 1);
	assert_null(call_twice(false, &n_calls));
	assert_int_equal(n_calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_error_has_code_and_message),
		cmocka_unit_test(errno_gives_code_and_reason),
		cmocka_unit_test(wrap_puts_context_before),
		cmocka_unit_test(hint_is_set_and_replaced),
		cmocka_unit_test(no_error_stays_none),
		cmocka_unit_test(return_if_error_returns_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
