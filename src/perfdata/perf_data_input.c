#include "perfdata/perf_data_input_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/** Read from a pipe at once; several records. */
#define BUFFER_SIZE_BYTES ((size_t)256 * 1024)

/** Of a mapped file: what was read longer ago need not stay. A multiple of any page. */
#define KEPT_SIZE_BYTES ((size_t)16 * 1024 * 1024)

static struct error *map_file(struct perf_data_input *input, size_t size_bytes)
{
	if (size_bytes == 0)
		return error_new(ERROR_FORMAT, "%s: the file is empty", input->name);
	RETURN_IF_ERROR(error_wrap(file_mapping_open(input->descriptor, size_bytes,
						     FILE_MAPPING_READ, &input->mapping),
				   "%s", input->name));
	madvise(input->mapping.data, size_bytes, MADV_SEQUENTIAL);
	input->bytes = (struct bytes){ .data = input->mapping.data, .size = size_bytes };
	input->end = size_bytes;
	return NULL;
}

static void prepare_buffer(struct perf_data_input *input)
{
	input->capacity = BUFFER_SIZE_BYTES;
	input->buffer = memory_allocate(1, input->capacity);
	input->bytes.data = input->buffer;
}

struct error *perf_data_input_open(const char *path, struct perf_data_input *ret)
{
	bool is_standard_input = strcmp(path, "-") == 0;
	struct perf_data_input input = { 0 };
	struct error *error = NULL;
	struct stat status;

	input.descriptor = is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					     : open(path, O_RDONLY | O_CLOEXEC);
	if (input.descriptor < 0)
		return error_from_errno(errno, "cannot open '%s'", path);
	input.name = memory_duplicate_text(is_standard_input ? "standard input" : path);
	if (fstat(input.descriptor, &status) != 0)
		error = error_from_errno(errno, "cannot open '%s'", input.name);
	else if (S_ISREG(status.st_mode))
		error = map_file(&input, (size_t)status.st_size);
	else
		prepare_buffer(&input);
	if (error) {
		perf_data_input_close(&input);
		return error;
	}
	*ret = input;
	return NULL;
}

void perf_data_input_close(struct perf_data_input *input)
{
	if (!input->name)
		return;
	file_mapping_close(&input->mapping);
	close(input->descriptor);
	free(input->buffer);
	free(input->name);
	*input = (struct perf_data_input){ 0 };
}

uint64_t perf_data_input_offset(const struct perf_data_input *input)
{
	return input->origin + input->position;
}

/** Move what is left to the front of the buffer and read until @p wanted bytes are there. */
static struct error *fill_buffer(struct perf_data_input *input, size_t wanted)
{
	size_t left = input->bytes.size - input->position;

	assert(wanted <= input->capacity);
	memmove(input->buffer, input->buffer + input->position, left);
	input->origin += input->position;
	input->position = 0;
	input->bytes.size = left;
	while (input->bytes.size < wanted) {
		ssize_t n = read(input->descriptor, input->buffer + input->bytes.size,
				 input->capacity - input->bytes.size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_from_errno(errno, "cannot read '%s'", input->name);
		if (n == 0)
			break;
		input->bytes.size += (size_t)n;
	}
	return NULL;
}

struct error *perf_data_input_peek(struct perf_data_input *input, size_t size_bytes,
				   struct bytes *ret)
{
	size_t end;

	if (!input->mapping.data && input->bytes.size - input->position < size_bytes)
		RETURN_IF_ERROR(fill_buffer(input, size_bytes));
	end = input->mapping.data ? input->end : input->bytes.size;
	*ret = (struct bytes){
		.data = input->bytes.data + input->position,
		.size = MIN(end - input->position, size_bytes),
	};
	return NULL;
}

/**
 * The process is not to grow with the file. Records in a queue may lie in what is released;
 * their pages come back when they are read.
 */
static void release_pages_behind(struct perf_data_input *input)
{
	size_t end = (input->position / KEPT_SIZE_BYTES - 1) * KEPT_SIZE_BYTES;

	madvise(input->mapping.data + input->released, end - input->released, MADV_DONTNEED);
	input->released = end;
}

void perf_data_input_advance(struct perf_data_input *input, size_t size_bytes)
{
	assert(size_bytes <= input->bytes.size - input->position);
	input->position += size_bytes;
	if (input->mapping.data && input->position >= input->released + 2 * KEPT_SIZE_BYTES)
		release_pages_behind(input);
}

struct error *perf_data_input_skip(struct perf_data_input *input, uint64_t size_bytes,
				   bool *is_whole_ret)
{
	while (size_bytes > 0) {
		struct bytes piece;

		RETURN_IF_ERROR(perf_data_input_peek(
			input, (size_t)MIN(size_bytes, (uint64_t)BUFFER_SIZE_BYTES), &piece));
		if (piece.size == 0)
			break;
		perf_data_input_advance(input, piece.size);
		size_bytes -= piece.size;
	}
	*is_whole_ret = size_bytes == 0;
	return NULL;
}
