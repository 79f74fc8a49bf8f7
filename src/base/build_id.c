#include "base/build_id.h"

#include <assert.h>
#include <string.h>

void build_id_format(const struct build_id *build_id, char text[BUILD_ID_TEXT_SIZE_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char *out = text;

	assert(build_id->size_bytes <= BUILD_ID_SIZE_MAX_BYTES);
	for (size_t i = 0; i < build_id->size_bytes; i++) {
		*out++ = digits[build_id->bytes[i] >> 4];
		*out++ = digits[build_id->bytes[i] & 15];
	}
	*out = '\0';
}

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->size_bytes > 0 && a->size_bytes == b->size_bytes &&
	       memcmp(a->bytes, b->bytes, a->size_bytes) == 0;
}
