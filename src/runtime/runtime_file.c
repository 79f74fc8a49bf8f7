#include "runtime/runtime_file.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/** Times of files and of processes come from clocks that tick this coarsely. */
#define CLOCK_STEP_MAX_NS (100 * NS_PER_MS)

/** Pids come round again: whether an earlier process of this one left the file. */
static bool is_of_earlier_process(const struct stat *status, const struct object_process *process)
{
	uint64_t written_ns = (uint64_t)status->st_mtim.tv_sec * NS_PER_S +
			      (uint64_t)status->st_mtim.tv_nsec;

	return written_ns + CLOCK_STEP_MAX_NS < process->start_realtime_ns;
}

static struct error *check_file(int fd, const char *path, const struct object_process *process,
				struct stat *status_ret)
{
	uint32_t owner_uid = process->is_user_known ? process->user_id : geteuid();
	struct stat status;

	if (fstat(fd, &status))
		return error_from_errno(errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_PERMISSION, "%s: not believed: not a regular file", path);
	if (status.st_uid != owner_uid && status.st_uid != 0) {
		return error_new(ERROR_PERMISSION,
				 "%s: not believed: it belongs to user %u, not to user %u or root",
				 path, status.st_uid, owner_uid);
	}
	if (is_of_earlier_process(&status, process)) {
		return error_new(ERROR_PERMISSION,
				 "%s: not believed: last written before process %u began, by an "
				 "earlier one with its pid",
				 path, process->own_pid);
	}
	if (status.st_size > RUNTIME_FILE_SIZE_MAX_BYTES) {
		return error_new(ERROR_FORMAT, "%s: larger than %u bytes", path,
				 RUNTIME_FILE_SIZE_MAX_BYTES);
	}
	*status_ret = status;
	return NULL;
}

struct error *runtime_file_open(const char *path, const struct object_process *process, int *fd_ret,
				struct stat *status_ret)
{
	/* O_NONBLOCK: a FIFO under this name must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct error *error;

	if (fd < 0 && errno == ELOOP)
		return error_new(ERROR_PERMISSION, "%s: not believed: a symbolic link", path);
	if (fd < 0)
		return error_from_errno(errno, "opening %s", path);
	error = check_file(fd, path, process, status_ret);
	if (error)
		close(fd);
	else
		*fd_ret = fd;
	return error;
}

struct error *runtime_file_read_at(int fd, const char *path, size_t offset, uint8_t *bytes,
				   size_t size_bytes, size_t *n_read_ret)
{
	size_t n_read = 0;

	while (n_read < size_bytes) {
		ssize_t n =
			pread(fd, bytes + n_read, size_bytes - n_read, (off_t)(offset + n_read));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_from_errno(errno, "reading %s", path);
		if (n == 0)
			break;
		n_read += (size_t)n;
	}
	*n_read_ret = n_read;
	return NULL;
}

struct error *runtime_file_read(const char *path, const struct object_process *process,
				uint8_t **bytes_ret, size_t *size_bytes_ret)
{
	struct error *error;
	struct stat status;
	uint8_t *bytes;
	int fd;

	RETURN_IF_ERROR(runtime_file_open(path, process, &fd, &status));
	bytes = memory_allocate((size_t)status.st_size + 1, 1);
	error = runtime_file_read_at(fd, path, 0, bytes, (size_t)status.st_size, size_bytes_ret);
	close(fd);
	if (error)
		free(bytes);
	else
		*bytes_ret = bytes;
	return error;
}
