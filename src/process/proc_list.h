#pragma once

/** The processes that run now, as far as one needs to pick some of them. */

#include "base/error.h"
#include "base/vector.h"

/** The kernel's TASK_COMM_LEN is 16; kernel threads may show more. */
#define PROC_NAME_SIZE_BYTES 64

struct proc_entry {
	uint32_t pid;
	uint32_t uid; /**< Effective user of its main thread. */
	bool is_kernel_thread;
	bool is_zombie;                  /**< Has ended, and nobody has waited for it. */
	char name[PROC_NAME_SIZE_BYTES]; /**< "" when it cannot be read. */
};

DEFINE_VECTOR(proc_entry_vector, struct proc_entry)

/** False: it has ended, or never was. */
bool proc_entry_read(uint32_t pid, struct proc_entry *ret);

/** The process (thread group) that a thread belongs to; the thread itself when not known. */
uint32_t proc_process_of_thread(uint32_t tid);

/** All of them, ascending. */
struct error *proc_list_read(struct proc_entry_vector *ret) MUST_CHECK;

/** The last part of the path of its program; longer than its name may be. NULL: not known. */
char *proc_program_name(uint32_t pid);
