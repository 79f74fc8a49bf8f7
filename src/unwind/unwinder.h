#pragma once

/**
 * Registers and copied stack bytes to a call chain.
 *
 * Each ELF object's .eh_frame and .debug_frame are turned once, at first sight, into
 * a compact table (unwind_table.h); walking a stack is then a lookup and two
 * or three reads a frame. Not thread-safe: one per thread.
 */

#include "base/stack_copy.h"
#include "unwind/address_stack.h"

struct architecture;
struct cache;
struct memory_reader;
struct process;
struct record;
struct registers;

/** The most frames one user stack may have. */
#define UNWIND_FRAMES_MAX 16000

struct unwinder;

/** Counts since creation, for the quality line and --timings. */
struct unwinder_statistics {
	uint64_t n_frames;
	uint64_t n_table_rows;
	uint64_t n_tables;
	uint64_t n_table_failures;
	uint64_t table_build_ns;
	uint64_t n_live_stacks;    /**< Looked for beyond the copy. */
	uint64_t n_live_reads;     /**< System calls for it. */
	uint64_t n_live_recovered; /**< Found to the root. */
};

struct unwinder *unwinder_create(const struct architecture *architecture);
void unwinder_destroy(struct unwinder *unwinder);

/** Where tables are kept from run to run; borrowed; NULL, as at first: nowhere. */
void unwinder_set_cache(struct unwinder *unwinder, struct cache *cache);

/** Keep the tables that were made; when nobody waits any more. */
void unwinder_keep(struct unwinder *unwinder);

/**
 * Recover the user call chain of one sample, innermost frame first.
 *
 * @param process    Whose mappings hold at the time of the sample.
 * @param registers  At the time of the sample; must hold instruction and stack pointer.
 * @param stack      Copy of user stack memory; may be shorter than the real stack.
 * @param beyond     The memory of the process as it is now, for what lies beyond the copy;
 *                   NULL: there is none, as of a process that has ended. What
 *                   is found there is marked ADDRESS_FRAME_IS_RECOVERED, and kept only if
 *                   it leads to the root.
 * @param frames_ret Appended to, never cleared.
 * @return why it ended. A short stack is a result, not an error: it is counted.
 *
 * Source: DWARF 5 section 6.4; System V x86-64 psABI section 3.2.
 */
enum stack_end unwinder_run(struct unwinder *unwinder, struct process *process,
			    const struct registers *registers, const struct stack_copy *stack,
			    const struct memory_reader *beyond,
			    struct address_frame_vector *frames_ret);

/** How far the last unwinder_run() came. */
struct stack_extent unwinder_extent(const struct unwinder *unwinder);

/**
 * Whether nothing calls the code around @p runtime_address, a return address, as unwind
 * information, Go's function table or the entry point of the file says: the outermost frame of a
 * call chain that somebody else walked.
 */
bool unwinder_is_outermost(struct unwinder *unwinder, struct process *process,
			   uint64_t runtime_address);

/**
 * What is wrong with the unwind information of @p object: why no table could be made of it, or how
 * many entries are damaged; NULL: nothing, or nobody asked for it. Borrowed.
 */
const char *unwinder_object_problem(const struct unwinder *unwinder, const struct object *object);

/** Whether that problem is damage: whoever uses the file should know, cut stacks or not. */
bool unwinder_object_is_damaged(const struct unwinder *unwinder, const struct object *object);

struct unwinder_statistics unwinder_statistics(const struct unwinder *unwinder);
