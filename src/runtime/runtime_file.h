#pragma once

/** Files that profiled programs leave for profilers, and whether to believe them. */

#include "base/error.h"
#include "object/object.h"

/** Larger files are not read. */
#define RUNTIME_FILE_SIZE_MAX_BYTES (UINT32_C(512) << 20)

/**
 * Read @p path: believed only as a regular file that belongs to the process's user or to root;
 * when that user is not known any more, to ours.
 *
 * @param bytes_ret  On the heap. The runtime may still be writing: as much as there is now.
 */
struct error *runtime_file_read(const char *path, const struct object_process *process,
				uint8_t **bytes_ret, size_t *size_bytes_ret) MUST_CHECK;
