#pragma once

/**
 * Answers that took long to find and stay true, kept from run to run as files of one folder.
 *
 * A cache only saves time. What was kept may be gone, damaged or out of reach at any time, so
 * nothing here fails: a load that does not succeed is a miss, a store that does not succeed is
 * counted, and whoever asked finds the answer again the long way. Several processes may use one
 * folder at once: files appear whole under their name and are never changed afterwards.
 *
 * The format of the files: docs/formats/cache.md. Not thread-safe.
 */

#include "base/bytes.h"
#include "base/file_mapping.h"
#include "base/vector.h"

struct cache;

/** All files together; beyond it those unused for longest are dropped. */
#define CACHE_SIZE_MAX_BYTES (UINT64_C(256) << 20)

/** One file. The unwind table of a 150 MB library takes 20 MB. */
#define CACHE_FILE_SIZE_MAX_BYTES (UINT64_C(64) << 20)

/** Of a key's identity and of a label, each. */
#define CACHE_TEXT_SIZE_MAX_BYTES 8192

/** Content starts at a multiple of it in memory, so arrays can be used where they lie. */
#define CACHE_CONTENT_ALIGNMENT 64

/** What is asked for. */
struct cache_key {
	const char *kind;     /**< "symbols": lower-case letters; the files' names begin with it. */
	uint32_t version;     /**< Of the content's format, and of what the content depends on. */
	const char *identity; /**< Everything else the answer depends on, as text. */
};

/** Counts since cache_create(), for --timings. */
struct cache_statistics {
	uint64_t n_hits;
	uint64_t n_misses;  /**< Damaged ones included. */
	uint64_t n_damaged; /**< There, but not to be believed. */
	uint64_t n_stores;
	uint64_t n_failed_stores;
	uint64_t n_dropped; /**< To make room. */
	uint64_t loaded_bytes;
};

/**
 * A cache in the folder at @p path, which is made with the first store. The folder is used only
 * when it belongs to the effective user and nobody else may write in it, and made only inside a
 * folder of that user: root with the HOME of someone else neither reads nor litters it.
 */
struct cache *cache_create(const char *path);

/**
 * The same in $XDG_CACHE_HOME/perf-profile, or ~/.cache/perf-profile. Never NULL: without an
 * absolute path in the environment it is one that never holds anything.
 */
struct cache *cache_create_default(void);

/** Drops what is too much if anything was stored, then frees. NULL is fine. */
void cache_destroy(struct cache *cache);

/** "" when there is no place for one. */
const char *cache_path(const struct cache *cache);

/** Why the folder is not used, or NULL. A folder that is not there yet is no reason. */
const char *cache_problem(const struct cache *cache);

struct cache_statistics cache_statistics(const struct cache *cache);

/** Something found in the cache. All zero: nothing. */
struct cached {
	struct bytes content; /**< Read-only memory. */
	struct file_mapping mapping;
};

/**
 * Find what was stored under @p key.
 *
 * @param cache  NULL: no cache, always a miss.
 * @param ret    Release it with cached_release(). The checksum held; but the content is
 *               foreign all the same, and its reader checks every count and offset in it.
 */
bool cache_load(struct cache *cache, const struct cache_key *key, struct cached *ret);
void cached_release(struct cached *cached);

/** For a reader that found the content of a hit not to follow its format. */
void cache_note_damage(struct cache *cache);

/**
 * Keep @p content under @p key, instead of what is there.
 *
 * @param cache  NULL: nothing happens.
 * @param label  What it is about, for cache_list(): the path of an object, for instance.
 */
void cache_store(struct cache *cache, const struct cache_key *key, const char *label,
		 struct bytes content);

/** One file, for lists. */
struct cache_entry {
	char *name;
	char *label; /**< Hostile text. "" when the file is damaged. */
	uint64_t size_bytes;
	uint64_t used_realtime_ns; /**< When it was last loaded or stored. */
};

DEFINE_VECTOR(cache_entry_vector, struct cache_entry)

/** All entries, the latest used first. Files of other origin are not among them. */
void cache_list(struct cache *cache, struct cache_entry_vector *ret);
void cache_entry_vector_destroy_items(struct cache_entry_vector *entries);

/**
 * Remove the entries unused for longest until at most @p size_max_bytes are left, and what
 * writers that died left behind. Other files are left alone.
 *
 * @return how many entries were removed.
 */
size_t cache_trim(struct cache *cache, uint64_t size_max_bytes);
