#pragma once

#include <stddef.h>

/** Names longer than this are left mangled: the demangler is not linear. */
#define DEMANGLE_NAME_SIZE_MAX_BYTES 16384

/**
 * C++ (Itanium), Rust legacy (hash removed) and v0, D. free() the result.
 * NULL: not a mangled name of a kind we know; use it as it is.
 */
char *demangle(const char *linkage_name);

/** The same, C++ functions with their parameter types, as addr2line -C and c++filt show them. */
char *demangle_with_parameters(const char *linkage_name);
