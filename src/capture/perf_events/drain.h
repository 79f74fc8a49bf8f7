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

struct drain {
	struct ring *rings;
	size_t n_rings;
	const struct record_layout_table *layouts;
	struct batch_queue queue;
	pthread_t thread;
	int stop_fd;    /**< eventfd: asked to stop. */
	int process_fd; /**< pidfd of the command; -1 when the kernel has none. */
	pid_t pid;

	/* Written by the thread, read by anyone. */
	_Atomic uint64_t n_bytes;
	_Atomic uint64_t n_wakeups;
	_Atomic uint64_t n_unreadable;
};

/** @param rings, layouts  Borrowed; must outlive the drain. */
struct error *drain_start(struct drain *drain, struct ring *rings, size_t n_rings,
			  const struct record_layout_table *layouts, pid_t pid) MUST_CHECK;

/** Take what is in the rings a last time and close the queue. Returns at once. */
void drain_stop(struct drain *drain);

/** Stop if need be, wait for the thread, free. */
void drain_deinit(struct drain *drain);
