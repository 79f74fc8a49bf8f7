#include "stopped_process.h"

#include "base/error.h"
#include "base/memory.h"
#include "process/process.h"
#include "unwind/unwinder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_COPY_MAX_BYTES (4 << 20)

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

bool stopped_process_stop(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	do {
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) != SIGSTOP)
			ptrace(PTRACE_CONT, pid, NULL, (long)WSTOPSIG(status));
	} while (WSTOPSIG(status) != SIGSTOP);
	return true;
}

bool stopped_process_run_for(pid_t pid, useconds_t time_us)
{
	int status;

	if (ptrace(PTRACE_CONT, pid, NULL, 0) != 0)
		return false;
	for (useconds_t done_us = 0; done_us < time_us; done_us += 1000) {
		usleep(1000);
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (!WIFSTOPPED(status))
				return false;
			ptrace(PTRACE_CONT, pid, NULL, (long)WSTOPSIG(status));
		}
	}
	return stopped_process_stop(pid);
}

void stopped_unwinder_init(struct stopped_unwinder *unwinder, pid_t pid)
{
	*unwinder = (struct stopped_unwinder){
		.pid = pid,
		.registry = object_registry_create(NULL),
		.unwinder = unwinder_create(architecture_native()),
		.stack = memory_allocate(1, STACK_COPY_MAX_BYTES),
	};
	unwinder->processes = process_table_create(unwinder->registry);
}

void stopped_unwinder_deinit(struct stopped_unwinder *unwinder)
{
	address_frame_vector_deinit(&unwinder->frames);
	free(unwinder->stack);
	unwinder_destroy(unwinder->unwinder);
	process_table_destroy(unwinder->processes);
	object_registry_destroy(unwinder->registry);
}

void stopped_unwinder_look(struct stopped_unwinder *unwinder)
{
	_cleanup_error_ struct error *error =
		process_table_read_proc(unwinder->processes, (uint32_t)unwinder->pid);

	if (error)
		printf("%s\n", error->message);
}

struct process *stopped_unwinder_process(const struct stopped_unwinder *unwinder)
{
	return process_table_find(unwinder->processes, (uint32_t)unwinder->pid);
}

enum stack_end stopped_unwinder_run(struct stopped_unwinder *unwinder,
				    const struct user_regs_struct *user)
{
	struct registers registers = stopped_process_registers(user);
	struct stack_copy stack = { .bytes = { .data = unwinder->stack } };

	stack.bytes.size = stopped_process_read(unwinder->pid, user->rsp, unwinder->stack,
						STACK_COPY_MAX_BYTES);
	address_frame_vector_clear(&unwinder->frames);
	return unwinder_run(unwinder->unwinder, stopped_unwinder_process(unwinder), &registers,
			    &stack, NULL, &unwinder->frames);
}
