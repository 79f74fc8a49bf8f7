#pragma once

/** --user: the command runs as somebody else, who also gets the files. */

#include "base/output_policy.h"
#include "capture/launch_user.h"
#include "cli/options.h"

/** All zero: nobody else. */
struct run_user {
	struct launch_user launch;
	gid_t *groups;
	char **environment;
};

/**
 * Look @p name (or number) up, and make the environment the command gets: ours with the user's
 * HOME, USER, LOGNAME and SHELL.
 *
 * @return ERROR_PERMISSION unless we are root, ERROR_NOT_FOUND for an unknown user.
 */
struct error *run_user_find(const char *name, struct run_user *ret) MUST_CHECK;
void run_user_deinit(struct run_user *user);
