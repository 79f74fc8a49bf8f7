#pragma once

/** As whom a command runs, when that is not who we are. */

#include "base/attributes.h"

#include <sys/types.h>

struct launch_user {
	uid_t user;
	gid_t group;
	const gid_t *groups; /**< Supplementary ones. */
	size_t n_groups;
	char *const *environment; /**< NULL at the end; all that the command gets. */
};

/**
 * For the child, just before its exec: become @p user, for good (NULL: stay), and leave behind what
 * rights file capabilities gave this program. Only system calls, no library state.
 *
 * @return false with errno set.
 */
bool launch_user_become(const struct launch_user *user);
