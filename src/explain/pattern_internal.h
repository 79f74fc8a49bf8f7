#pragma once

/**
 * Name patterns: `*` stands for any run of characters (also none, also "::"),
 * everything else for itself, `\*` and `\\` for a star and a backslash. There
 * is no `?` and no `[...]`: brackets are part of C++ and Rust names.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/string_table.h"

/** The literal runs between stars. Strings belong to the arena given to pattern_compile(). */
struct pattern {
	struct string_key *pieces;
	size_t n_pieces;    /**< At least 1. */
	bool is_open_start; /**< Begins with a star. */
	bool is_open_end;   /**< Ends with a star. */
};

/** ERROR_FORMAT for text that is empty, matches everything or ends in a lone backslash. */
struct error *pattern_compile(struct arena *arena, const char *text,
			      struct pattern *ret) MUST_CHECK;

/** No star: matches one text only, pieces[0]. */
bool pattern_is_literal(const struct pattern *pattern);

bool pattern_matches(const struct pattern *pattern, struct string_key text);

/**
 * The part of a readable function name that names the function: without the
 * parameter list and what follows it, without the return type that C++ writes
 * before templates, and without suffixes of compilers and linkers (".cold",
 * ".constprop.0", "@plt", "@@GLIBC_2.2.5"). "void sort<int>(int*) const" gives
 * "sort<int>". Borrowed from @p name.
 */
struct string_key function_plain_name(const char *name);
