#include "input/input_stream.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/** Fits the second-level cache, so that what read(2) copies is still there when it is parsed. */
#define WINDOW_SIZE_BYTES ((size_t)256 * 1024)

/** Of compressed input, read at once. */
#define RAW_SIZE_BYTES ((size_t)64 * 1024)

/** zlib: the largest window, and 16 for the gzip format (zlib.h, inflateInit2). */
#define GZIP_WINDOW_BITS (15 + 16)

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
};

struct input_stream {
	char *name;
	int descriptor;
	enum compression compression;

	uint8_t *window;
	size_t capacity;
	size_t position, end; /**< What is left to be looked at, in the window. */
	uint64_t origin;      /**< Offset of the window's first byte. */
	bool is_end;          /**< Nothing comes after what is in the window. */

	uint8_t *raw; /**< Compressed bytes; NULL without compression. */
	size_t raw_position, raw_end;
	uint64_t raw_offset; /**< Of raw_end in the input, for messages. */
	bool is_raw_end;
	bool is_frame_open;   /**< Amid a gzip member or zstd frame. */
	struct error *damage; /**< Of the compression: the input ends there. NULL: none. */
	z_stream gzip;
	ZSTD_DStream *zstd;
};

static struct error *read_some(struct input_stream *stream, uint8_t *buffer, size_t capacity,
			       size_t *ret)
{
	ssize_t n;

	do
		n = read(stream->descriptor, buffer, capacity);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_from_errno(errno, "cannot read '%s'", stream->name);
	*ret = (size_t)n;
	return NULL;
}

static struct error *fill_raw(struct input_stream *stream)
{
	size_t n = 0;

	if (stream->raw_position < stream->raw_end || stream->is_raw_end)
		return NULL;
	RETURN_IF_ERROR(read_some(stream, stream->raw, RAW_SIZE_BYTES, &n));
	stream->raw_position = 0;
	stream->raw_end = n;
	stream->raw_offset += n;
	stream->is_raw_end = n == 0;
	return NULL;
}

static void note_damage(struct input_stream *stream, const char *what)
{
	stream->damage = error_new(ERROR_FORMAT, "%s: %s near offset %" PRIu64, stream->name, what,
				   stream->raw_offset - (stream->raw_end - stream->raw_position));
}

/** @return how many bytes there are now. */
static size_t inflate_some(struct input_stream *stream, uint8_t *buffer, size_t capacity)
{
	z_stream *gzip = &stream->gzip;
	int status;

	if (!stream->is_frame_open && inflateReset(gzip) != Z_OK) {
		note_damage(stream, "gzip cannot be read");
		return 0;
	}
	gzip->next_in = stream->raw + stream->raw_position;
	gzip->avail_in = (uInt)(stream->raw_end - stream->raw_position);
	gzip->next_out = buffer;
	gzip->avail_out = (uInt)capacity;
	status = inflate(gzip, Z_NO_FLUSH);
	stream->raw_position = stream->raw_end - gzip->avail_in;
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		note_damage(stream, gzip->msg ? gzip->msg : "damaged gzip data");
	stream->is_frame_open = status != Z_STREAM_END;
	return capacity - gzip->avail_out;
}

static size_t unzstd_some(struct input_stream *stream, uint8_t *buffer, size_t capacity)
{
	ZSTD_inBuffer in = { .src = stream->raw,
			     .size = stream->raw_end,
			     .pos = stream->raw_position };
	ZSTD_outBuffer out = { .dst = buffer, .size = capacity };
	size_t status = ZSTD_decompressStream(stream->zstd, &out, &in);

	stream->raw_position = in.pos;
	if (ZSTD_isError(status))
		note_damage(stream, ZSTD_getErrorName(status));
	stream->is_frame_open = status != 0;
	return out.pos;
}

/** Zero bytes: the end, which may be one of damage. */
static struct error *decompress_some(struct input_stream *stream, uint8_t *buffer, size_t capacity,
				     size_t *ret)
{
	size_t n = 0;

	while (n == 0 && !stream->damage) {
		RETURN_IF_ERROR(fill_raw(stream));
		if (stream->is_raw_end && stream->is_frame_open)
			note_damage(stream, "compressed data ends too early");
		if (stream->is_raw_end)
			break;
		n = stream->compression == COMPRESSION_GZIP ? inflate_some(stream, buffer, capacity)
							    : unzstd_some(stream, buffer, capacity);
	}
	*ret = n;
	return NULL;
}

/** A copy; NULL: there is none. */
static struct error *damage_error(const struct input_stream *stream)
{
	return stream->damage ? error_new(ERROR_FORMAT, "%s", stream->damage->message) : NULL;
}

/** Add to the window, making it larger when it is full. */
static struct error *fill_window(struct input_stream *stream)
{
	size_t left = stream->end - stream->position, n = 0;

	if (stream->position > 0) {
		memmove(stream->window, stream->window + stream->position, left);
		stream->origin += stream->position;
		stream->position = 0;
		stream->end = left;
	}
	if (left == stream->capacity) {
		if (stream->capacity >= INPUT_WINDOW_MAX_BYTES)
			return error_new(ERROR_FORMAT,
					 "%s: line at offset %" PRIu64 " is longer than %zu MiB",
					 stream->name, stream->origin,
					 INPUT_WINDOW_MAX_BYTES >> 20);
		stream->capacity *= 2;
		stream->window = memory_resize(stream->window, stream->capacity, 1);
	}
	if (stream->compression == COMPRESSION_NONE)
		RETURN_IF_ERROR(
			read_some(stream, stream->window + left, stream->capacity - left, &n));
	else
		RETURN_IF_ERROR(decompress_some(stream, stream->window + left,
						stream->capacity - left, &n));
	stream->end += n;
	stream->is_end = n == 0;
	if (stream->is_end && stream->origin + stream->end == 0)
		return damage_error(stream);
	return NULL;
}

struct error *input_stream_peek(struct input_stream *stream, size_t least_bytes, struct bytes *ret)
{
	while (stream->end - stream->position < least_bytes && !stream->is_end)
		RETURN_IF_ERROR(fill_window(stream));
	*ret = (struct bytes){ .data = stream->window + stream->position,
			       .size = stream->end - stream->position };
	return NULL;
}

void input_stream_advance(struct input_stream *stream, size_t size_bytes)
{
	assert(size_bytes <= stream->end - stream->position);
	stream->position += size_bytes;
}

struct error *input_stream_read_whole(struct input_stream *stream, size_t most_bytes,
				      struct byte_vector *ret)
{
	for (;;) {
		struct bytes bytes;

		RETURN_IF_ERROR(input_stream_peek(stream, 1, &bytes));
		if (bytes.size == 0)
			return damage_error(stream);
		if (bytes.size > most_bytes - ret->count)
			return error_new(ERROR_FORMAT, "%s: more than %zu MiB%s", stream->name,
					 most_bytes >> 20,
					 stream->compression == COMPRESSION_NONE ? ""
										 : " unpacked");
		byte_vector_append_bytes(ret, bytes.data, bytes.size);
		input_stream_advance(stream, bytes.size);
	}
}

/** RFC 1952 section 2.3.1; RFC 8878 section 3.1.1. */
static enum compression recognise(struct bytes start)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (start.size >= sizeof(gzip) && memcmp(start.data, gzip, sizeof(gzip)) == 0)
		return COMPRESSION_GZIP;
	if (start.size >= sizeof(zstd) && memcmp(start.data, zstd, sizeof(zstd)) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

/** What is in the window turns out to be compressed: it is the first raw input. */
static struct error *begin_decompression(struct input_stream *stream)
{
	stream->raw_end = stream->end;
	stream->raw_offset = stream->end;
	stream->raw = memory_allocate(MAX(stream->end, RAW_SIZE_BYTES), 1);
	memcpy(stream->raw, stream->window, stream->end);
	stream->end = 0;
	stream->is_end = false;
	if (stream->compression == COMPRESSION_ZSTD) {
		stream->zstd = ZSTD_createDStream();
		if (stream->zstd)
			return NULL;
	} else if (inflateInit2(&stream->gzip, GZIP_WINDOW_BITS) == Z_OK) {
		return NULL;
	}
	return error_new(ERROR_SYSTEM, "%s: no memory to decompress", stream->name);
}

struct error *input_stream_open(const char *path, struct input_stream **ret)
{
	bool is_standard_input = strcmp(path, "-") == 0;
	struct input_stream *stream = memory_allocate(1, sizeof(*stream));
	struct error *error = NULL;
	struct bytes start = { 0 };

	stream->name = memory_duplicate_text(is_standard_input ? "standard input" : path);
	stream->descriptor = is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					       : open(path, O_RDONLY | O_CLOEXEC);
	stream->capacity = WINDOW_SIZE_BYTES;
	stream->window = memory_allocate(stream->capacity, 1);
	if (stream->descriptor < 0)
		error = error_from_errno(errno, "cannot open '%s'", stream->name);
	if (!error)
		error = input_stream_peek(stream, 4, &start);
	if (!error) {
		stream->compression = recognise(start);
		if (stream->compression != COMPRESSION_NONE)
			error = begin_decompression(stream);
	}
	if (error) {
		input_stream_close(stream);
		return error;
	}
	*ret = stream;
	return NULL;
}

void input_stream_close(struct input_stream *stream)
{
	if (!stream)
		return;
	if (stream->raw && stream->compression == COMPRESSION_GZIP)
		inflateEnd(&stream->gzip);
	ZSTD_freeDStream(stream->zstd);
	if (stream->descriptor >= 0)
		close(stream->descriptor);
	error_destroy(stream->damage);
	free(stream->raw);
	free(stream->window);
	free(stream->name);
	free(stream);
}

const char *input_stream_name(const struct input_stream *stream)
{
	return stream->name;
}

bool input_stream_is_compressed(const struct input_stream *stream)
{
	return stream->compression != COMPRESSION_NONE;
}

const char *input_stream_damage(const struct input_stream *stream)
{
	return stream->damage ? stream->damage->message : NULL;
}

uint64_t input_stream_offset(const struct input_stream *stream)
{
	return stream->origin + stream->position;
}
