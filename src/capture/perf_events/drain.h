#pragma once

/**
 * The thread that empties the rings: it copies records out at once, merged by
 * time over all CPUs, so that slow analysis (building unwind tables) never
 * lets a ring overflow.
 */

#include "capture/perf_events/batch_queue.h"
#include "capture/perf_events/ring.h"
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
	struct batch_queue queue;
	pthread_t thread;
	int stop_fd; /**< eventfd: asked to stop. */
	struct watched_process *watched;
	size_t n_watched;

	/* Written by the thread, read by anyone. */
	_Atomic uint64_t n_bytes;
	_Atomic uint64_t n_wakeups;
	_Atomic uint64_t n_unreadable;
};

/**
 * @param rings, layouts  Borrowed; must outlive the drain.
 * @param watched_pids    When all of these have ended, it is as if stopped. None: never.
 */
struct error *drain_start(struct drain *drain, struct ring *rings, size_t n_rings,
			  const struct record_layout_table *layouts, const uint32_t *watched_pids,
			  size_t n_watched_pids) MUST_CHECK;

/** Take what is in the rings a last time and close the queue. Returns at once. */
void drain_stop(struct drain *drain);

/** Stop if need be, wait for the thread, free. */
void drain_deinit(struct drain *drain);
