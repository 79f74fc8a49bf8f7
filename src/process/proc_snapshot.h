#pragma once

/**
 * What /proc says of a running process, told as the records the kernel would have
 * written had it been watched from its start: time 0, before everything else.
 */

#include "base/vector.h"
#include "record/record.h"

/** Takes one record; it and what it points to are valid during the call. */
typedef struct error *proc_snapshot_handler(void *context, const struct record *record);

/**
 * COMM of the process, MMAP2 per executable mapping, FORK and COMM per further thread.
 *
 * @return ERROR_NOT_FOUND when the process is not there, ERROR_PERMISSION when its
 *         mappings may not be read, or the handler's error.
 */
struct error *proc_snapshot_read(uint32_t pid, proc_snapshot_handler *handler,
				 void *context) MUST_CHECK;

/** All processes of this machine, kernel threads included; those that end meanwhile are skipped. */
struct error *proc_snapshot_read_all(proc_snapshot_handler *handler, void *context) MUST_CHECK;

/** The ids of all processes, appended. */
struct error *proc_snapshot_pids(struct index_vector *pids_ret) MUST_CHECK;

/** The thread ids of a process, appended. */
struct error *proc_snapshot_threads(uint32_t pid, struct index_vector *tids_ret) MUST_CHECK;
