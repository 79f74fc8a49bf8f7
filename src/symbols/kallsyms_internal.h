#pragma once

/** Names of the running kernel and its modules (kallsyms). */

#include "base/error.h"
#include "symbols/symbol_table_internal.h"

/** Where the kernel shows its symbols (kernel/kallsyms.c). */
#define KALLSYMS_PATH "/proc/kallsyms"

/** A distribution's kernel has some 6 MB of them. */
#define KALLSYMS_SIZE_MAX_BYTES (UINT32_C(256) << 20)

/**
 * Read a kallsyms file: `ADDRESS TYPE NAME[\t[MODULE]]` a line. Functions of
 * modules are named `NAME [MODULE]`. A file whose addresses are all zero is
 * ERROR_PERMISSION: kernel.kptr_restrict hides them.
 */
struct error *kallsyms_read(const char *path, struct symbol_table *ret) MUST_CHECK;

/**
 * The same ERROR_PERMISSION, from the first 64 KiB: NULL when these have an address, or cannot be
 * read.
 */
struct error *kallsyms_check_hidden(const char *path) MUST_CHECK;

/** The same for text in memory. Takes @p text (heap; NUL after its size) over, also on failure. */
struct error *kallsyms_parse(char *text, size_t size_bytes, struct symbol_table *ret) MUST_CHECK;
