#pragma once

/** Files that profiled programs leave for profilers, and whether to believe them. */

#include "base/error.h"
#include "object/object.h"

#include <sys/stat.h>

/** Larger files are not read. */
#define RUNTIME_FILE_SIZE_MAX_BYTES (UINT32_C(512) << 20)

/**
 * Open @p path: believed only as a regular file that belongs to the process's user or to root;
 * when that user is not known any more, to ours; and that was written to since the process began.
 *
 * @param status_ret  Its size is within the limit.
 */
struct error *runtime_file_open(const char *path, const struct object_process *process, int *fd_ret,
				struct stat *status_ret) MUST_CHECK;

/** Read up to @p size_bytes from @p offset on: the file may have become shorter. */
struct error *runtime_file_read_at(int fd, const char *path, size_t offset, uint8_t *bytes,
				   size_t size_bytes, size_t *n_read_ret) MUST_CHECK;

/**
 * Open and read all of @p path.
 *
 * @param bytes_ret  On the heap. The runtime may still be writing: as much as there is now.
 */
struct error *runtime_file_read(const char *path, const struct object_process *process,
				uint8_t **bytes_ret, size_t *size_bytes_ret) MUST_CHECK;
