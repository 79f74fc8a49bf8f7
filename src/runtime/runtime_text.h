#pragma once

/**
 * A text that the runtime of a living process goes on writing, as it was seen over time: a profiler
 * that looks at it now and then knows about when each line came, keeps what a later writing of the
 * file left out, and has it still when the process takes the file away in the end.
 */

#include "base/error.h"
#include "base/vector.h"
#include "object/object.h"

/** Seen texts larger than this are not kept: only what the file holds in the end. */
#define RUNTIME_TEXT_KEPT_MAX_BYTES (UINT32_C(64) << 20)

/** What stands before offset was there at that time, and nothing more. */
struct runtime_mark {
	size_t offset;    /**< At the start of a line. */
	uint64_t time_ns; /**< The last such. */
};

DEFINE_VECTOR(runtime_mark_vector, struct runtime_mark)

/** An all-zero struct is a text that was never seen. */
struct runtime_text {
	struct byte_vector bytes;         /**< Each writing of the file behind the one before. */
	struct runtime_mark_vector marks; /**< Ascending. */
	size_t file_start;                /**< Of what the file holds now, in bytes. */
	uint64_t inode;
};

/**
 * Take what @p path has more than when it was last seen; a line that is being written is left
 * for the next time.
 *
 * @param now_ns  CLOCK_MONOTONIC; 0: the process is done, and a last line is whole as it is.
 * @return ERROR_NOT_FOUND: there is no such file. What was seen before stays.
 */
struct error *runtime_text_look(struct runtime_text *text, const char *path,
				const struct object_process *process, uint64_t now_ns) MUST_CHECK;

void runtime_text_deinit(struct runtime_text *text);
