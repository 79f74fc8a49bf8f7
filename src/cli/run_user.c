#include "cli/run_user.h"

#include "base/memory.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

/** NGROUPS_MAX of the kernel. */
#define GROUPS_MAX 65536

static const struct passwd *find_account(const char *name)
{
	const struct passwd *account = getpwnam(name);
	char *end;
	unsigned long number;

	if (account)
		return account;
	errno = 0;
	number = strtoul(name, &end, 10);
	if (errno || *end || end == name || name[0] == '-' || number > UINT32_MAX - 1)
		return NULL;
	return getpwuid((uid_t)number);
}

static struct error *find_groups(const struct passwd *account, struct run_user *user)
{
	int n_groups = 64;

	user->groups = memory_allocate((size_t)n_groups, sizeof(*user->groups));
	while (getgrouplist(account->pw_name, account->pw_gid, user->groups, &n_groups) < 0) {
		if (n_groups > GROUPS_MAX)
			return error_new(ERROR_SYSTEM, "user '%s' is in too many groups",
					 account->pw_name);
		user->groups = memory_resize(user->groups, (size_t)n_groups, sizeof(*user->groups));
	}
	user->launch.groups = user->groups;
	user->launch.n_groups = (size_t)n_groups;
	return NULL;
}

static bool is_variable(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/** What sudo(8) sets of a user. The rest of the environment is the caller's, who is root. */
static char **make_environment(const struct passwd *account)
{
	const char *const names[] = { "HOME", "USER", "LOGNAME", "SHELL" };
	const char *const values[] = { account->pw_dir, account->pw_name, account->pw_name,
				       account->pw_shell };
	size_t n_entries = 0, n_made = 0;
	char **made;

	while (environ[n_entries])
		n_entries++;
	made = memory_allocate(n_entries + ARRAY_SIZE(names) + 1, sizeof(*made));
	for (size_t i = 0; i < n_entries; i++) {
		bool is_replaced = false;

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			is_replaced |= is_variable(environ[i], names[k]);
		if (!is_replaced)
			made[n_made++] = memory_duplicate_text(environ[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		made[n_made++] = memory_format_text("%s=%s", names[i], values[i]);
	return made;
}

struct error *run_user_find(const char *name, struct run_user *ret)
{
	struct run_user user = { 0 };
	const struct passwd *account;
	struct error *error;

	if (geteuid() != 0)
		return error_with_hint(
			error_new(ERROR_PERMISSION,
				  "--user: only root can run a command as another user"),
			"sudo perf-profile --user \"$USER\" COMMAND");
	account = find_account(name);
	if (!account)
		return error_new(ERROR_NOT_FOUND, "--user: no user '%s' here", name);
	user.launch.user = account->pw_uid;
	user.launch.group = account->pw_gid;
	error = find_groups(account, &user);
	if (error) {
		run_user_deinit(&user);
		return error;
	}
	user.environment = make_environment(account);
	user.launch.environment = user.environment;
	*ret = user;
	return NULL;
}

void run_user_deinit(struct run_user *user)
{
	for (char **entry = user->environment; entry && *entry; entry++)
		free(*entry);
	free(user->environment);
	free(user->groups);
	*user = (struct run_user){ 0 };
}
