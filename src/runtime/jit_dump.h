#pragma once

/**
 * Code that a just-in-time compiler made, as it logs it for profilers: jit-PID.dump, binary, with
 * names, source lines and the code itself. Format: the kernel tree's
 * tools/perf/Documentation/jitdump-specification.txt.
 */

#include "base/error.h"
#include "object/object.h"
#include "runtime/code_map.h"

struct runtime_text;

/**
 * Add what @p process wrote into the dump it mapped, with its times: it need not be watched.
 *
 * @return ERROR_NOT_FOUND: it mapped none.
 */
struct error *jit_dump_read(const struct object_process *process, struct runtime_text *seen,
			    struct code_map_builder *builder) MUST_CHECK;

/** The same from bytes in memory. A record that is cut off, being written, ends it. */
struct error *jit_dump_parse(struct bytes bytes, struct code_map_builder *builder) MUST_CHECK;
