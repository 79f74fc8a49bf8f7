#include "input_text.h"

#include "base/memory.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

struct input_stream *input_of_bytes(const void *bytes, size_t size_bytes)
{
	int descriptor = memfd_create("input", MFD_CLOEXEC);
	_cleanup_free_ char *path = memory_format_text("/proc/self/fd/%d", descriptor);
	struct input_stream *stream = NULL;
	struct error *error;

	assert(descriptor >= 0);
	assert(write(descriptor, bytes, size_bytes) == (ssize_t)size_bytes);
	error = input_stream_open(path, &stream);
	assert(!error);
	close(descriptor);
	return stream;
}

struct input_stream *input_of_text(const char *text)
{
	return input_of_bytes(text, strlen(text));
}
