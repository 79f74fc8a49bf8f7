#pragma once

/**
 * Address to name: function, file:line, and the inlined callers at that address.
 *
 * Addresses are resolved in batches per object, sorted, so that each symbol
 * table and each touched DWARF unit is decoded once and merged with the
 * addresses: no search per address. Not thread-safe.
 */

#include "base/arena.h"
#include "base/error.h"
#include "cache/cache.h"
#include "object/object.h"
#include "runtime/code_map.h"

enum symbol_status {
	SYMBOL_FOUND,
	SYMBOL_NO_TABLE, /**< The object has no symbols for it: stripped, missing, unreadable. */
	SYMBOL_NO_MATCH, /**< It has symbols, none covers the address. */
};

/** One function at an address. Strings belong to the symbolizer. */
struct symbol_frame {
	const char *name;         /**< Demangled as asked; never NULL when found. */
	const char *linkage_name; /**< As in the file; may equal name. */
	const char *file;         /**< Source path, or NULL. */
	uint32_t line;            /**< 0: unknown. */
	bool is_inlined;          /**< Inlined into the next frame of the array. */
};

/** All functions at an address, innermost first; the last one is not inlined. */
struct symbol_result {
	enum symbol_status status;
	uint64_t symbol_elf_address; /**< Start of the (outermost) symbol. */
	uint64_t symbol_size_bytes;
	const struct symbol_frame *frames;
	uint32_t n_frames;
};

struct symbolizer_options {
	bool is_without_inlines; /**< Symbol tables and no DWARF: faster, coarser. */
	bool is_without_lines;
	bool is_mangled;           /**< Keep linkage names (--no-demangle). */
	const char *kallsyms_path; /**< NULL: /proc/kallsyms. */
	struct cache *cache;       /**< Where answers are kept; borrowed. NULL: nowhere. */
};

struct symbolizer;

struct symbolizer *symbolizer_create(const struct symbolizer_options *options);
void symbolizer_destroy(struct symbolizer *symbolizer);

/**
 * Resolve @p n ascending, distinct elf addresses of @p object (already lowered by one for callers).
 *
 * @param results_ret  n results, in the same order; their frames live as long as the symbolizer.
 *
 * What cannot be resolved has a status that says why; a damaged file is noted in
 * symbolizer_object_problem() and never stops the rest.
 */
void symbolizer_resolve(struct symbolizer *symbolizer, struct object *object,
			const uint64_t *elf_addresses, size_t n, struct symbol_result *results_ret);

/**
 * Run-time code is replaced while its process lives: see what the runtime of @p object has told
 * by now, so that it can be named by time. May be called for each sample. Others: nothing.
 */
void symbolizer_watch(struct symbolizer *symbolizer, struct object *object);

/**
 * What was at @p elf_address of @p object over time: each version has an address of its own to be
 * resolved. Nothing is appended where it was always the same.
 */
void symbolizer_versions(struct symbolizer *symbolizer, struct object *object, uint64_t elf_address,
			 struct code_version_vector *ret);

/**
 * Keep in the cache what was found out since creation. Apart from resolving, because it takes
 * longer and nobody waits for it. Objects must still be there.
 */
void symbolizer_keep(struct symbolizer *symbolizer);

enum symbol_source_kind {
	SYMBOLS_NONE,    /**< Nothing at all. */
	SYMBOLS_DYNAMIC, /**< Only exported names (.dynsym): static functions are missing. */
	SYMBOLS_FULL,    /**< .symtab, kallsyms, or a JIT map. */
	SYMBOLS_DEBUG,   /**< And DWARF. */
};

/** How well @p object can be named; for the "unresolved by library" advice. */
enum symbol_source_kind symbolizer_source_kind(struct symbolizer *symbolizer,
					       struct object *object);

/** One line about damage found while reading @p object's symbols, or NULL. */
const char *symbolizer_object_problem(const struct symbolizer *symbolizer,
				      const struct object *object);
