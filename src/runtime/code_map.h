#pragma once

/**
 * Code that a runtime made, and what it calls it: what all readers of runtime/ fill. Runtimes
 * reuse memory, so code that is told later hides what was at its addresses before.
 *
 * Hidden code whose time is known is still there, at addresses of its own from
 * CODE_MAP_PAST_START on, where no process has any: code_map_versions() says which of them
 * stands for an address at which time.
 */

#include "base/vector.h"

/** More pieces of code, or source places, than this are not taken. */
#define CODE_MAP_COUNT_MAX (UINT32_C(1) << 24)

/** All names and paths together. */
#define CODE_MAP_TEXT_SIZE_MAX_BYTES (UINT32_C(1) << 30)

/** User space ends below (57 bits with five-level paging); code that claims to be above is not. */
#define CODE_MAP_PAST_START (UINT64_C(1) << 62)

/** A run of code; runs never overlap. */
struct code_range {
	uint64_t start;
	uint64_t end;         /**< First address after it. */
	uint32_t name_offset; /**< Into text. */
};

DEFINE_VECTOR(code_range_vector, struct code_range)

/** From here to the next place, code is of this line. */
struct code_place {
	uint64_t address;
	uint32_t line;        /**< 0: unknown. */
	uint32_t file_offset; /**< Into text. */
};

DEFINE_VECTOR(code_place_vector, struct code_place)

/** One piece of code as a runtime told it. */
struct code_piece {
	uint64_t start;
	uint64_t end;
	uint64_t start_ns;   /**< Since when it is there, CLOCK_MONOTONIC; 0: nobody knows. */
	uint64_t past_start; /**< Where it is kept when later code hides it; 0: it is not. */
	uint32_t name_offset;
	uint32_t order; /**< The later one wins. */
	uint32_t first_place, n_places;
};

DEFINE_VECTOR(code_piece_vector, struct code_piece)

/** An all-zero struct is an empty map. */
struct code_map {
	struct code_range_vector ranges; /**< Ascending. */
	struct code_place_vector places; /**< Ascending. */
	struct byte_vector text;         /**< Names and paths, NUL-terminated. */

	/* Empty when no code was hidden whose time is known. */
	struct code_piece_vector pieces; /**< Ascending by start. */
	struct address_vector ends;      /**< The farthest end of the pieces so far. */
};

/** What was at an address from some time on, until the next version. */
struct code_version {
	uint64_t start_ns; /**< Of the first version: 0. */
	uint64_t address;  /**< In the map. */
};

DEFINE_VECTOR(code_version_vector, struct code_version)

/** An all-zero struct is a builder of an empty map. */
struct code_map_builder {
	struct code_piece_vector pieces;
	struct code_place_vector places; /**< Of pieces, in runs. */
	struct byte_vector text;
	uint64_t time_ns; /**< When the pieces that are added now came; 0: nobody knows. */
};

/** Add a text of @p length bytes that has no NUL; its offset. False: there is too much text. */
bool code_map_add_text(struct code_map_builder *builder, const char *text, size_t length,
		       uint32_t *offset_ret);

/**
 * Add a piece of code. False: empty, where no process has code, or too many.
 *
 * @param n_places  Those last added to builder->places are of this code; ascending.
 */
bool code_map_add(struct code_map_builder *builder, uint64_t start, uint64_t size_bytes,
		  uint32_t name_offset, uint32_t n_places);

/** Empties the builder. */
void code_map_build(struct code_map_builder *builder, struct code_map *ret);

/**
 * Append what was at @p address over time, when that were several things; in order of time, the
 * last one at @p address itself.
 */
void code_map_versions(const struct code_map *map, uint64_t address,
		       struct code_version_vector *ret);

void code_map_builder_deinit(struct code_map_builder *builder);
void code_map_deinit(struct code_map *map);
