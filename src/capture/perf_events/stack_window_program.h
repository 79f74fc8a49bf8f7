#pragma once

/**
 * The BPF program that copies, at a sample's own moment, pieces of a stack that lie beyond the
 * kernel's copy. Written as instructions: it is short, and so needs no compiler for BPF, no
 * library and no type information, neither where this is built nor where it runs.
 *
 * Per sample:
 *   thread unknown:  a greeting
 *   thread known:    [max(end - size, end of the copy), end) in chunks, outermost first; the copy
 *                    counts as far as the thread's request says that it can be relied on
 *   end not known:   as much as can be had from the end of the copy on
 *
 * Source: bpf(2); bpf-helpers(7); linux/bpf.h; the kernel's Documentation/bpf/standardization.
 */

#include "arch/architecture.h"
#include "base/error.h"

#include <linux/bpf.h>

/** What is copied at once: a page, because one that was never touched is left out. */
#define STACK_WINDOW_CHUNK_BYTES 4096

/** Per sample: about as much again as four times the kernel's copy. */
#define STACK_WINDOW_N_CHUNKS 60

/** What is wanted of a thread; the value of the map of threads. */
struct stack_window_request {
	uint64_t end;        /**< Exclusive; 0: not known yet. */
	uint64_t size_bytes; /**< At most so much below it. */
	/**
	 * What the kernel copies from the stack pointer up; 0: not to be relied on. It stops at a
	 * page that was never touched, as large arrays have them.
	 */
	uint64_t copied_bytes;
};

/** What stands before the bytes of a chunk; alone, it is a greeting. */
struct stack_window_header {
	uint64_t thread_key; /**< What the map of threads knows the thread by. */
	uint64_t stack_pointer;
	uint64_t address;    /**< Of the chunk; 0: a greeting. */
	uint64_t size_bytes; /**< Of the chunk: the kernel pads what it writes to a ring. */
};

struct stack_window_maps {
	int threads;   /**< Hash: thread key to struct stack_window_request. */
	int buffers;   /**< Array by CPU: a header and a chunk. */
	int chunks;    /**< Perf event array: where chunks are written to. */
	int greetings; /**< Perf event array: where greetings are. */
};

/** Most instructions the program may have. */
#define STACK_WINDOW_INSTRUCTIONS_MAX 2048

/**
 * @param registers  Of the CPU it will run on.
 * @param copy_bytes        Size of the kernel's own copy.
 * @param has_task_registers  Also where the kernel was interrupted; needs Linux 5.15.
 * @param ret  Room for STACK_WINDOW_INSTRUCTIONS_MAX.
 * @return how many instructions were written.
 */
size_t stack_window_program(const struct stack_window_maps *maps,
			    const struct kernel_registers *registers, uint32_t copy_bytes,
			    bool has_task_registers, struct bpf_insn *ret);
