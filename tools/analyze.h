#pragma once

/**
 * Read before each source by tools/analyze clang-analyzer: clang 14's analyser does not believe
 * RETURNS_NONNULL, and takes every error for one that may be NULL, so success with outputs unset.
 */

#include "base/error.h"
#include "base/memory.h"

#define ANALYZE_IS_THERE(call)                                                                     \
	({                                                                                         \
		typeof(call) pointer_ = (call);                                                    \
		if (!pointer_)                                                                     \
			__builtin_unreachable();                                                   \
		pointer_;                                                                          \
	})

#define error_new(...)        ANALYZE_IS_THERE(error_new(__VA_ARGS__))
#define error_from_errno(...) ANALYZE_IS_THERE(error_from_errno(__VA_ARGS__))
#define memory_allocate(...)  ANALYZE_IS_THERE(memory_allocate(__VA_ARGS__))
#define memory_resize(...)    ANALYZE_IS_THERE(memory_resize(__VA_ARGS__))
