#pragma once

/** What the files of process/ share among themselves. */

#include "base/hash_map.h"
#include "base/string_table.h"
#include "process/process.h"

/**
 * Mappings that several processes have in common after fork(2), copied when
 * one of them changes. A storm of forks costs one vector, not one a child.
 */
struct shared_mappings {
	uint32_t n_users;
	struct mapping_vector mappings;
};

/** The private whole of a struct process. */
struct process_entry {
	struct process process; /**< First: the two pointers convert into each other. */

	/** What process.mappings shows; NULL: none. */
	struct shared_mappings *shared;

	/** Alive, as far as the records told; 0: ended. */
	uint32_t n_threads;

	/** Counts the lives of a reused pid, so that an old death does not end a new life. */
	uint32_t life;
};

/** What a thread is called. */
struct thread_name {
	string_id name;
	uint32_t life; /**< As of processes. */
	bool is_ended;
};

/** A thread that ended, and perhaps its process with it. */
struct dead_thread {
	uint32_t pid, tid;
	uint32_t process_life, life;
};

/**
 * Ended threads whose names, and whose processes' mappings, are kept for records still on
 * their way. Late ones come within a ring's length; this many is far beyond that.
 */
#define PROCESS_DEAD_MAX 4096

/**
 * Of one process; vm.max_map_count is 65530 unless raised. What comes after
 * stays unmapped: its samples end with STACK_END_NO_MAPPING.
 */
#define PROCESS_MAPPINGS_MAX 262144

DEFINE_HASH_MAP(process_map, uint32_t, struct process_entry *, hash_u32, equal_u32)
DEFINE_HASH_MAP(comm_map, uint64_t, struct thread_name, hash_u64, equal_u64)

struct process_table {
	struct object_registry *registry;
	struct process_map processes; /**< By pid. */
	struct comm_map comms;        /**< By comm_key(). */
	struct string_table names;
	uint64_t generation; /**< The last one given out. */

	struct dead_thread dead[PROCESS_DEAD_MAX]; /**< A ring. */
	size_t n_dead;                             /**< Ever; the oldest goes next. */

	/** The process asked for last: most records come in runs of one pid. */
	struct process_entry *recent;
};

static inline uint64_t comm_key(uint32_t pid, uint32_t tid)
{
	return (uint64_t)pid << 32 | tid;
}

/** Put @p mapping in the place of whatever was in its range. False: nothing changed. */
bool process_mappings_insert(struct process_entry *entry, const struct mapping *mapping);

/** Nothing executable is in [start, end) any more. False: nothing was. */
bool process_mappings_remove(struct process_entry *entry, uint64_t start, uint64_t end);

void process_mappings_clear(struct process_entry *entry);

/** @p child forgets its mappings and has those of @p parent. */
void process_mappings_share(struct process_entry *child, const struct process_entry *parent);
