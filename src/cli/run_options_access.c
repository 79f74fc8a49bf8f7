#include "cli/run_options.h"

enum {
	OPTION_USER = RUN_OPTIONS_ACCESS,
	OPTION_SHARED,
};

static const struct option_spec options[] = {
	{ OPTION_USER, 0, "user", "USER",
	  "As root: run the command as USER (name or number), who also gets the files, made with "
	  "USER's rights: sudo perf-profile --user \"$USER\" COMMAND.",
	  NULL },
	{ OPTION_SHARED, 0, "shared", NULL,
	  "Let others read the files too (0644, folder 0755). Default: only you (0600, 0700), "
	  "because a profile holds addresses, paths and arguments.",
	  NULL },
	OPTION_END,
};

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_USER:
		run_user_deinit(&run->user);
		RETURN_IF_ERROR(run_user_find(value, &run->user));
		run->output_policy.has_owner = true;
		run->output_policy.is_owner_guessed = false;
		run->output_policy.user = run->user.launch.user;
		run->output_policy.group = run->user.launch.group;
		run->has_user = true;
		return NULL;
	case OPTION_SHARED:
		run->output_policy.is_shared = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic run_options_access = {
	.heading = "Whose it is",
	.options = options,
	.apply = apply,
};
