#pragma once

/**
 * A thread that is asleep right now, as /proc tells it: for waits that began before the
 * recording, and where the kernel gives no stack at their beginning. proc(5): stat, syscall, fd.
 * The system call and the stack need the rights of ptrace(2) to the thread, as to one's own
 * children.
 */

#include "schedule/wait_reason.h"

#include <stdbool.h>
#include <stdint.h>

struct sleeper {
	bool is_asleep;          /**< False: it runs, could run, or is not there any more. */
	enum wait_reason reason; /**< WAIT_UNKNOWN: it cannot be seen. */
	bool has_registers;
	uint64_t stack_pointer, instruction_pointer; /**< Of the user side. */
};

struct sleeper sleeper_read(uint32_t pid, uint32_t tid);
