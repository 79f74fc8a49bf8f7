#pragma once

/**
 * The outer end of deep stacks, of the sample's own moment.
 *
 * The kernel copies at most 64 KiB from the stack pointer up (PERF_SAMPLE_STACK_USER). Where it
 * lets us, a BPF program on the sampling events copies pieces that lie further out into the
 * same rings, each right before its sample. Which pieces is learnt thread by thread from the
 * samples before (stack_windows_learn()): the first tells where the stack ends, one that could
 * not be walked to the root how much is wanted below that.
 *
 * docs/decisions/0009-stack-windows.md has the reasons. Needs CAP_BPF and CAP_PERFMON (root) and
 * Linux 5.8; without, stacks end where the copy does, or are recovered.
 */

#include "base/stack_copy.h"
#include "capture/perf_events/opened_events.h"
#include "record/record.h"

struct stack_windows;

/**
 * Attach to @p opened, whose rings get the pieces. They must outlive it.
 *
 * @param copy_bytes  Size of the kernel's own copy.
 * @return NULL: the kernel does not let us, or cannot.
 */
struct stack_windows *stack_windows_create(const struct opened_events *opened,
					   uint32_t copy_bytes);
void stack_windows_destroy(struct stack_windows *windows);

/** What a record of the rings is here. */
enum stack_window_kind {
	STACK_WINDOW_NONE = 0, /**< Nothing of ours. */
	STACK_WINDOW_CHUNK,
	/** A thread was met: stack_windows_answer() soon. */
	STACK_WINDOW_GREETING,
};

/**
 * What the first record of @p records is. May be called from any thread.
 *
 * @param windows      NULL: none.
 * @param time_ns_ret  The record's, where it is ours.
 */
enum stack_window_kind stack_windows_kind(const struct stack_windows *windows,
					  struct bytes records, uint64_t *time_ns_ret);

/**
 * Guess where the stack of a thread that was met ends: its mapping does. Good until the first
 * sample is analysed, which takes long when unwind tables are to be made. From any thread.
 */
void stack_windows_answer(const struct stack_windows *windows, struct bytes greeting);

/**
 * Take a record that stack_windows_kind() knows; it may be overwritten afterwards.
 *
 * @return its size in bytes.
 */
size_t stack_windows_take(struct stack_windows *windows, struct bytes records);

/**
 * Set the pieces that came before @p sample; valid until the next take.
 *
 * @param stack_pointer  Of its user side.
 */
void stack_windows_give(struct stack_windows *windows, uint64_t stack_pointer,
			struct record *sample);

/** @p tid runs another program now, on another stack. */
void stack_windows_forget(struct stack_windows *windows, uint32_t tid);

/** What @p extent says of @p sample holds for the next ones of its thread. */
void stack_windows_learn(struct stack_windows *windows, const struct record *sample,
			 const struct stack_extent *extent);
