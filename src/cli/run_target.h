#pragma once

/** What is recorded: a command, running processes, or whole CPUs (-p, -a, -C). */

#include "base/vector.h"
#include "capture/sampler.h"

struct run_target {
	struct index_vector pids; /**< -p */
	struct index_vector cpus; /**< -C */
	bool is_system;           /**< -a or -C */

	/* Found by run_target_resolve(). */
	struct index_vector tasks; /**< All threads of pids. */
	char *name;        /**< For the output folder: "postgres", "system"; NULL: the command's. */
	char *description; /**< "process 123 (postgres)"; NULL: the command's. */
};

/** "12,34". */
struct error *run_target_read_pids(struct run_target *target, const char *value) MUST_CHECK;

/** "0-3,8" */
struct error *run_target_read_cpus(struct run_target *target, const char *value) MUST_CHECK;

/** Running processes or whole CPUs, not just a command. */
bool run_target_is_attached(const struct run_target *target);

/**
 * Find the threads and names of the processes.
 *
 * @return ERROR_NOT_FOUND naming the pid that is not there.
 */
struct error *run_target_resolve(struct run_target *target) MUST_CHECK;

/** Put the target into the sampler's options; borrows the target. */
void run_target_apply(const struct run_target *target, struct sampler_options *options);

void run_target_deinit(struct run_target *target);
