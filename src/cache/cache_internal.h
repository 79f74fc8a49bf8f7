#pragma once

/** What the files of cache/ share among themselves. */

#include "base/error.h"
#include "cache/cache.h"

/** The kind, '-', 16 hex digits of the hash of the identity. */
#define CACHE_NAME_SIZE_BYTES 64

/** Unfinished files: a name no entry has. */
#define CACHE_UNFINISHED_PREFIX ".new-"

struct cache {
	char *path; /**< "": no place. */
	int folder; /**< Descriptor; -1: not there, or not to be used. */
	char *problem;
	uint64_t n_unfinished; /**< Files begun, for their names. */
	struct cache_statistics statistics;
};

/**
 * Open the folder at @p path.
 *
 * @param is_to_make  Make it, and the folder it is in, when they are not there.
 * @return ERROR_NOT_FOUND when it is not there; ERROR_PERMISSION when it is not to be trusted.
 */
struct error *cache_folder_open(const char *path, bool is_to_make, int *ret) MUST_CHECK;

/** "" when the environment names no absolute path; free it. */
char *cache_folder_default_path(void);

/** 64-bit checksum against damage, not against forgery. Stable across runs, not machines. */
uint64_t cache_checksum(struct bytes bytes);

/** A file of the cache, taken apart; everything borrowed from its bytes. */
struct cache_file {
	uint64_t checksum; /**< As the file has it. */
	uint32_t version;
	const char *identity;
	const char *label;
	struct bytes content;
};

/** The head of a file: everything before its content. */
struct byte_vector cache_file_head(const struct cache_key *key, const char *label,
				   struct bytes content);

/** Does not look at the checksum: a list needs only the label. */
struct error *cache_file_parse(struct bytes bytes, struct cache_file *ret) MUST_CHECK;

/** Whether the checksum is that of @p bytes, which @p file was parsed from. */
bool cache_file_is_whole(struct bytes bytes, const struct cache_file *file);

/** Open an entry for reading; -1: not there, or nothing that we wrote. */
int cache_file_open(const struct cache *cache, const char *name, size_t *size_bytes_ret);

/** Whether @p name is one that entries have. */
bool cache_name_is_entry(const char *name);
