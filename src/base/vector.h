#pragma once

/**
 * Typed growing arrays. DEFINE_VECTOR(address_vector, uint64_t) makes
 *
 *     struct address_vector { uint64_t *items; size_t count, capacity; };
 *     void      address_vector_append(struct address_vector *, uint64_t item);
 *     uint64_t *address_vector_append_new(struct address_vector *);   zeroed
 *     void      address_vector_reserve(struct address_vector *, size_t capacity);
 *     void      address_vector_clear(struct address_vector *);        keeps memory
 *     void      address_vector_deinit(struct address_vector *);
 *
 * An all-zero struct is an empty vector. Pointers into items are valid until
 * the next append.
 */

#include "base/memory.h"

#include <string.h>

#define DEFINE_VECTOR(name, type)                                                                  \
	struct name {                                                                              \
		type *items;                                                                       \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	};                                                                                         \
	static inline void name##_reserve(struct name *vector, size_t capacity)                    \
	{                                                                                          \
		if (capacity <= vector->capacity)                                                  \
			return;                                                                    \
		vector->items = memory_resize(vector->items, capacity, sizeof(type));              \
		vector->capacity = capacity;                                                       \
	}                                                                                          \
	static inline void name##_make_room(struct name *vector)                                   \
	{                                                                                          \
		if (vector->count == vector->capacity)                                             \
			name##_reserve(vector, vector->capacity ? vector->capacity * 2 : 8);       \
	}                                                                                          \
	static inline __attribute__((unused)) void name##_append(struct name *vector, type item)   \
	{                                                                                          \
		name##_make_room(vector);                                                          \
		vector->items[vector->count++] = item;                                             \
	}                                                                                          \
	static inline __attribute__((unused)) type *name##_append_new(struct name *vector)         \
	{                                                                                          \
		type *item;                                                                        \
                                                                                                   \
		name##_make_room(vector);                                                          \
		item = &vector->items[vector->count++];                                            \
		memset(item, 0, sizeof(*item));                                                    \
		return item;                                                                       \
	}                                                                                          \
	static inline __attribute__((unused)) void name##_clear(struct name *vector)               \
	{                                                                                          \
		vector->count = 0;                                                                 \
	}                                                                                          \
	static inline __attribute__((unused)) void name##_deinit(struct name *vector)              \
	{                                                                                          \
		free(vector->items);                                                               \
		*vector = (struct name){ 0 };                                                      \
	}

DEFINE_VECTOR(address_vector, uint64_t)
DEFINE_VECTOR(index_vector, uint32_t)
DEFINE_VECTOR(byte_vector, uint8_t)

/** Append a run of bytes. */
static inline void byte_vector_append_bytes(struct byte_vector *vector, const void *bytes,
					    size_t size_bytes)
{
	if (!size_bytes)
		return;
	if (vector->count + size_bytes > vector->capacity)
		byte_vector_reserve(vector, (vector->count + size_bytes) * 2);
	memcpy(vector->items + vector->count, bytes, size_bytes);
	vector->count += size_bytes;
}
