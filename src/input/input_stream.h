#pragma once

/**
 * The bytes of a file or of standard input, decompressed on the way (gzip,
 * zstd: recognised by their first bytes, never by a name). Front to back, in a
 * window: memory does not follow the size of the input.
 */

#include "base/bytes.h"
#include "base/vector.h"

struct input_stream;

/** The longest run that can be looked at in one piece, such as one line of text. */
#define INPUT_WINDOW_MAX_BYTES ((size_t)64 * 1024 * 1024)

/** @param path  "-" is standard input. */
struct error *input_stream_open(const char *path, struct input_stream **ret) MUST_CHECK;
void input_stream_close(struct input_stream *stream);

/** The path, or "standard input": for messages. */
const char *input_stream_name(const struct input_stream *stream);

bool input_stream_is_compressed(const struct input_stream *stream);

/**
 * Why compressed input ended before its time, and where; NULL: it did not (yet). What came
 * before it is read as if it were all; who reads to the end then tells what happened.
 */
const char *input_stream_damage(const struct input_stream *stream);

/** How far advanced; of compressed input, in what it holds. */
uint64_t input_stream_offset(const struct input_stream *stream);

/**
 * All that is in the window, without going on: at least @p least_bytes unless
 * the input ends before. Valid until the next call.
 *
 * @return ERROR_FORMAT for compression damaged from the start on or a run over
 * INPUT_WINDOW_MAX_BYTES.
 */
struct error *input_stream_peek(struct input_stream *stream, size_t least_bytes,
				struct bytes *ret) MUST_CHECK;

/** Go on by @p size_bytes, which were peeked before. */
void input_stream_advance(struct input_stream *stream, size_t size_bytes);

/** The longest input that is taken as a whole. */
#define INPUT_WHOLE_MAX_BYTES ((size_t)4 * 1024 * 1024 * 1024)

/**
 * All that is left, decompressed, for formats that refer to and fro.
 *
 * @return ERROR_FORMAT for damaged compression, and past @p most_bytes, which a small
 * compressed file could reach.
 */
struct error *input_stream_read_whole(struct input_stream *stream, size_t most_bytes,
				      struct byte_vector *ret) MUST_CHECK;
