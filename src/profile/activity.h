#pragma once

/**
 * Who was on a CPU when: threads and pools of threads by CPU time, how many CPUs were busy at
 * once, over time. From the times of samples; exact where records of context switches say it.
 */

#include "profile/profile.h"

/** Columns of a timeline. */
#define ACTIVITY_SLOTS 60

struct activity_thread {
	uint32_t pid, tid;
	string_id comm;         /**< Its last name. */
	string_id process_comm; /**< Of its process. */
	uint64_t cpu_ns;
	uint64_t off_cpu_ns;               /**< 0 when not recorded. */
	uint64_t slots_ns[ACTIVITY_SLOTS]; /**< CPU time in each. */
};

/** Threads of the same process name whose names differ in digits only: "worker-#". */
struct activity_group {
	char *name; /**< Owned. */
	string_id process_comm;
	uint32_t n_threads;
	uint64_t cpu_ns, off_cpu_ns;
	uint64_t cpu_most_ns; /**< Of its busiest thread... */
	uint32_t busiest;     /**< ...an index into threads. */
};

DEFINE_VECTOR(activity_thread_vector, struct activity_thread)
DEFINE_VECTOR(activity_group_vector, struct activity_group)

struct activity {
	bool is_exact;              /**< CPU times and concurrency come from context switches. */
	bool has_times;             /**< Slots and concurrency are known. */
	uint64_t start_ns, span_ns; /**< Of what the slots cover, evenly. */
	uint64_t cpu_ns;            /**< Of all threads. */
	struct activity_thread_vector threads; /**< Most CPU time first. */
	struct activity_group_vector groups;   /**< The same. */
	uint64_t slots_ns[ACTIVITY_SLOTS];
	struct address_vector concurrency_ns; /**< By CPUs busy at once: for how long. */

	/** By tick of the profile: one CPU was busy then and no other; NULL: not known. */
	bool *is_alone;
	uint64_t alone_ns; /**< CPU time of these. */
};

/** @param event  What samples are of: their periods or rate say how long each stands for. */
void activity_init(struct activity *activity, const struct profile *profile, uint32_t event);
void activity_deinit(struct activity *activity);

/** Whether the threads of a group did very different amounts of work. */
bool activity_group_is_uneven(const struct activity_group *group);
