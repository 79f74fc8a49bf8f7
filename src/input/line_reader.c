#include "input/line_reader.h"

struct line_reader line_reader_make(struct input_stream *stream)
{
	return (struct line_reader){ .stream = stream };
}

/** Let the stream know how far the window was read, and look at what it has now. */
static struct error *look(struct line_reader *reader, size_t least_bytes)
{
	struct bytes bytes;

	input_stream_advance(reader->stream, (size_t)(reader->at - reader->window));
	reader->window = reader->at;
	RETURN_IF_ERROR(input_stream_peek(reader->stream, least_bytes, &bytes));
	reader->window = reader->at = (const char *)bytes.data;
	reader->end = reader->at + bytes.size;
	return NULL;
}

struct error *line_reader_refill(struct line_reader *reader, struct text_span *ret,
				 bool *is_end_ret)
{
	for (;;) {
		size_t left = (size_t)(reader->end - reader->at);

		RETURN_IF_ERROR(look(reader, left + 1));
		if ((size_t)(reader->end - reader->at) == left) {
			*ret = text_span_make(reader->at, reader->end);
			/* Half a line of damaged input could say anything. */
			*is_end_ret = left == 0 || input_stream_damage(reader->stream);
			reader->at = reader->end;
			reader->line_number += !*is_end_ret;
			return NULL;
		}
		if (memchr(reader->at + left, '\n', (size_t)(reader->end - reader->at) - left))
			return line_reader_next(reader, ret, is_end_ret);
	}
}

struct error *line_reader_next_few(struct line_reader *reader, size_t n_most,
				   struct text_span *lines, size_t *n_ret)
{
	bool is_end;
	size_t n = 1;

	RETURN_IF_ERROR(line_reader_next(reader, &lines[0], &is_end));
	while (!is_end && n < n_most && reader->at < reader->end) {
		const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

		if (!newline)
			break;
		lines[n++] = line_reader_take(reader, newline);
	}
	*n_ret = is_end ? 0 : n;
	return NULL;
}
