#include "cli/run_options.h"

enum {
	OPTION_PID = RUN_OPTIONS_TARGET,
	OPTION_TID,
	OPTION_COMM,
	OPTION_USER,
	OPTION_ALL_CPUS,
	OPTION_CPUS,
	OPTION_CGROUP,
	OPTION_NO_INHERIT,
	OPTION_EXCLUDE_SELF,
};

static const struct option_spec options[] = {
	{ OPTION_PID, 'p', "pid", "PID[,PID...]",
	  "Attach to running processes, all their threads and what they start, until they end, "
	  "--duration, or Ctrl-C. They are left as they are.",
	  NULL },
	{ OPTION_TID, 't', "tid", "TID[,TID...]",
	  "The same for single threads, without what they start.", NULL },
	{ OPTION_COMM, 0, "comm", "NAME",
	  "The same for all processes of this name or whose program has it. May be given again. "
	  "With -a, -C or -G: only what these do there, also those that start later.",
	  NULL },
	{ OPTION_USER, 'u', "uid", "USER",
	  "The same for all processes of a user (name or number); as with --comm, those that start "
	  "later with -a.",
	  NULL },
	{ OPTION_ALL_CPUS, 'a', "all-cpus", NULL,
	  "The whole machine: until the command ends, if one is given, --duration, or Ctrl-C.",
	  NULL },
	{ OPTION_CPUS, 'C', "cpu", "LIST", "Only these CPUs of the machine, such as 0-3,8.", NULL },
	{ OPTION_CGROUP, 'G', "cgroup", "NAME",
	  "Only what is in this cgroup, such as system.slice/nginx.service, on all CPUs or those "
	  "of -C.",
	  NULL },
	{ OPTION_NO_INHERIT, 'i', "no-inherit", NULL,
	  "Only the command's first thread, no threads and children of it.", NULL },
	{ OPTION_EXCLUDE_SELF, 0, "exclude-self", NULL,
	  "With -a, -C or -G: leave perf-profile's own samples and waits out.", NULL },
	OPTION_END,
};

static struct error *apply(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	*is_known_ret = true;
	switch (id) {
	case OPTION_PID:
		return run_target_read_pids(&run->target, value);
	case OPTION_TID:
		return run_target_read_tids(&run->target, value);
	case OPTION_COMM:
		string_vector_append(&run->target.names, value);
		return NULL;
	case OPTION_USER:
		run->target.user = value;
		return NULL;
	case OPTION_CGROUP:
		run->target.cgroup = value;
		run->target.is_system = true;
		return NULL;
	case OPTION_ALL_CPUS:
		run->target.is_system = true;
		return NULL;
	case OPTION_CPUS:
		return run_target_read_cpus(&run->target, value);
	case OPTION_NO_INHERIT:
		run->sampler.is_without_inherit = true;
		return NULL;
	case OPTION_EXCLUDE_SELF:
		run->target.is_without_self = true;
		return NULL;
	default:
		*is_known_ret = false;
		return NULL;
	}
}

const struct option_topic run_options_target = {
	.heading = "What is recorded",
	.options = options,
	.apply = apply,
};
