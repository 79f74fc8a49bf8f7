#pragma once

/**
 * What is recorded: a command, running processes or threads (-p, -t, --comm, -u), whole CPUs
 * (-a, -C), or a cgroup on them (-G); of these all processes or chosen ones (--comm, -u).
 */

#include "base/vector.h"
#include "capture/sampler.h"
#include "cli/process_filter.h"

struct run_target {
	struct index_vector pids;   /**< -p; those of names and users too once resolved. */
	struct index_vector tids;   /**< -t */
	struct string_vector names; /**< --comm; borrowed. */
	const char *user;           /**< -u; NULL: not given. */
	const char *cgroup;         /**< -G; NULL: not given. */
	struct index_vector cpus;   /**< -C */
	bool is_system;             /**< -a, -C or -G */
	bool is_without_self;       /**< --exclude-self */

	/* Found by run_target_resolve(). */
	struct index_vector tasks; /**< All threads of pids, and tids. */
	char *name;        /**< For the output folder: "postgres", "system"; NULL: the command's. */
	char *description; /**< "process 123 (postgres)"; NULL: the command's. */
	struct process_filter *filter; /**< Whose records are kept; NULL: everybody's. */
	int cgroup_fd;                 /**< Open when cgroup is not NULL and name is not. */
};

/** "12,34". */
struct error *run_target_read_pids(struct run_target *target, const char *value) MUST_CHECK;
struct error *run_target_read_tids(struct run_target *target, const char *value) MUST_CHECK;

/** "0-3,8" */
struct error *run_target_read_cpus(struct run_target *target, const char *value) MUST_CHECK;

/** Running processes or whole CPUs, not just a command. */
bool run_target_is_attached(const struct run_target *target);

/** Running processes or threads. */
bool run_target_has_tasks(const struct run_target *target);

/** Processes chosen by name or user: those that run, or with whole CPUs whoever does. */
bool run_target_has_choice(const struct run_target *target);

/** ERROR_USAGE for what does not go together, whether there is a command or not. */
struct error *run_target_check(const struct run_target *target, bool has_command) MUST_CHECK;

/**
 * Find the processes, threads, their names, the cgroup.
 *
 * @return ERROR_NOT_FOUND naming what is not there.
 */
struct error *run_target_resolve(struct run_target *target) MUST_CHECK;

/**
 * List the threads again: one may have started others just before it was being followed.
 *
 * @return whether some are new; tasks has them then.
 */
bool run_target_find_more(struct run_target *target);

/** Of an error of opening: whose process it is, if that is why. Takes and returns the error. */
struct error *run_target_explain(const struct run_target *target, struct error *error) MUST_CHECK;

/** Whether a record of whole CPUs is of what was chosen. To be asked of each, in order of time. */
bool run_target_keeps(const struct run_target *target, const struct record *record);

/** The target as options that name it again: "-p 12,34", "-C 0,1"; NULL: it is the command. */
char *run_target_options(const struct run_target *target);

/** Put the target into the sampler's options; borrows the target. */
void run_target_apply(const struct run_target *target, struct sampler_options *options);

void run_target_deinit(struct run_target *target);
