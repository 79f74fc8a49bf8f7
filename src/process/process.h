#pragma once

/**
 * Who ran, what was mapped where, when. Fed with records in time order; asked
 * with a pid and an address. Not thread-safe.
 */

#include "object/object.h"
#include "record/record.h"

/** One executable range of one process. */
struct mapping {
	uint64_t start;
	uint64_t end; /**< First address after it. */
	uint64_t file_offset;
	struct object *object;
};

DEFINE_VECTOR(mapping_vector, struct mapping)

struct process {
	uint32_t pid;
	struct mapping_vector mappings; /**< Ascending, never overlapping. */

	/**
	 * Counts every change of the mappings over all processes, so that a cache
	 * keyed by (pid, address) knows when it is stale.
	 */
	uint64_t generation;
	uint64_t n_execs;
};

struct process_table;

/** @param registry  Borrowed; must outlive the table. */
struct process_table *process_table_create(struct object_registry *registry);
void process_table_destroy(struct process_table *table);

/**
 * Apply a record: MMAP(2), COMM (exec clears the mappings), FORK (copies them),
 * EXIT. Other types are ignored. MMAPs of the kernel (pid -1) are ignored too.
 */
void process_table_apply(struct process_table *table, const struct record *record);

/** Takes one record; it and what it points to are valid during the call. */
typedef struct error *process_record_handler(void *context, const struct record *record);

/**
 * Tell who lives and what is mapped where, as records that would bring another table to the same
 * state: per process COMM, MMAP2 of each mapping, FORK and COMM of each further thread. Time 0.
 *
 * @return the handler's error.
 */
struct error *process_table_tell(const struct process_table *table, process_record_handler *handler,
				 void *context) MUST_CHECK;

/**
 * Read what /proc says of a running process (for attach): its mappings and the
 * names of its threads.
 */
struct error *process_table_read_proc(struct process_table *table, uint32_t pid) MUST_CHECK;

/** Never NULL; an unknown pid is created empty. */
struct process *process_table_find(struct process_table *table, uint32_t pid);

/** NULL: in no executable mapping. */
const struct mapping *process_find_mapping(const struct process *process, uint64_t runtime_address);

/** The thread's present name; "" when unknown. */
const char *process_table_comm(const struct process_table *table, uint32_t pid, uint32_t tid);

/** object_open() by what @p process has mapped. */
void mapping_open_object(const struct mapping *mapping, const struct process *process);

/** Elf address of a runtime address inside @p mapping; false: in no segment of the file. */
bool mapping_elf_address(const struct mapping *mapping, uint64_t runtime_address,
			 uint64_t *elf_address_ret);
