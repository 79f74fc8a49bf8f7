#pragma once

/** What is to be known of a process that ptrace(2) has stopped. x86-64. */

#include "arch/architecture.h"
#include "base/stack_end.h"
#include "unwind/address_stack.h"

#include <sys/types.h>
#include <sys/user.h>

struct registers stopped_process_registers(const struct user_regs_struct *user);

/** @return bytes read: as many as there are up to the end of the mapping. */
size_t stopped_process_read(pid_t pid, uint64_t address, void *buffer, size_t size_bytes);

/** Start a program; it stands before its first instruction, and ends with us. Exits on failure. */
pid_t stopped_process_start(char **arguments);

/** Let it run, with the signals that are its own, and stop it where it is. false: it has ended. */
bool stopped_process_run_for(pid_t pid, useconds_t time_us);

/** Stop it where it is; false: it has ended. */
bool stopped_process_stop(pid_t pid);

/** Our own view of a stopped process. */
struct stopped_unwinder {
	pid_t pid;
	struct object_registry *registry;
	struct process_table *processes;
	struct unwinder *unwinder;
	uint8_t *stack;
	struct address_frame_vector frames; /**< Of the last stop. */
};

void stopped_unwinder_init(struct stopped_unwinder *unwinder, pid_t pid);
void stopped_unwinder_deinit(struct stopped_unwinder *unwinder);

/** Read what is mapped now. */
void stopped_unwinder_look(struct stopped_unwinder *unwinder);

struct process *stopped_unwinder_process(const struct stopped_unwinder *unwinder);

/** Unwind it, with all of its stack, from @p user on; replaces frames. */
enum stack_end stopped_unwinder_run(struct stopped_unwinder *unwinder,
				    const struct user_regs_struct *user);
