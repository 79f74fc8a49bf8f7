#include "base/bytes.h"

#include <byteswap.h>
#include <inttypes.h>

struct error *byte_reader_error(const struct byte_reader *reader, const char *what)
{
	return error_new(ERROR_FORMAT, "%s: %s at offset %" PRIu64, reader->source, what,
			 reader->origin + reader->position);
}

struct error *byte_reader_past_end(const struct byte_reader *reader, size_t size_bytes)
{
	return error_new(ERROR_FORMAT, "%s: %zu bytes wanted at offset %" PRIu64 ", only %zu left",
			 reader->source, size_bytes, reader->origin + reader->position,
			 byte_reader_left(reader));
}

static struct error *read_fixed(struct byte_reader *reader, void *ret, size_t size_bytes)
{
	if (byte_reader_left(reader) < size_bytes)
		return byte_reader_past_end(reader, size_bytes);
	memcpy(ret, reader->bytes.data + reader->position, size_bytes);
	reader->position += size_bytes;
	return NULL;
}

struct error *byte_reader_u16(struct byte_reader *reader, uint16_t *ret)
{
	RETURN_IF_ERROR(read_fixed(reader, ret, sizeof(*ret)));
	if (reader->swap)
		*ret = bswap_16(*ret);
	return NULL;
}

struct error *byte_reader_u32(struct byte_reader *reader, uint32_t *ret)
{
	RETURN_IF_ERROR(read_fixed(reader, ret, sizeof(*ret)));
	if (reader->swap)
		*ret = bswap_32(*ret);
	return NULL;
}

struct error *byte_reader_u64(struct byte_reader *reader, uint64_t *ret)
{
	RETURN_IF_ERROR(read_fixed(reader, ret, sizeof(*ret)));
	if (reader->swap)
		*ret = bswap_64(*ret);
	return NULL;
}

struct error *byte_reader_long_uleb128(struct byte_reader *reader, uint64_t *ret)
{
	const uint8_t *data = reader->bytes.data;
	size_t position = reader->position;
	unsigned int shift = 0;
	uint64_t value = 0;

	for (;;) {
		uint8_t byte;

		if (position >= reader->bytes.size)
			return byte_reader_past_end(reader, position - reader->position + 1);
		byte = data[position++];
		/* Bits past 64 must be zero: padding is legal, overflow is not. */
		if (shift < 64) {
			if (shift == 63 && (byte & 0x7e))
				return byte_reader_error(reader, "LEB128 number over 64 bits");
			value |= (uint64_t)(byte & 0x7f) << shift;
		} else if (byte & 0x7f) {
			return byte_reader_error(reader, "LEB128 number over 64 bits");
		}
		shift += 7;
		if (!(byte & 0x80))
			break;
	}
	reader->position = position;
	*ret = value;
	return NULL;
}

struct error *byte_reader_sleb128(struct byte_reader *reader, int64_t *ret)
{
	const uint8_t *data = reader->bytes.data;
	size_t position = reader->position;
	unsigned int shift = 0;
	uint64_t value = 0;
	uint8_t byte;

	do {
		if (position >= reader->bytes.size)
			return byte_reader_past_end(reader, position - reader->position + 1);
		byte = data[position++];
		/* From bit 63 on there may only be copies of the sign. */
		if (shift < 63)
			value |= (uint64_t)(byte & 0x7f) << shift;
		else if (shift == 63)
			value |= (uint64_t)(byte & 1) << 63;
		if (shift >= 63 && (byte & 0x7f) != ((value >> 63) ? 0x7f : 0))
			return byte_reader_error(reader, "LEB128 number over 64 bits");
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	reader->position = position;
	*ret = (int64_t)value;
	return NULL;
}

struct error *byte_reader_text(struct byte_reader *reader, const char **ret)
{
	size_t left = byte_reader_left(reader);
	const char *start, *end;

	if (left == 0)
		return byte_reader_past_end(reader, 1);
	start = (const char *)reader->bytes.data + reader->position;
	end = memchr(start, '\0', left);
	if (!end)
		return byte_reader_error(reader, "text without an end");
	reader->position += (size_t)(end - start) + 1;
	*ret = start;
	return NULL;
}

struct error *byte_reader_bytes(struct byte_reader *reader, size_t size_bytes, struct bytes *ret)
{
	RETURN_IF_ERROR(byte_reader_skip(reader, size_bytes));
	*ret = (struct bytes){ 0 };
	/* The empty run may have no address to count from. */
	if (size_bytes > 0)
		*ret = (struct bytes){
			.data = reader->bytes.data + reader->position - size_bytes,
			.size = size_bytes,
		};
	return NULL;
}

struct error *byte_reader_skip(struct byte_reader *reader, size_t size_bytes)
{
	if (byte_reader_left(reader) < size_bytes)
		return byte_reader_past_end(reader, size_bytes);
	reader->position += size_bytes;
	return NULL;
}

struct error *byte_reader_seek(struct byte_reader *reader, size_t position)
{
	if (position > reader->bytes.size)
		return error_new(ERROR_FORMAT, "%s: offset %" PRIu64 " is past the end (%zu bytes)",
				 reader->source, reader->origin + position, reader->bytes.size);
	reader->position = position;
	return NULL;
}
