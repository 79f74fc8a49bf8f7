#include "cli/privileges.h"

#include "base/output_policy.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

/**
 * What measuring takes: opening events, locking their rings, kernel addresses. Not to read files
 * or memory of others (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE), even if the file was given it.
 */
static const int kept[] = { CAP_PERFMON, CAP_IPC_LOCK, CAP_SYSLOG };

static struct error *restrict_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3],
		allowed[ARRAY_SIZE(data)] = { 0 };

	if (syscall(SYS_capget, &header, data) != 0)
		return error_from_errno(errno, "cannot read the capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		allowed[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].permitted &= allowed[i].permitted;
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) != 0)
		return error_from_errno(errno, "cannot drop capabilities");
	return NULL;
}

struct error *privileges_restrict(void)
{
	/* Neither a set-user-ID file nor one with capabilities: nothing was added to the user. */
	if (!getauxval(AT_SECURE))
		return NULL;
	if (geteuid() != getuid() || getegid() != getgid())
		return error_with_hint(
			error_new(ERROR_PERMISSION,
				  "running set-user-ID or set-group-ID is refused"),
			"give the file capabilities instead: setcap cap_perfmon=ep FILE");
	return restrict_capabilities();
}

/** A decimal number, and no sign, space or other letter. */
static bool read_id(const char *variable, uint32_t *ret)
{
	const char *text = secure_getenv(variable);
	unsigned long number;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	/* -1 is no user: setfsuid(2) and chown(2) mean "leave it" by it. */
	if (errno || *end || number >= UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

void privileges_take_invoker(void)
{
	uint32_t user, group;

	if (getuid() != 0 || geteuid() != 0)
		return;
	if (!read_id("SUDO_UID", &user) || !read_id("SUDO_GID", &group))
		return;
	if (user == 0 || !getpwuid(user))
		return;
	output_policy_set(&(struct output_policy){
		.has_owner = true, .is_owner_guessed = true, .user = user, .group = group });
}
