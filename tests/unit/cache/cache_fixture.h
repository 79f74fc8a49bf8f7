#pragma once

/** A folder of the test's own, never the user's cache. */

#include "cache/cache_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** cmocka setup and teardown: *state is the path of a fresh folder, removed afterwards. */
int cache_fixture_setup(void **state);
int cache_fixture_teardown(void **state);

/** "FOLDER/NAME"; free it. */
char *cache_fixture_path(void **state, const char *name);

struct bytes bytes_of(const char *text);

/** The only entry of the folder at @p path: its path; free it. */
char *cache_fixture_only_entry(const char *path);

struct byte_vector read_file(const char *path);
void write_file(const char *path, struct bytes bytes);

static inline struct cache_key key_of(const char *identity)
{
	return (struct cache_key){ .kind = "test", .version = 1, .identity = identity };
}

/** What a load finds, as a fresh string; NULL: nothing. */
char *load_text(struct cache *cache, const char *identity);
void store_text(struct cache *cache, const char *identity, const char *text);
