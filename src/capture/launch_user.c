#include "capture/launch_user.h"

#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/** With file capabilities exec drops them too, unless somebody made them ambient. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* kernels before 4.3 have none */
	return syscall(SYS_capset, &header, none) == 0;
}

bool launch_user_become(const struct launch_user *user)
{
	if (user) {
		/* System calls, not their wrappers: those change all threads, and may run in a
		 * child that shares its parent's memory. */
		if (syscall(SYS_setgroups, user->n_groups, user->groups) != 0 ||
		    syscall(SYS_setresgid, user->group, user->group, user->group) != 0 ||
		    syscall(SYS_setresuid, user->user, user->user, user->user) != 0)
			return false;
	}
	/* AT_SECURE (getauxval(3)): the kernel gave us rights that our caller does not have. */
	return !getauxval(AT_SECURE) || drop_capabilities();
}
