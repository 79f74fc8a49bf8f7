#pragma once

/** One call of the git program. */

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/** Who follows what is started. NULL functions: nobody. */
struct git_watch {
	/** @p pid runs; 0: it has ended. For passing signals on. */
	void (*set_running)(void *context, pid_t pid);
	/** The user wants to end; asked after each call. */
	bool (*is_stopped)(void *context);
	void *context;
};

/** Output of a call that is kept; more is an error. */
#define GIT_OUTPUT_SIZE_MAX ((size_t)512 << 20)

/**
 * Run git with @p arguments in @p folder_path.
 *
 * Variables such as GIT_DIR are passed on only to a call in the user's folder, and nothing that is
 * merely useful is written (GIT_OPTIONAL_LOCKS=0): `git status` leaves the index alone.
 *
 * @param arguments   Without "git" itself; NULL at the end.
 * @param is_ours     The folder is one we made: hooks and file system monitors are off.
 * @param output_ret  Its standard output, with a NUL behind it; NULL: thrown away. Free with
 * free().
 * @param size_ret    Its size without that NUL; may be NULL.
 * @return ERROR_NOT_FOUND without git; else, when it failed, its own words.
 */
struct error *git_run(const char *folder_path, const char *const *arguments, bool is_ours,
		      const struct git_watch *watch, char **output_ret,
		      size_t *size_ret) MUST_CHECK;

/** Drop the variables that point at a repository from our environment, and so from what we run. */
void git_forget_repository(void);

/** Whether it ended with 0; no error is made of anything else. */
bool git_agrees(const char *folder_path, const char *const *arguments,
		const struct git_watch *watch);
