#pragma once

/**
 * Names of JIT code as runtimes write them for profilers: /tmp/perf-PID.map,
 * `START SIZE NAME` a line, numbers in hexadecimal, the name to the end of the
 * line. Format: the kernel tree's tools/perf/Documentation/jit-interface.txt.
 */

#include "base/error.h"
#include "object/object.h"
#include "runtime/code_map.h"
#include "runtime/runtime_text.h"

/** Look what @p process wrote by now, under the pid it knows itself by. */
struct error *perf_map_watch(const struct object_process *process, struct runtime_text *seen,
			     uint64_t now_ns) MUST_CHECK;

/**
 * Add what @p process wrote, all of it.
 *
 * @param seen  Of earlier looks.
 * @return ERROR_NOT_FOUND: it wrote none.
 */
struct error *perf_map_read(const struct object_process *process, struct runtime_text *seen,
			    struct code_map_builder *builder) MUST_CHECK;

/**
 * The same from text in memory. What is not of this format is left out.
 *
 * @return how many lines were.
 */
size_t perf_map_parse(const char *text, size_t size_bytes, struct code_map_builder *builder);
