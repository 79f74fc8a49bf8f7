#pragma once

/**
 * Counting events with perf_event_open(2) and no ring: on a command from its exec on, on running
 * threads, or on whole CPUs. What cannot be counted stays in the list, with the reason.
 */

#include "capture/counters/counter_list.h"

#include <sys/types.h>

enum counter_target_kind {
	COUNTERS_OF_LAUNCHED, /**< A process held before its exec, and all it starts. */
	COUNTERS_OF_TASKS,    /**< Running threads, and what they start from now on. */
	COUNTERS_OF_SYSTEM,   /**< Whatever runs on the CPUs. */
};

/** perf_event_open(2); made up in tests. @return the descriptor, or -1 with errno set. */
typedef int counter_open_function(struct perf_event_attr *attr, pid_t task, int cpu, int group_fd,
				  unsigned long flags);

struct counter_target {
	enum counter_target_kind kind;
	pid_t pid;             /**< LAUNCHED */
	const uint32_t *tasks; /**< TASKS: thread ids; borrowed while opening. */
	size_t n_tasks;
	const uint32_t *cpus; /**< SYSTEM: borrowed while opening. */
	bool has_cgroup;      /**< SYSTEM: only what is in that cgroup. */
	int cgroup_fd;
	size_t n_cpus;
	bool is_without_inherit;           /**< Only the named threads, nothing that they start. */
	counter_open_function *open_event; /**< NULL: the system call. */
};

enum counter_state {
	COUNTER_OPEN,
	COUNTER_NOT_SUPPORTED, /**< Nothing here counts it. */
	COUNTER_NOT_ALLOWED,
	COUNTER_FAILED,
};

DEFINE_VECTOR(counter_descriptor_vector, int)

struct counter {
	const struct counter_request *request; /**< Borrowed. */
	enum counter_state state;
	char *reason;            /**< Why it is not open; NULL when it is. Owned. */
	bool is_kernel_left_out; /**< Against the request: the kernel side is not allowed. */
	bool is_out_of_group;    /**< Against the request: the group was too large with it. */

	/** One per thread or CPU, -1 where it is gone, in the order of the target. */
	struct counter_descriptor_vector descriptors;
};

struct counter_set {
	struct counter *items; /**< In the order of the list. */
	size_t count;
};

/** What was counted since it was enabled. */
struct counter_reading {
	uint64_t value;           /**< While it ran; see counter_reading_scaled(). */
	uint64_t time_enabled_ns; /**< That its threads ran, or of its CPUs. */
	uint64_t time_running_ns; /**< Less when it shares a hardware counter with others. */
};

/**
 * Open each event of @p list, each with its ladder: without the kernel side, then outside of its
 * group. Events that cannot be opened are not an error but say why.
 *
 * @param list  Must outlive the counters.
 */
void counter_set_open(const struct counter_list *list, const struct counter_target *target,
		      const struct event_places *places, struct counter_set *ret);

size_t counter_set_n_open(const struct counter_set *counters);

/** Begin to count. Not needed for a launched process: its exec does it. */
void counter_set_enable(const struct counter_set *counters);
void counter_set_disable(const struct counter_set *counters);

/** Zero for a counter that is not open. */
struct counter_reading counter_read(const struct counter *counter);

void counter_set_deinit(struct counter_set *counters);

/** What came since @p before. */
struct counter_reading counter_reading_since(struct counter_reading now,
					     struct counter_reading before);

/** The count had it run all the time, as far as one can tell. 0 when it never ran. */
double counter_reading_scaled(const struct counter_reading *reading);

/** Of the time it should have run, 0..1. 1 when there was none to run in. */
double counter_reading_running_share(const struct counter_reading *reading);
