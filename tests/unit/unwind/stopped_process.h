#pragma once

/** What is to be known of a process that ptrace(2) has stopped. x86-64. */

#include "arch/architecture.h"

#include <sys/types.h>
#include <sys/user.h>

struct registers stopped_process_registers(const struct user_regs_struct *user);

/** @return bytes read: as many as there are up to the end of the mapping. */
size_t stopped_process_read(pid_t pid, uint64_t address, void *buffer, size_t size_bytes);

/** Start a program; it stands before its first instruction, and ends with us. Exits on failure. */
pid_t stopped_process_start(char **arguments);
