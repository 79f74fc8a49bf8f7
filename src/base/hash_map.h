#pragma once

/**
 * Typed hash maps: open addressing, linear probing, capacity a power of two,
 * at most 3/4 full.
 *
 * DEFINE_HASH_MAP(pid_map, uint32_t, struct process *, hash_u32, equal_u32) makes
 *
 *     struct pid_map { ...; size_t count; };
 *     struct process **pid_map_find(const struct pid_map *, uint32_t key);      NULL: absent
 *     struct process **pid_map_insert(struct pid_map *, uint32_t key, bool *is_new_ret);
 *     void pid_map_remove(struct pid_map *, uint32_t key);                      absent: nothing
 *     bool pid_map_next(const struct pid_map *, size_t *cursor,
 *                       uint32_t *key_ret, struct process ***value_ret);        cursor from 0
 *     void pid_map_deinit(struct pid_map *);
 *
 * A new value is zeroed. Value pointers are valid until the next insert or remove. An
 * all-zero struct is an empty map. hash: uint64_t (*)(key); equal: bool (*)(a, b).
 */

#include "base/memory.h"

#include <string.h>

#define DEFINE_HASH_MAP(name, key_type, value_type, hash, equal)                                   \
	struct name##_entry {                                                                      \
		key_type key;                                                                      \
		value_type value;                                                                  \
		bool is_used;                                                                      \
	};                                                                                         \
	struct name {                                                                              \
		struct name##_entry *entries;                                                      \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	};                                                                                         \
	static inline struct name##_entry *name##_slot(const struct name *map, key_type key)       \
	{                                                                                          \
		size_t mask = map->capacity - 1;                                                   \
		size_t index = (size_t)hash(key) & mask;                                           \
                                                                                                   \
		while (map->entries[index].is_used && !equal(map->entries[index].key, key))        \
			index = (index + 1) & mask;                                                \
		return &map->entries[index];                                                       \
	}                                                                                          \
	static inline __attribute__((unused))                                                      \
	value_type *name##_find(const struct name *map, key_type key)                              \
	{                                                                                          \
		struct name##_entry *entry;                                                        \
                                                                                                   \
		if (!map->capacity)                                                                \
			return NULL;                                                               \
		entry = name##_slot(map, key);                                                     \
		return entry->is_used ? &entry->value : NULL;                                      \
	}                                                                                          \
	static inline void name##_grow(struct name *map)                                           \
	{                                                                                          \
		struct name grown = { .count = map->count,                                         \
				      .capacity = map->capacity ? map->capacity * 2 : 16 };        \
                                                                                                   \
		grown.entries = memory_allocate(grown.capacity, sizeof(*grown.entries));           \
		for (size_t i = 0; i < map->capacity; i++) {                                       \
			if (map->entries[i].is_used)                                               \
				*name##_slot(&grown, map->entries[i].key) = map->entries[i];       \
		}                                                                                  \
		free(map->entries);                                                                \
		*map = grown;                                                                      \
	}                                                                                          \
	static inline __attribute__((unused))                                                      \
	value_type *name##_insert(struct name *map, key_type key, bool *is_new_ret)                \
	{                                                                                          \
		struct name##_entry *entry;                                                        \
                                                                                                   \
		if ((map->count + 1) * 4 > map->capacity * 3)                                      \
			name##_grow(map);                                                          \
		entry = name##_slot(map, key);                                                     \
		if (is_new_ret)                                                                    \
			*is_new_ret = !entry->is_used;                                             \
		if (!entry->is_used) {                                                             \
			entry->is_used = true;                                                     \
			entry->key = key;                                                          \
			map->count++;                                                              \
		}                                                                                  \
		return &entry->value;                                                              \
	}                                                                                          \
	static inline __attribute__((unused)) void name##_remove(struct name *map, key_type key)   \
	{                                                                                          \
		size_t mask = map->capacity - 1, hole, index;                                      \
                                                                                                   \
		if (!name##_find(map, key))                                                        \
			return;                                                                    \
		index = hole = (size_t)(name##_slot(map, key) - map->entries);                     \
		/* What lies behind and would be looked for from the hole or before moves up. */   \
		while (index = (index + 1) & mask, map->entries[index].is_used) {                  \
			size_t home = (size_t)hash(map->entries[index].key) & mask;                \
                                                                                                   \
			if (((index - home) & mask) < ((index - hole) & mask))                     \
				continue;                                                          \
			map->entries[hole] = map->entries[index];                                  \
			hole = index;                                                              \
		}                                                                                  \
		memset(&map->entries[hole], 0, sizeof(map->entries[hole]));                        \
		map->count--;                                                                      \
	}                                                                                          \
	static inline __attribute__((unused)) bool name##_next(                                    \
		const struct name *map, size_t *cursor, key_type *key_ret, value_type **value_ret) \
	{                                                                                          \
		while (*cursor < map->capacity) {                                                  \
			struct name##_entry *entry = &map->entries[(*cursor)++];                   \
                                                                                                   \
			if (!entry->is_used)                                                       \
				continue;                                                          \
			*key_ret = entry->key;                                                     \
			*value_ret = &entry->value;                                                \
			return true;                                                               \
		}                                                                                  \
		return false;                                                                      \
	}                                                                                          \
	static inline __attribute__((unused)) void name##_deinit(struct name *map)                 \
	{                                                                                          \
		free(map->entries);                                                                \
		*map = (struct name){ 0 };                                                         \
	}

/** Mixes all bits (the finaliser of MurmurHash3, public domain). */
static inline uint64_t hash_u64(uint64_t value)
{
	value ^= value >> 33;
	value *= UINT64_C(0xff51afd7ed558ccd);
	value ^= value >> 33;
	value *= UINT64_C(0xc4ceb9fe1a85ec53);
	value ^= value >> 33;
	return value;
}

static inline uint64_t hash_u32(uint32_t value)
{
	return hash_u64(value);
}

static inline uint64_t hash_combine(uint64_t hash, uint64_t value)
{
	return hash_u64(hash ^ (value + UINT64_C(0x9e3779b97f4a7c15)));
}

/** 64-bit hash of bytes (FNV-1a, mixed). Stable across runs and machines. */
static inline uint64_t hash_bytes(const void *bytes, size_t size_bytes)
{
	const uint8_t *data = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size_bytes; i++)
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	return hash_u64(hash);
}

static inline uint64_t hash_text(const char *text)
{
	return hash_bytes(text, strlen(text));
}

static inline bool equal_u32(uint32_t a, uint32_t b)
{
	return a == b;
}

static inline bool equal_u64(uint64_t a, uint64_t b)
{
	return a == b;
}

static inline bool equal_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
