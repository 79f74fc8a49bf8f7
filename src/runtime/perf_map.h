#pragma once

/**
 * Names of JIT code as runtimes write them for profilers: /tmp/perf-PID.map,
 * `START SIZE NAME` a line, numbers in hexadecimal, the name to the end of the
 * line. Format: the kernel tree's tools/perf/Documentation/jit-interface.txt.
 */

#include "base/error.h"
#include "object/object.h"
#include "runtime/code_map.h"

/**
 * Add what @p process wrote, under the pid it knows itself by.
 * ERROR_NOT_FOUND: it wrote none.
 */
struct error *perf_map_read(const struct object_process *process,
			    struct code_map_builder *builder) MUST_CHECK;

/**
 * The same from text in memory. What is not of this format is left out.
 *
 * @return how many lines were.
 */
size_t perf_map_parse(const char *text, size_t size_bytes, struct code_map_builder *builder);
