#pragma once

#include "base/attributes.h"

/** SHA-1 is 20; the ELF note and MMAP2 allow no more than this here. */
#define BUILD_ID_SIZE_MAX_BYTES 20

/** The NT_GNU_BUILD_ID note of an ELF file. size_bytes 0: it has none, or unknown. */
struct build_id {
	uint8_t bytes[BUILD_ID_SIZE_MAX_BYTES];
	uint8_t size_bytes;
};

/** 2 hex digits a byte and a NUL. */
#define BUILD_ID_TEXT_SIZE_BYTES (BUILD_ID_SIZE_MAX_BYTES * 2 + 1)

/** Lower-case hex; "" when unknown. */
void build_id_format(const struct build_id *build_id, char text[BUILD_ID_TEXT_SIZE_BYTES]);

/** Both known and the same. */
bool build_id_equal(const struct build_id *a, const struct build_id *b);
