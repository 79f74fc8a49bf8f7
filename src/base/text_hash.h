#pragma once

/** Hashing text, 16 bytes a step, and comparing it: for tables that live as long as one reading. */

#include "base/attributes.h"

#include <string.h>

#define TEXT_HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

/** Both halves of the product depend on all bits of both factors (as in wyhash, public domain). */
static inline uint64_t text_hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t text_hash_load(const char *text)
{
	uint64_t value;

	memcpy(&value, text, sizeof(value));
	return value;
}

/** Of a word loaded from text: the place of the first byte that is not 0. */
static inline unsigned int text_hash_first_byte(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (unsigned int)__builtin_ctzll(word) / 8;
#else
	return (unsigned int)__builtin_clzll(word) / 8;
#endif
}

/** How many bytes at the beginning of both, of @p length, are the same. */
static inline size_t text_common_length(const char *a, const char *b, size_t length)
{
	size_t i = 0;

	for (; i + 8 <= length; i += 8) {
		uint64_t differing = text_hash_load(a + i) ^ text_hash_load(b + i);

		if (differing)
			return i + text_hash_first_byte(differing);
	}
	while (i < length && a[i] == b[i])
		i++;
	return i;
}

/** Where @p wanted is first, which is there. Up to 7 bytes behind it are looked at. */
static inline const char *text_find_byte(const char *text, char wanted)
{
	const uint64_t lows = UINT64_MAX / 0xff * 0x7f;

	for (;; text += 8) {
		uint64_t differing =
			text_hash_load(text) ^ UINT64_MAX / 0xff * (unsigned char)wanted;
		/* The high bit of each byte that is 0. */
		uint64_t found = ~(((differing & lows) + lows) | differing | lows);

		if (found)
			return text + text_hash_first_byte(found);
	}
}

/** All of a text of less than 8 bytes, of known length. */
static inline uint64_t text_hash_load_short(const char *text, size_t length)
{
	uint32_t first, last;

	if (length < 4)
		return length ? (uint64_t)(unsigned char)text[0] << 16 |
					(uint64_t)(unsigned char)text[length / 2] << 8 |
					(unsigned char)text[length - 1]
			      : 0;
	memcpy(&first, text, sizeof(first));
	memcpy(&last, text + length - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

/** Both of @p length; for short texts, faster than a call. */
static inline bool text_equal(const char *a, const char *b, size_t length)
{
	if (length < 8)
		return text_hash_load_short(a, length) == text_hash_load_short(b, length);
	for (size_t i = 0; i + 8 < length; i += 8) {
		if (text_hash_load(a + i) != text_hash_load(b + i))
			return false;
	}
	return text_hash_load(a + length - 8) == text_hash_load(b + length - 8);
}

static inline uint64_t text_hash(const char *text, size_t length)
{
	uint64_t hash = length + TEXT_HASH_MULTIPLIER;
	uint64_t first, last;

	for (; length > 16; text += 16, length -= 16)
		hash = text_hash_mix(hash ^ text_hash_load(text),
				     TEXT_HASH_MULTIPLIER ^ text_hash_load(text + 8));
	if (length >= 8) {
		first = text_hash_load(text);
		last = text_hash_load(text + length - 8);
	} else {
		first = text_hash_load_short(text, length);
		last = 0;
	}
	return text_hash_mix(hash ^ first, TEXT_HASH_MULTIPLIER ^ last);
}
