#pragma once

/**
 * Options of all commands that name functions: where else to look for programs and debug files, and
 * whether what earlier runs found out is used.
 */

#include "base/string_table.h"
#include "cache/cache.h"
#include "cli/options.h"
#include "object/object_servers.h"

enum {
	OPTION_DEBUG_FOLDER = 1100,
	OPTION_SERVERS,
	OPTION_SERVERS_LIMIT,
	OPTION_NO_CACHE,
};

#define SYMBOL_SEARCH_OPTION_SPECS                                                                 \
	{ OPTION_DEBUG_FOLDER,                                                                     \
	  0,                                                                                       \
	  "debug-dir",                                                                             \
	  "DIR",                                                                                   \
	  "Also look here for debug files and for programs by their build id, before "             \
	  "/usr/lib/debug. May be given again.",                                                   \
	  "DIR" },                                                                                 \
		{ OPTION_SERVERS,                                                                  \
		  0,                                                                               \
		  "debuginfod",                                                                    \
		  NULL,                                                                            \
		  "Ask the servers in DEBUGINFOD_URLS for debug files that are not here.",         \
		  NULL },                                                                          \
		{ OPTION_SERVERS_LIMIT,                                                            \
		  0,                                                                               \
		  "debuginfod-limit",                                                              \
		  "TIME,SIZE",                                                                     \
		  "How long to wait and how much to download in all. Default: 60s,1G.",            \
		  NULL },                                                                          \
	{                                                                                          \
		OPTION_NO_CACHE, 0, "no-cache", NULL,                                              \
			"Neither use nor keep what earlier runs found out about programs and "     \
			"libraries.",                                                              \
			NULL                                                                       \
	}

struct symbol_search {
	struct string_vector debug_folders; /**< Borrowed texts. */
	bool uses_servers;
	uint64_t time_max_ns, size_max_bytes; /**< 0: the default. */
	bool is_without_cache;
	struct cache *cache;            /**< Open; NULL: none is used. */
	struct object_servers *servers; /**< Open; NULL: not asked for. */
};

/** Take one option; @p is_known_ret false: it is none of these. */
struct error *symbol_search_apply(struct symbol_search *search, int id, const char *value,
				  bool *is_known_ret) MUST_CHECK;

/** Open the cache, and be ready to ask the servers, as was wanted. */
struct error *symbol_search_start(struct symbol_search *search) MUST_CHECK;

/** Say what the servers had, and what was not asked for. No more questions to them or the cache. */
void symbol_search_finish(struct symbol_search *search);

/** After symbol_search_finish(), or without a start. */
void symbol_search_deinit(struct symbol_search *search);
