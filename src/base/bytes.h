#pragma once

/**
 * Bytes from outside, read within bounds.
 *
 * `struct byte_reader` is the only way foreign bytes (files, rings, section
 * contents) are taken apart. Invariant: position <= bytes.size. Each read either
 * succeeds and advances, or fails with an error naming the source and the offset
 * and leaves the position alone. Values are little-endian in memory order of the
 * host unless `swap` is set.
 */

#include "base/error.h"

#include <string.h>

/** A borrowed run of bytes. {NULL, 0} is the empty run. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

struct byte_reader {
	struct bytes bytes;
	size_t position;
	uint64_t origin;    /**< Offset of bytes.data[0] in its source, for messages. */
	const char *source; /**< What is read ("perf.data", ".eh_frame of libc.so.6"); borrowed. */
	bool swap;          /**< The source has the other byte order. */
};

static inline struct byte_reader byte_reader_make(struct bytes bytes, const char *source)
{
	return (struct byte_reader){ .bytes = bytes, .source = source };
}

static inline size_t byte_reader_left(const struct byte_reader *reader)
{
	return reader->bytes.size - reader->position;
}

/** "SOURCE: WHAT at offset N": an ERROR_FORMAT about the present position. */
struct error *byte_reader_error(const struct byte_reader *reader, const char *what) MUST_CHECK;

/** The error of a read that does not fit; out of line so that reads stay small. */
struct error *byte_reader_past_end(const struct byte_reader *reader, size_t size_bytes) MUST_CHECK
	__attribute__((returns_nonnull));

/* The commonest reads are inline: unwind information is millions of them. */
MUST_CHECK static inline struct error *byte_reader_u8(struct byte_reader *reader, uint8_t *ret)
{
	if (__builtin_expect(byte_reader_left(reader) == 0, 0))
		return byte_reader_past_end(reader, 1);
	*ret = reader->bytes.data[reader->position++];
	return NULL;
}

struct error *byte_reader_u16(struct byte_reader *reader, uint16_t *ret) MUST_CHECK;
struct error *byte_reader_u32(struct byte_reader *reader, uint32_t *ret) MUST_CHECK;
struct error *byte_reader_u64(struct byte_reader *reader, uint64_t *ret) MUST_CHECK;

/** Those of more than one byte, for the two below. */
struct error *byte_reader_long_uleb128(struct byte_reader *reader, uint64_t *ret) MUST_CHECK;
struct error *byte_reader_sleb128(struct byte_reader *reader, int64_t *ret) MUST_CHECK;

/** DWARF 5 section 7.6. Longer than 64 bits is an error. */
MUST_CHECK static inline struct error *byte_reader_uleb128(struct byte_reader *reader,
							   uint64_t *ret)
{
	if (byte_reader_left(reader) == 0 || reader->bytes.data[reader->position] & 0x80)
		return byte_reader_long_uleb128(reader, ret);
	*ret = reader->bytes.data[reader->position++];
	return NULL;
}

/** NUL-terminated text inside the bytes; borrowed; must end before the bytes do. */
struct error *byte_reader_text(struct byte_reader *reader, const char **ret) MUST_CHECK;

/** The next @p size_bytes bytes; borrowed. */
struct error *byte_reader_bytes(struct byte_reader *reader, size_t size_bytes,
				struct bytes *ret) MUST_CHECK;

struct error *byte_reader_skip(struct byte_reader *reader, size_t size_bytes) MUST_CHECK;
struct error *byte_reader_seek(struct byte_reader *reader, size_t position) MUST_CHECK;
