#pragma once

/** The parts of debug_info: what the debug_*.c files share. */

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash_map.h"
#include "base/vector.h"
#include "symbols/debug_info_internal.h"
#include "symbols/debug_split_internal.h"

#include <elfutils/libdw.h>

#define DEBUG_FUNCTION_NONE UINT32_MAX
#define DEBUG_SCOPE_NONE    UINT32_MAX

/** DIEs nested deeper than this are not followed. */
#define DEBUG_DEPTH_MAX 256

/** Address ranges of one object, all units together. */
#define DEBUG_RANGES_MAX (UINT32_C(1) << 24)

/**
 * Decoding the units of one object may take no longer. Honest DWARF takes 10 ms a
 * megabyte; forged lists of ranges that all entries share take the product of both.
 */
#define DEBUG_DECODE_TIME_MAX_NS (60 * NS_PER_S)

/** DW_TAG_subprogram or DW_TAG_inlined_subroutine with code. */
struct debug_function {
	Dwarf_Off die_offset;
	uint32_t parent; /**< What it is inlined into; DEBUG_FUNCTION_NONE: it is not. */
	uint16_t depth;  /**< Of the DIE, so that of nested functions the inner one is found. */
	bool is_inlined;
	bool is_named; /**< The fields below are filled: only those that are hit get them. */
	const char *linkage_name, *name;
	const char *call_file; /**< Where the call that was inlined stood. */
	uint32_t call_line;
};

DEFINE_VECTOR(debug_function_vector, struct debug_function)

/** Addresses whose innermost function is the same. Segments of a unit never overlap. */
struct debug_segment {
	uint64_t start;
	uint64_t end;
	uint32_t function;
};

DEFINE_VECTOR(debug_segment_vector, struct debug_segment)

/** A DIE that qualifies the names inside: namespace, class, function. In order of offset. */
struct debug_scope {
	Dwarf_Off start;
	Dwarf_Off end; /**< Past the last direct child. */
	uint32_t parent;
};

DEFINE_VECTOR(debug_scope_vector, struct debug_scope)

struct debug_unit {
	Dwarf_Die die;             /**< With the line table and the ranges. */
	Dwarf_Die code_die;        /**< With the functions: the same, or the split unit's. */
	bool is_skeleton;          /**< The functions are in a split unit. */
	struct debug_split *split; /**< NULL: not open, not found, or no skeleton. */
	bool is_decoded;
	bool has_lines_loaded;
	struct debug_function_vector functions;
	struct debug_segment_vector segments; /**< Ascending. */
	struct debug_scope_vector scopes;
	Dwarf_Lines *lines;
	size_t n_lines;
	Dwarf_Files *files;
	size_t n_files;
};

DEFINE_VECTOR(debug_unit_vector, struct debug_unit)

struct debug_unit_range {
	uint64_t start;
	uint64_t end;
	uint32_t unit;
};

DEFINE_VECTOR(debug_unit_range_vector, struct debug_unit_range)

static inline uint64_t path_hash(const char *path)
{
	return hash_u64((uint64_t)(uintptr_t)path);
}

static inline bool path_equal(const char *a, const char *b)
{
	return a == b;
}

/** By the pointer libdw gives for a file of a unit, not by the text. */
DEFINE_HASH_MAP(path_map, const char *, const char *, path_hash, path_equal)

/** A libdw handle over an object's debug sections. */
struct debug_image {
	struct object *object;
	Elf *elf;
	Dwarf *dwarf;
	void *elf_memory;     /**< Of an elf put together from unpacked sections, or NULL. */
	struct cached cached; /**< The same, unpacked by an earlier run. */
	char *identity;       /**< Of the compressed file, when it can be kept; or NULL. */

	bool misses_alternate;         /**< A part is in another file that is not there (dwz). */
	struct object *alternate_file; /**< That file, or NULL. */
	struct debug_image *alternate; /**< Of that file; owned. */
};

struct debug_info {
	struct debug_image image;
	struct object *object;        /**< What was mapped; the image may be its debug file's. */
	uint64_t code_end;            /**< Elf address behind all code. */
	struct debug_package package; /**< Of split units. */
	struct debug_unit_vector alternate_units; /**< Of image.alternate; only for their scopes. */
	struct debug_unit_vector units;           /**< Ascending by offset. */
	struct debug_unit_range_vector ranges;    /**< Ascending by start. */
	struct arena names;                       /**< Names and paths put together here. */
	struct path_map paths;                    /**< Relative paths, absolute. */
	bool is_without_lines;
	size_t n_ranges;        /**< Of functions, in all units decoded so far. */
	uint64_t decode_end_ns; /**< When to stop decoding this unit, CLOCK_MONOTONIC. */
	uint64_t decode_used_ns;
	char *problem;
};

/** Note damage; the first one stays. */
void debug_info_note(struct debug_info *info, const char *what);

/** Whether these addresses are of code; those that cannot be are noted as damage. */
bool debug_range_is_code(struct debug_info *info, uint64_t start, uint64_t end);

/**
 * Open the debug sections of @p object. dwarf NULL: it has none.
 *
 * @param cache  Where unpacked sections are kept; NULL: nowhere.
 */
struct error *debug_image_open(struct object *object, struct cache *cache,
			       struct debug_image *ret) MUST_CHECK;

/** Keep what had to be unpacked. */
void debug_image_keep(const struct debug_image *image, const char *label, struct cache *cache);
void debug_image_deinit(struct debug_image *image);

/** Decode the functions, segments and scopes of @p unit if that was not done. */
void debug_unit_decode(struct debug_info *info, struct debug_unit *unit);

/** The innermost function at @p address, or DEBUG_FUNCTION_NONE. */
uint32_t debug_unit_find_function(const struct debug_unit *unit, uint64_t address,
				  uint64_t *start_ret, uint64_t *end_ret);

/** The row of the line table that covers @p address; false: none. */
bool debug_unit_find_line(struct debug_info *info, struct debug_unit *unit, uint64_t address,
			  const char **file_ret, uint32_t *line_ret);

/** The addresses of the line table's rows from @p start to @p end; appended. */
void debug_unit_line_boundaries(struct debug_info *info, struct debug_unit *unit, uint64_t start,
				uint64_t end, struct address_vector *addresses_ret);

/** File @p number of the unit's line table, or NULL. */
const char *debug_unit_file(struct debug_info *info, struct debug_unit *unit, uint64_t number);

/** Fill in the names and the call site of @p function if that was not done. */
void debug_function_name(struct debug_info *info, struct debug_unit *unit,
			 struct debug_function *function);
