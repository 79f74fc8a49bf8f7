#include "base/output_policy.h"

#include <errno.h>
#include <sys/fsuid.h>
#include <unistd.h>

static struct output_policy policy;

void output_policy_set(const struct output_policy *new_policy)
{
	policy = *new_policy;
}

mode_t output_policy_file_mode(void)
{
	return policy.is_shared ? 0644 : 0600;
}

mode_t output_policy_folder_mode(void)
{
	return policy.is_shared ? 0755 : 0700;
}

bool output_policy_enter(void)
{
	if (!policy.has_owner)
		return false;
	/* The group first: afterwards the right to change it is gone. */
	setfsgid(policy.group);
	setfsuid(policy.user);
	return true;
}

void output_policy_leave(bool has_entered)
{
	int saved_errno = errno;

	if (has_entered) {
		setfsuid(geteuid());
		setfsgid(getegid());
	}
	errno = saved_errno;
}
