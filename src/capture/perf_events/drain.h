#pragma once

/**
 * The thread that empties the rings: it copies records out at once, merged by
 * time over all CPUs, so that slow analysis (building unwind tables) never
 * lets a ring overflow.
 */

#include "capture/batch_queue.h"
#include "capture/perf_events/ring.h"
#include "capture/perf_events/stack_windows.h"
#include "capture/perf_events/switch_gates.h"
#include "record/record.h"

#include <sys/types.h>

/** A process whose end is waited for. */
struct watched_process {
	pid_t pid;
	int fd; /**< pidfd; -1 when the kernel has none or the process is gone. */
	bool is_gone;
};

struct drain {
	struct ring *rings;
	size_t n_rings;
	const struct record_layout_table *layouts;
	const struct stack_windows *windows; /**< NULL: none. */
	struct batch_queue queue;
	pthread_t thread;
	int stop_fd; /**< eventfd: asked to stop. */
	struct watched_process *watched;
	size_t n_watched;
	struct switch_gates gates;

	bool was_woken; /**< The last round was made before its time. The thread's own. */

	/* Written by the thread, read by anyone. */
	_Atomic uint64_t n_bytes;
	_Atomic uint64_t n_wakeups;
	_Atomic uint64_t n_unreadable;
};

/** What a drain is to do. Everything is borrowed and must outlive it. */
struct drain_plan {
	const struct opened_events *opened;
	const struct record_layout_table *layouts;
	const struct stack_windows *windows; /**< NULL: none. */
	const uint32_t *watched_pids;        /**< When all have ended, it is as if stopped. */
	size_t n_watched_pids;               /**< 0: never. */
	uint64_t switch_times_per_second;    /**< Per CPU; more than these are taken in bursts. */
	uint64_t switch_stacks_per_second;   /**< The same of stacks. */
};

struct error *drain_start(struct drain *drain, const struct drain_plan *plan) MUST_CHECK;

/** While others turn the events on and off. */
void drain_set_paused(struct drain *drain, bool is_paused);

/** Take what is in the rings a last time and close the queue. Returns at once. */
void drain_stop(struct drain *drain);

/** Stop if need be, wait for the thread, free. */
void drain_deinit(struct drain *drain);
