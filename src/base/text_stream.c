#include "base/text_stream.h"

#include "base/memory.h"

FILE *text_stream_open(char **text_ret, size_t *size_bytes_ret)
{
	FILE *stream = open_memstream(text_ret, size_bytes_ret);

	if (!stream)
		memory_exhausted();
	return stream;
}

void text_stream_close(FILE *stream)
{
	int had_error = ferror(stream);

	if (fclose(stream) != 0 || had_error)
		memory_exhausted();
}
