#pragma once

/** Hashing and comparing text, eight bytes a step. For tables that live and die with one reading.
 */

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

/** How many bytes at the beginning of both, of @p length, are the same. */
static inline size_t text_common_length(const char *a, const char *b, size_t length)
{
	size_t i = 0;

	while (i + 8 <= length && text_hash_load(a + i) == text_hash_load(b + i))
		i += 8;
	while (i < length && a[i] == b[i])
		i++;
	return i;
}

static inline uint64_t text_hash(const char *text, size_t length)
{
	uint64_t hash = length + TEXT_HASH_MULTIPLIER;
	uint64_t last = 0;

	if (length >= 8) {
		for (size_t i = 0; i + 8 < length; i += 8)
			hash = text_hash_mix(hash ^ text_hash_load(text + i), TEXT_HASH_MULTIPLIER);
		last = text_hash_load(text + length - 8);
	} else {
		memcpy(&last, text, length);
	}
	return text_hash_mix(hash ^ last, TEXT_HASH_MULTIPLIER ^ length);
}
