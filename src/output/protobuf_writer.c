#include "output/protobuf_writer_internal.h"

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_LENGTH = 2,
};

static void write_tag(struct byte_vector *message, unsigned int field, enum wire_type type)
{
	protobuf_varint(message, (uint64_t)field << 3 | type);
}

void protobuf_varint(struct byte_vector *message, uint64_t value)
{
	while (value >= 0x80) {
		byte_vector_append(message, (uint8_t)(value | 0x80));
		value >>= 7;
	}
	byte_vector_append(message, (uint8_t)value);
}

void protobuf_u64(struct byte_vector *message, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	write_tag(message, field, WIRE_VARINT);
	protobuf_varint(message, value);
}

void protobuf_bool(struct byte_vector *message, unsigned int field, bool value)
{
	protobuf_u64(message, field, value);
}

void protobuf_bytes(struct byte_vector *message, unsigned int field, const void *bytes,
		    size_t size_bytes)
{
	write_tag(message, field, WIRE_LENGTH);
	protobuf_varint(message, size_bytes);
	byte_vector_append_bytes(message, bytes, size_bytes);
}
