#pragma once

/**
 * What the processor's counters say of a command that is being sampled. Only where there is a
 * PMU: elsewhere nothing is opened, and nothing said.
 */

#include <stdint.h>
#include <sys/types.h>

struct run_counters;

/** Count @p pid, held before its exec, from the exec on. NULL: there is nothing to count with. */
struct run_counters *run_counters_open(pid_t pid);

/** Read them: the command has ended. NULL is fine. */
void run_counters_stop(struct run_counters *counters, uint64_t wall_ns);

/** Verdicts on standard error, and how to see the functions behind bad ones. NULL is fine. */
void run_counters_print(const struct run_counters *counters);
void run_counters_destroy(struct run_counters *counters);
