#pragma once

/** Fields of a protocol buffers message (protobuf.dev, "Encoding"). */

#include "base/bytes.h"

enum protobuf_wire {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;             /**< Of numbers. */
	struct byte_reader content; /**< Of PROTOBUF_BYTES: text, a message or packed numbers. */
};

/** The next field of @p message, which must not be at its end. */
struct error *protobuf_next(struct byte_reader *message, struct protobuf_field *ret) MUST_CHECK;

/**
 * The next number of a repeated field, which is one number or several packed ones.
 * Call until @p is_there_ret is false; @p field is used up.
 */
struct error *protobuf_number(struct protobuf_field *field, uint64_t *ret,
			      bool *is_there_ret) MUST_CHECK;
