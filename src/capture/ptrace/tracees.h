#pragma once

/**
 * Threads under ptrace(2): seized, followed through clone, fork and exec, stopped for a moment
 * and let go on. All calls come from the one thread that seized them. When that thread dies the
 * kernel lets all of them run on.
 */

#include "base/error.h"
#include "base/vector.h"

#include <sys/types.h>

/** TASK_COMM_LEN of the kernel. */
#define TRACEE_NAME_SIZE_BYTES 16

struct tracee {
	pid_t tid;
	pid_t pid;
	uint32_t cpu;
	uint64_t sampled_cpu_ns; /**< cpu_ns at the last sample. */
	uint64_t cpu_ns;     /**< On the CPU when it was looked at last (/proc/PID/schedstat). */
	bool is_interrupted; /**< And not stopped yet. */
	bool is_gone;
	char name[TRACEE_NAME_SIZE_BYTES]; /**< As told last; "": not yet. */
};

DEFINE_VECTOR(tracee_vector, struct tracee)

/** What became of one of them. */
struct tracee_event {
	enum {
		TRACEE_EXECUTED, /**< Became another program. */
		TRACEE_STARTED,  /**< Is new; parent is who started it. */
		TRACEE_ENDED,
		TRACEE_STOPPED, /**< As asked by tracees_interrupt(). */
	} what;

	pid_t pid, tid;
	pid_t parent_pid, parent_tid;
};

/**
 * Called for each event, while the thread is held still (or gone).
 *
 * @param tracee  Of TRACEE_STOPPED; else NULL.
 */
typedef void tracee_event_handler(void *context, const struct tracee_event *event,
				  struct tracee *tracee);

struct tracees {
	struct tracee_vector items;
	pid_t command_pid; /**< Its end is for others to wait for; 0: none. */
	bool follows_new;
	size_t n_interrupted;
	tracee_event_handler *handler;
	void *context;
};

/** The process (thread group) of a thread; itself when that cannot be told. */
pid_t tracees_process_of(pid_t tid);

/**
 * Seize a running thread. @return the errno: EPERM is no right to, ESRCH it has ended; 0: fine.
 */
int tracees_seize(struct tracees *tracees, pid_t pid, pid_t tid);

/** Deal with all that has happened since, without waiting. */
void tracees_handle_events(struct tracees *tracees);

/** Ask one to stop; TRACEE_STOPPED comes when it has, if it ever does, and it goes on after that.
 */
void tracees_interrupt(struct tracees *tracees, struct tracee *tracee);

/** Forget those that have ended. Pointers into items are void. */
void tracees_drop_gone(struct tracees *tracees);

/** Forget all. It is the end of the thread that lets them go: the kernel sets them free, unharmed.
 */
void tracees_deinit(struct tracees *tracees);
