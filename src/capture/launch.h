#pragma once

/** Starts the profiled command, held back just before its exec. */

#include "base/error.h"

#include <sys/types.h>

struct launch {
	pid_t pid;
	char *const *argv; /**< Borrowed. */
	int release_fd;    /**< Closing it unwritten makes the child leave without exec. */
	int status_fd;     /**< The child's errno when exec fails; end of file when it succeeds. */
};

/** Where the child runs, when that is not where we do. */
struct launch_place {
	int input_fd, output_fd, error_fd; /**< Its standard streams; -1: ours. Borrowed. */
	const char *folder;                /**< Its working folder; NULL: ours. */
};

/**
 * Fork a child that waits to become @p argv. It keeps our standard streams, folder,
 * environment, process group and signal dispositions. Call it before ignoring signals:
 * exec resets handlers, but the mask and ignored signals stay. SIGCHLD and SIGPIPE are what
 * they were at the first call, in every child; from then on SIGCHLD is not ignored here, or
 * nobody could tell how the child ended.
 */
struct error *launch_prepare(char *const *argv, struct launch *ret) MUST_CHECK;

/** The same in another place. An unusable one is an error of launch_exec(). */
struct error *launch_prepare_in(const struct launch_place *place, char *const *argv,
				struct launch *ret) MUST_CHECK;

/**
 * Let the child exec (found on PATH as execvp(3) does).
 *
 * @return ERROR_NOT_FOUND, ERROR_PERMISSION or another error of exec, with
 *         errno_value set; the child is gone then.
 */
struct error *launch_exec(struct launch *launch) MUST_CHECK;

/** Make a child that was never released go away. Fine after launch_exec() and on { 0 }. */
void launch_abandon(struct launch *launch);
