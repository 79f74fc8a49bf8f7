#include "stopped_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct registers stopped_process_registers(const struct user_regs_struct *user)
{
	const uint64_t values[] = {
		user->rax, user->rdx, user->rcx, user->rbx, user->rsi, user->rdi,
		user->rbp, user->rsp, user->r8,  user->r9,  user->r10, user->r11,
		user->r12, user->r13, user->r14, user->r15, user->rip,
	};
	struct registers registers = { .valid_mask = (1 << ARRAY_SIZE(values)) - 1 };

	memcpy(registers.values, values, sizeof(values));
	return registers;
}

size_t stopped_process_read(pid_t pid, uint64_t address, void *buffer, size_t size_bytes)
{
	size_t done_bytes = 0;

	/* A page at a time: the read stops where the mapping does. */
	while (done_bytes < size_bytes) {
		size_t part_bytes = MIN(size_bytes - done_bytes,
					4096 - (size_t)((address + done_bytes) & 4095));
		struct iovec local = { (uint8_t *)buffer + done_bytes, part_bytes };
		struct iovec remote = { (void *)(uintptr_t)(address + done_bytes), part_bytes };

		if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)part_bytes)
			break;
		done_bytes += part_bytes;
	}
	return done_bytes;
}

pid_t stopped_process_start(char **arguments)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		fprintf(stderr, "cannot start %s\n", arguments[0]);
		exit(2);
	}
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (long)PTRACE_O_EXITKILL);
	return pid;
}
