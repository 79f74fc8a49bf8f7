#pragma once

/**
 * Errors. A fallible function returns `struct error *`: NULL is success,
 * anything else says what went wrong and is owned by the caller. Only cli/
 * prints errors. Expected losses (lost records, truncated stacks, unknown
 * symbols) are not errors but data: they are counted in the profile.
 *
 * Outputs come last, are named `ret` or `x_ret` and are untouched on failure.
 */

#include "base/attributes.h"

enum error_code {
	ERROR_SYSTEM,      /**< A system call failed; errno_value says why. */
	ERROR_FORMAT,      /**< Bytes or text that do not follow their format. */
	ERROR_UNSUPPORTED, /**< Well-formed, but not something this program or kernel does. */
	ERROR_PERMISSION,  /**< Not allowed. */
	ERROR_NOT_FOUND,   /**< A file, process, symbol or name that is not there. */
	ERROR_USAGE,       /**< The command line is wrong. */
};

struct error {
	enum error_code code;
	int errno_value; /**< 0 unless the cause was a system call. */
	char *message;   /**< One line, no full stop, no newline. */
	char *hint;      /**< What to do next, or NULL. */
};

struct error *error_new(enum error_code code, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK RETURNS_NONNULL;

/** "<format>: <strerror>"; the code follows from @p errno_value (EPERM, ENOENT, ...). */
struct error *error_from_errno(int errno_value, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK RETURNS_NONNULL;

/** Prefix the message with context: "<format>: <old message>". NULL stays NULL. */
struct error *error_wrap(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/** Set the hint (replaces an older one). NULL stays NULL. */
struct error *error_with_hint(struct error *error, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

/** Free; NULL is fine. */
void error_destroy(struct error *error);

static inline void error_cleanup(struct error **error)
{
	error_destroy(*error);
}

#define _cleanup_error_ CLEANUP(error_cleanup)

/** Return early from a function that itself returns `struct error *`. */
#define RETURN_IF_ERROR(expression)                                                                \
	do {                                                                                       \
		struct error *return_if_error_ = (expression);                                     \
		if (__builtin_expect(return_if_error_ != NULL, 0))                                 \
			return return_if_error_;                                                   \
	} while (0)
