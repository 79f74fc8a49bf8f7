#pragma once

/** DWARF: inlined calls and source lines. What symbolizer.c sees of it. */

#include "cache/cache.h"
#include "object/object.h"

struct debug_info;

/** One function at an address. Strings live as long as the debug_info. */
struct debug_frame {
	const char *linkage_name; /**< NULL: the language has none. */
	const char *name;         /**< Qualified by its scopes; NULL: unknown. */
	const char *file;         /**< Where the address (or the inlined call) is; NULL: unknown. */
	uint32_t line;            /**< 0: unknown. */
};

DEFINE_VECTOR(debug_frame_vector, struct debug_frame)

/** The functions at one address: a run of frames, innermost first. */
struct debug_chain {
	size_t first_frame;
	uint32_t n_frames;                     /**< 0: no debug information there. */
	uint64_t function_start, function_end; /**< Of the last frame's piece around the address. */
};

/**
 * Find the debug information of @p object: its own, or that of its debug file.
 *
 * @param debug_file        May be NULL.
 * @param cache             Where unpacked sections are kept; NULL: nowhere.
 * @param is_without_lines  Leave files and lines out: no line program is run.
 * @param ret               NULL: there is none.
 */
struct error *debug_info_open(struct object *object, struct object *debug_file,
			      bool is_without_lines, struct cache *cache,
			      struct debug_info **ret) MUST_CHECK;

/** Keep in @p cache what had to be unpacked, if it was not found there. */
void debug_info_keep(const struct debug_info *info, const char *label, struct cache *cache);

/** NULL is fine. */
void debug_info_destroy(struct debug_info *info);

/**
 * The chains of @p n ascending addresses. Each unit of DWARF is decoded when the
 * first address in it is asked for, once.
 *
 * @param frames_ret  Appended to.
 * @param chains_ret  n chains.
 */
void debug_info_resolve(struct debug_info *info, const uint64_t *elf_addresses, size_t n,
			struct debug_frame_vector *frames_ret, struct debug_chain *chains_ret);

/**
 * Every address from @p start to @p end where the answer may change: between two of them all
 * addresses have the same chain.
 *
 * @param addresses_ret  Appended to, in no order, some twice.
 */
void debug_info_boundaries(struct debug_info *info, uint64_t start, uint64_t end,
			   struct address_vector *addresses_ret);

/** One line about damage met so far, or NULL. */
const char *debug_info_problem(const struct debug_info *info);
