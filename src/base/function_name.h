#pragma once

/** Names of C++ and Rust functions, as far as their form goes: the text is foreign. */

#include <stddef.h>

/**
 * A name in short: without parameters and what the compiler put behind them, template
 * arguments as "<@p ellipsis>", without the hash of Rust's older mangling. "operator<<",
 * "operator()", "(anonymous namespace)::" and "<T as Trait>::f" keep their brackets.
 *
 * @return At most as long as @p name. Free with free().
 */
char *function_name_shorten(const char *name, const char *ellipsis);

/** Length without the "::h0123456789abcdef" of the Rust compiler's older mangling. */
size_t function_name_length_without_hash(const char *name);
