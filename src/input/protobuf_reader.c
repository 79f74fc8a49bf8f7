#include "input/protobuf_reader.h"

struct error *protobuf_next(struct byte_reader *message, struct protobuf_field *ret)
{
	struct protobuf_field field = { 0 };
	uint32_t value32;
	uint64_t key, size_bytes;

	RETURN_IF_ERROR(byte_reader_uleb128(message, &key));
	field.number = (uint32_t)(key >> 3);
	field.wire = (enum protobuf_wire)(key & 7);
	if (field.number == 0 || key >> 3 > UINT32_MAX)
		return byte_reader_error(message, "a field without number");
	switch (field.wire) {
	case PROTOBUF_VARINT:
		RETURN_IF_ERROR(byte_reader_uleb128(message, &field.value));
		break;
	case PROTOBUF_FIXED64:
		RETURN_IF_ERROR(byte_reader_u64(message, &field.value));
		break;
	case PROTOBUF_FIXED32:
		RETURN_IF_ERROR(byte_reader_u32(message, &value32));
		field.value = value32;
		break;
	case PROTOBUF_BYTES:
		RETURN_IF_ERROR(byte_reader_uleb128(message, &size_bytes));
		field.content = (struct byte_reader){ .origin = message->origin + message->position,
						      .source = message->source };
		RETURN_IF_ERROR(byte_reader_bytes(message, size_bytes, &field.content.bytes));
		break;
	default:
		return byte_reader_error(message, "a field of unknown kind");
	}
	*ret = field;
	return NULL;
}

struct error *protobuf_number(struct protobuf_field *field, uint64_t *ret, bool *is_there_ret)
{
	if (field->wire == PROTOBUF_BYTES) {
		*is_there_ret = byte_reader_left(&field->content) > 0;
		return *is_there_ret ? byte_reader_uleb128(&field->content, ret) : NULL;
	}
	*is_there_ret = field->number != 0;
	*ret = field->value;
	field->number = 0;
	return NULL;
}
