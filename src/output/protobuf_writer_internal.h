#pragma once

/**
 * Protocol Buffers messages, written forwards. Source of the encoding:
 * https://protobuf.dev/programming-guides/encoding/ (varints, tags, length-prefixed
 * records). A message is built in a byte_vector; what contains it takes it as bytes.
 * Fields with the value 0 are left out, as proto3 writers do.
 */

#include "base/vector.h"

void protobuf_varint(struct byte_vector *message, uint64_t value);
void protobuf_u64(struct byte_vector *message, unsigned int field, uint64_t value);
void protobuf_bool(struct byte_vector *message, unsigned int field, bool value);

/** Text, a packed array or a message: also when empty. */
void protobuf_bytes(struct byte_vector *message, unsigned int field, const void *bytes,
		    size_t size_bytes);
