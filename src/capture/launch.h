#pragma once

/** Starts the profiled command, held back just before its exec. */

#include "base/error.h"

#include "capture/launch_user.h"

#include <sys/resource.h>
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
	const struct launch_user *user;    /**< As whom; NULL: as us. */
};

/** What a child writes down just before its exec, in memory it shares with us. */
struct launch_note {
	uint64_t exec_ns;     /**< CLOCK_MONOTONIC; 0: it did not come that far. */
	struct rusage before; /**< What it had used until then, which is ours. */
	int exec_errno;       /**< Of an exec that failed; 0: none did. */
};

/** All zero. @return NULL when there is no memory to share. Unmap with launch_note_destroy(). */
struct launch_note *launch_note_create(void);
void launch_note_destroy(struct launch_note *note);

/**
 * Fork a child that waits to become @p argv. It keeps our standard streams, folder,
 * environment, process group and signal dispositions. Call it before ignoring signals:
 * exec resets handlers, but the mask and ignored signals stay. SIGCHLD and SIGPIPE are what
 * they were at the first call, in every child; from then on SIGCHLD is not ignored here, or
 * nobody could tell how the child ended.
 */
struct error *launch_prepare(char *const *argv, struct launch *ret) MUST_CHECK;

/**
 * The same in another place. An unusable one is an error of launch_exec().
 *
 * @param note  Cleared first, and filled by the child; NULL: not wanted.
 */
struct error *launch_prepare_in(const struct launch_place *place, char *const *argv,
				struct launch_note *note, struct launch *ret) MUST_CHECK;

/**
 * Fork a child that becomes @p argv at once: nothing is between the fork and the exec that could
 * be measured with it. Whether the exec worked stands in @p note when the child has ended.
 */
struct error *launch_start_in(const struct launch_place *place, char *const *argv,
			      struct launch_note *note, pid_t *ret) MUST_CHECK;

/**
 * Let the child exec (found on PATH as execvp(3) does).
 *
 * @return ERROR_NOT_FOUND, ERROR_PERMISSION or another error of exec, with
 *         errno_value set; the child is gone then.
 */
struct error *launch_exec(struct launch *launch) MUST_CHECK;

/** Make a child that was never released go away. Fine after launch_exec() and on { 0 }. */
void launch_abandon(struct launch *launch);
