#pragma once

/**
 * Words beyond a stack copy, read from the process while it still runs.
 *
 * What is read is of now, not of the sample: a thread may have returned from the outer
 * frames since. The walk therefore checks before it believes (walk_beyond.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where to read; a test has its own. */
struct memory_reader {
	/** @return bytes read from @p address on; fewer than asked for: the rest cannot be read. */
	size_t (*read)(void *context, uint64_t address, void *buffer, size_t size_bytes);
	void *context;
	uint64_t copied_ns; /**< When the stack was copied (CLOCK_MONOTONIC)... */
	uint64_t now_ns;    /**< ...and what time it is; the same: it has not changed since. */

	/** Also to complete stacks (walk_beyond.c), which can be wrong where time has passed. */
	bool may_complete_stacks;
};

/** Chunks kept at once. Outer frames lie together: few are needed. */
#define LIVE_MEMORY_N_CHUNKS 8

/** One read: many frames, and about as dear as reading a word. */
#define LIVE_MEMORY_CHUNK_SIZE_BYTES 4096

struct live_memory_chunk {
	uint64_t address; /**< A multiple of the chunk's size; 0: empty. */
	size_t size_bytes;
	uint8_t bytes[LIVE_MEMORY_CHUNK_SIZE_BYTES];
};

/** What was read for one sample. */
struct live_memory {
	const struct memory_reader *reader; /**< NULL: nothing can be read. */
	size_t next;                        /**< The chunk to use up next. */
	uint64_t n_words;                   /**< Got from it for this sample. */
	uint64_t n_reads;                   /**< Of chunks, since the start. */
	struct live_memory_chunk chunks[LIVE_MEMORY_N_CHUNKS];
};

/** Forget what was read for the sample before. @param reader  Borrowed; may be NULL. */
void live_memory_start(struct live_memory *memory, const struct memory_reader *reader);

/** False: it cannot be read. */
bool live_memory_read_word(struct live_memory *memory, uint64_t address, size_t size_bytes,
			   uint64_t *ret);

/**
 * A reader now, for a stack that was copied at @p copied_ns, of thread @p tid's memory:
 * process_vm_readv(2), which needs the rights of ptrace(2) to it: our own children, or
 * CAP_SYS_PTRACE.
 */
struct memory_reader memory_reader_of_thread(uint32_t tid, uint64_t copied_ns);
