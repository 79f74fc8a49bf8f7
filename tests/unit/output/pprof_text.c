#include "pprof_text.h"

#include "base/bytes.h"
#include "base/memory.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <zlib.h>

#include <cmocka.h>

#define PLAIN_SIZE_MAX_BYTES (1024 * 1024)

enum content {
	CONTENT_TEXT,
	CONTENT_PACKED,
	CONTENT_MESSAGE,
};

/** What a length-prefixed field holds, by the message it is in; 0 is the profile. */
static enum content content_of(unsigned int parent, uint64_t field)
{
	switch (parent) {
	case 0:
		return field == 6 ? CONTENT_TEXT : CONTENT_MESSAGE;
	case 2: /* Sample */
		return field == 3 ? CONTENT_MESSAGE : CONTENT_PACKED;
	default:
		return CONTENT_MESSAGE;
	}
}

static void write_packed(struct bytes bytes, FILE *file)
{
	struct byte_reader reader = byte_reader_make(bytes, "packed");
	uint64_t value;

	fputc('[', file);
	while (byte_reader_left(&reader)) {
		assert_null(byte_reader_uleb128(&reader, &value));
		fprintf(file, "%" PRIu64 "%s", value, byte_reader_left(&reader) ? " " : "");
	}
	fputc(']', file);
}

/** @param parent  Field number of this message in the profile; 0: the profile itself. */
static void write_message(struct bytes bytes, unsigned int parent, FILE *file)
{
	struct byte_reader reader = byte_reader_make(bytes, "message");

	while (byte_reader_left(&reader)) {
		uint64_t tag, value;
		struct bytes content;

		assert_null(byte_reader_uleb128(&reader, &tag));
		assert_null(byte_reader_uleb128(&reader, &value));
		fprintf(file, "%" PRIu64, tag >> 3);
		if ((tag & 7) == 0) {
			fprintf(file, ":%" PRIu64, value);
		} else {
			assert_int_equal(tag & 7, 2);
			assert_null(byte_reader_bytes(&reader, value, &content));
			switch (content_of(parent, tag >> 3)) {
			case CONTENT_TEXT:
				fprintf(file, "\"%.*s\"", (int)content.size,
					(const char *)content.data);
				break;
			case CONTENT_PACKED:
				write_packed(content, file);
				break;
			case CONTENT_MESSAGE:
				fputc('{', file);
				write_message(content, parent * 100 + (unsigned int)(tag >> 3),
					      file);
				fputc('}', file);
				break;
			}
		}
		if (parent == 0)
			fputc('\n', file);
		else if (byte_reader_left(&reader))
			fputc(' ', file);
	}
}

char *pprof_text(const void *gzip, size_t size_bytes)
{
	_cleanup_free_ uint8_t *plain = memory_allocate(PLAIN_SIZE_MAX_BYTES, 1);
	z_stream stream = { .next_in = (unsigned char *)gzip,
			    .avail_in = (uInt)size_bytes,
			    .next_out = plain,
			    .avail_out = PLAIN_SIZE_MAX_BYTES };
	char *text = NULL;
	size_t text_size_bytes;
	FILE *file = open_memstream(&text, &text_size_bytes);

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	write_message((struct bytes){ plain, PLAIN_SIZE_MAX_BYTES - stream.avail_out }, 0, file);
	inflateEnd(&stream);
	fclose(file);
	return text;
}
