#pragma once

/** What a thread waits for while it is off the CPU, told from where it waits. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wait_reason {
	WAIT_UNKNOWN,      /**< Nothing tells. */
	WAIT_CPU,          /**< For nothing: it could run, others had the CPU. */
	WAIT_LOCK,         /**< A lock that another holds: futex, of the kernel, of a file. */
	WAIT_CONDITION,    /**< To be told by another thread: condition variable, semaphore. */
	WAIT_THREAD_END,   /**< Another thread to end. */
	WAIT_DISK,         /**< Storage: reading, writing, fsync. */
	WAIT_NETWORK,      /**< A socket to elsewhere. */
	WAIT_LOCAL_SOCKET, /**< A socket to a process here. */
	WAIT_PIPE,
	WAIT_POLL,       /**< Any of several: poll, select, epoll. */
	WAIT_SLEEP,      /**< Time to pass. */
	WAIT_PAGE_FAULT, /**< Memory that has to be brought in. */
	WAIT_CHILD,      /**< A child process to end. */
	WAIT_TERMINAL,
	WAIT_SIGNAL,
	WAIT_ASYNC_IO,    /**< Completion of io_uring or aio requests. */
	WAIT_MESSAGE,     /**< Message queues, eventfd, inotify and such. */
	WAIT_STOPPED,     /**< By a signal or a debugger. */
	WAIT_KERNEL_WORK, /**< A kernel thread without work. */
	WAIT_NO_STACK,    /**< Counted and timed, but its stack was not taken. */
	N_WAIT_REASONS,
};

/** "lock", "disk", "cpu": short, stable words. */
const char *wait_reason_name(enum wait_reason reason);

/** The frame that stands for it in profiles: "[waiting: lock]". Static. */
const char *wait_reason_frame_name(enum wait_reason reason);

/** What one function of a stack tells; may be kept by function. */
struct wait_clue {
	enum wait_reason reason;
	bool is_kernel;
};

/** @param name  Of a function; @p is_kernel: of the kernel. */
struct wait_clue wait_clue_of_function(const char *name, bool is_kernel);

/**
 * The kernel has the same futex for a lock that is held, for news from another thread and for its
 * end: the function that was called tells. For WAIT_LOCK; other reasons are left as they are.
 */
enum wait_reason wait_reason_refine(enum wait_reason reason, const struct wait_clue *clues,
				    size_t n_clues);

/** From the clues of a stack, innermost function first. WAIT_UNKNOWN: they do not tell. */
enum wait_reason wait_reason_of_clues(const struct wait_clue *clues, size_t n_clues);

/**
 * From a system call of this architecture.
 *
 * @param file  What its first argument refers to if that is a file descriptor, as
 *              /proc/PID/fd names it ("pipe:[123]", "/dev/pts/0"); NULL: not known.
 */
enum wait_reason wait_reason_of_system_call(int64_t number, const char *file);

/** Whether the first argument of the system call is a file descriptor that decides. */
bool system_call_waits_for_file(int64_t number);
