#pragma once

/** One run of a command, measured. */

#include "base/error.h"
#include "capture/launch.h"
#include "compare/metric.h"

#include <sys/types.h>

/** What the caller wants to know and decide while commands run. NULL functions: nothing. */
struct run_watch {
	/** @p pid is about to run; 0: it has ended. For passing signals on. */
	void (*set_running)(void *context, pid_t pid);
	/** The user wants to end; asked after each run. */
	bool (*is_stopped)(void *context);
	void *context;
};

struct timed_run {
	double values[N_METRICS]; /**< NAN: not measured. */
	int wait_status;          /**< As waitpid(2) gives it. */
	bool is_timed_out;
	uint32_t order; /**< Of all timed runs of a comparison, from 0. */
};

/** How to run. Pointers are borrowed. */
struct run_setting {
	struct launch_place place;
	uint64_t timeout_ns;           /**< After it the command is killed; 0: never. */
	bool counts_hardware;          /**< Open the CPU's counters; counters_have_hardware(). */
	const struct run_watch *watch; /**< NULL: nobody watches. */
};

/**
 * Run @p argv to its end.
 *
 * Time begins just before the exec, noted by the child itself, and ends when the end is
 * noticed: how long the system takes to let a new process run is not the command's. CPU times,
 * faults and switches are those of wait4(2), of the command and all it waited for, less what the
 * child used before its exec. Without hardware counters nothing is between fork and exec.
 *
 * Peak memory is ru_maxrss of getrusage(2): of the largest process of the command. The kernel
 * counts what our own child had before its exec, 3 to 5 MiB; what is not above that is not the
 * command's and is left NAN.
 *
 * @return only errors of starting it; a bad end is data.
 */
struct error *timed_run_make(char *const *argv, const struct run_setting *setting,
			     struct timed_run *ret) MUST_CHECK;

/** @param watch  NULL: nobody watches, so nobody wants to end. */
bool run_watch_is_stopped(const struct run_watch *watch);

bool timed_run_is_good(const struct timed_run *run);

/** "ended with status 3", "was killed by signal 11 (Segmentation fault)"; free with free(). */
char *timed_run_describe_end(const struct timed_run *run);
