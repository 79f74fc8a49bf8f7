#include "base/text_stream.h"

#include "base/memory.h"

FILE *text_stream_open(char **text_ret, size_t *size_bytes_ret)
{
	FILE *stream = open_memstream(text_ret, size_bytes_ret);

	if (!stream)
		memory_exhausted();
	return stream;
}

void text_stream_close(FILE *stream, char *const *text)
{
	int had_error = ferror(stream);

	/* Closing trims the text, and says nothing when that fails. */
	if (fclose(stream) != 0 || had_error || !*text)
		memory_exhausted();
}
