#pragma once

/**
 * Memory. Running out of it ends the program with a message (there is nothing
 * useful a command-line tool can do), so these functions never return NULL.
 * A size that comes from a file or from the kernel is therefore checked
 * against a named limit *before* it reaches this interface.
 */

#include "base/attributes.h"

#include <stdlib.h>

/** Ends the program as running out of memory does; for libraries that ask. */
void memory_exhausted(void) NO_RETURN;

/** Zeroed memory for @p count objects of @p size_bytes. Free with free(). */
void *memory_allocate(size_t count, size_t size_bytes) RETURNS_NONNULL;

/** Resize @p memory (may be NULL) to @p count * @p size_bytes; new bytes are undefined. */
void *memory_resize(void *memory, size_t count, size_t size_bytes) RETURNS_NONNULL;

/** A copy of @p size_bytes bytes. */
void *memory_duplicate(const void *bytes, size_t size_bytes) RETURNS_NONNULL;

/** A copy of NUL-terminated @p text; NULL gives NULL. */
char *memory_duplicate_text(const char *text);

/** printf into a fresh string. */
char *memory_format_text(const char *format, ...) PRINTF_LIKE(1, 2) RETURNS_NONNULL;

/** Scope guard: `_cleanup_free_ char *text = ...;` frees it when the scope ends. */
static inline void memory_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_free_ CLEANUP(memory_free_pointer)
