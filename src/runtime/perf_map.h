#pragma once

/**
 * Names of JIT code as runtimes write them for profilers: /tmp/perf-PID.map,
 * `START SIZE NAME` a line, numbers in hexadecimal, the name to the end of the
 * line. Format: the kernel tree's tools/perf/Documentation/jit-interface.txt.
 */

#include "base/error.h"

/** Larger maps are not read. */
#define PERF_MAP_SIZE_MAX_BYTES (UINT32_C(512) << 20)

/** A run of code; runs never overlap. */
struct perf_map_range {
	uint64_t start;
	uint64_t end;                  /**< First address after it. */
	uint64_t code_start, code_end; /**< Of the whole function this is (a part) of. */
	uint32_t name_offset;          /**< Into text. */
};

struct perf_map {
	struct perf_map_range *ranges; /**< Ascending. */
	size_t n_ranges;
	char *text; /**< The file, names NUL-terminated. */
	size_t text_size_bytes;
	size_t n_bad_lines; /**< Lines not of this format. */
};

/**
 * Read the map of process @p pid: of /proc/PID/root (a container's own /tmp,
 * under its pid there) when the process still runs, else of our own /tmp. It is
 * believed only as a regular file that belongs to the process's user or to root.
 * ERROR_NOT_FOUND: the process wrote none.
 */
struct error *perf_map_read(uint32_t pid, struct perf_map *ret) MUST_CHECK;

/** The same from @p path. @p owner_uid or root must own it. */
struct error *perf_map_read_file(const char *path, uint32_t owner_uid,
				 struct perf_map *ret) MUST_CHECK;

/**
 * From text in memory: heap, with room for a NUL after @p size_bytes; taken over.
 * Runtimes reuse memory: where functions overlap, the later line names the code.
 */
void perf_map_parse(char *text, size_t size_bytes, struct perf_map *ret);

void perf_map_deinit(struct perf_map *map);
