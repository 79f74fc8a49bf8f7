#include "base/output_policy.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

static struct output_policy policy;

void output_policy_set(const struct output_policy *new_policy)
{
	policy = *new_policy;
}

struct output_policy output_policy_get(void)
{
	return policy;
}

mode_t output_policy_file_mode(void)
{
	return policy.is_shared ? 0644 : 0600;
}

mode_t output_policy_folder_mode(void)
{
	return policy.is_shared ? 0755 : 0700;
}

/** Asks of the nearest folder above @p path that is there. */
static bool may_make(const char *path)
{
	_cleanup_free_ char *folder = memory_duplicate_text(path);
	char *slash;

	while ((slash = strrchr(folder, '/'))) {
		slash[slash == folder] = '\0';
		if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
			return true;
		if (errno != ENOENT || slash == folder)
			return false;
	}
	return faccessat(AT_FDCWD, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

bool output_policy_enter(const char *path)
{
	if (!policy.has_owner)
		return false;
	/* The group first: afterwards the right to change it is gone. */
	setfsgid(policy.group);
	setfsuid(policy.user);
	if (!policy.is_owner_guessed || may_make(path))
		return true;
	output_policy_leave(true);
	return false;
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

FILE *output_policy_open(const char *path, bool is_to_append)
{
	OUTPUT_POLICY_SCOPE(path);
	int descriptor = open(path,
			      O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
				      (is_to_append ? O_APPEND : O_TRUNC),
			      output_policy_file_mode());
	FILE *file = descriptor >= 0 ? fdopen(descriptor, is_to_append ? "a" : "w") : NULL;

	if (descriptor >= 0 && !file)
		close(descriptor);
	return file;
}
