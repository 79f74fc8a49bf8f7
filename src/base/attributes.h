#pragma once

/** Compiler attributes and small language helpers (gcc 12 and clang 14). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The caller must use the result (an ignored error is a defect). */
#define MUST_CHECK __attribute__((warn_unused_result))

/** Never returns; unlike _Noreturn a part of a function pointer's type. */
#define NO_RETURN __attribute__((noreturn))

/** Never NULL: compilers and analysers may rely on it, and the sanitizers look. */
#define RETURNS_NONNULL __attribute__((returns_nonnull))

/** printf-style argument checking. Both argument positions count from 1. */
#define PRINTF_LIKE(format_index, first_index)                                                     \
	__attribute__((format(printf, format_index, first_index)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define MIN(a, b)                                                                                  \
	({                                                                                         \
		typeof(a) min_a_ = (a);                                                            \
		typeof(b) min_b_ = (b);                                                            \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})

#define MAX(a, b)                                                                                  \
	({                                                                                         \
		typeof(a) max_a_ = (a);                                                            \
		typeof(b) max_b_ = (b);                                                            \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})

/** Run @p function on the variable's address when its scope ends. */
#define CLEANUP(function) __attribute__((cleanup(function)))
