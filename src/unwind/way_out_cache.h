#pragma once

/**
 * How functions without unwind information give their stack back (architecture.find_way_out()),
 * each address looked at once. Their code is read from their file; code made at run time from the
 * process.
 */

#include "arch/architecture.h"
#include "object/object.h"
#include "process/process.h"
#include "unwind/live_memory.h"

/** A power of two. */
#define WAY_OUT_CACHE_SIZE 4096

/** So much of a process is read at once: few functions are longer. */
#define WAY_OUT_READ_SIZE_BYTES 4096

struct known_way_out {
	/* Where: in a file, whoever runs it; or in a process's memory, as it is mapped now. */
	const struct object *object; /**< NULL: nothing is known here. */
	uint64_t address;
	bool is_behind_call;
	uint32_t pid;        /**< 0: in a file. */
	uint64_t generation; /**< Of the process. */

	bool is_found;
	struct way_out way_out;
};

struct way_out_cache {
	struct known_way_out known[WAY_OUT_CACHE_SIZE]; /**< Direct-mapped. */
};

/**
 * The way out of the function at @p elf_address of @p object.
 *
 * @param is_behind_call  It is where a call returns to.
 * @param process  Whose memory it is, where @p object is no file.
 * @param reader   That memory; NULL: it cannot be read.
 * @return false: none is known.
 */
bool way_out_find(struct way_out_cache *cache, const struct architecture *architecture,
		  const struct object *object, uint64_t elf_address, bool is_behind_call,
		  const struct process *process, const struct memory_reader *reader,
		  struct way_out *ret);
