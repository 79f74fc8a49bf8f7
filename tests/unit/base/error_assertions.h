#pragma once

/** What tests say about errors. Include after cmocka.h; each function frees the error. */

#include "base/error.h"

#include <string.h>

static inline void assert_success(struct error *error)
{
	if (error)
		print_error("unexpected error: %s\n", error->message);
	assert_null(error);
}

/** An error of this code whose message holds @p part. */
static inline void assert_failure(struct error *error, enum error_code code, const char *part)
{
	assert_non_null(error);
	assert_int_equal(error->code, code);
	if (!strstr(error->message, part))
		print_error("'%s' is not in: %s\n", part, error->message);
	assert_non_null(strstr(error->message, part));
	error_destroy(error);
}
