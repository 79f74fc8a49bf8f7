#include "capture/ptrace/tracees.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/** ptrace(2): what a stop is about is above the signal in the wait status. */
#define STOP_EVENT_SHIFT 16

static struct tracee *find(struct tracees *tracees, pid_t tid)
{
	for (size_t i = 0; i < tracees->items.count; i++) {
		if (tracees->items.items[i].tid == tid && !tracees->items.items[i].is_gone)
			return &tracees->items.items[i];
	}
	return NULL;
}

static unsigned long trace_options(const struct tracees *tracees)
{
	unsigned long options = PTRACE_O_TRACEEXEC;

	if (tracees->follows_new)
		options |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	return options;
}

int tracees_seize(struct tracees *tracees, pid_t pid, pid_t tid)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, trace_options(tracees)) != 0)
		return errno;
	tracee_vector_append(&tracees->items, (struct tracee){ .pid = pid, .tid = tid });
	return 0;
}

static void report(struct tracees *tracees, const struct tracee_event *event)
{
	tracees->handler(tracees->context, event, NULL);
}

pid_t tracees_process_of(pid_t tid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%d/status", (int)tid);
	FILE *file = fopen(path, "re");
	char line[256];
	int pid = tid;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	}
	if (file)
		fclose(file);
	return pid;
}

static void take_new(struct tracees *tracees, const struct tracee *parent)
{
	struct tracee_event event = { .what = TRACEE_STARTED,
				      .parent_pid = parent->pid,
				      .parent_tid = parent->tid };
	unsigned long tid;

	if (ptrace(PTRACE_GETEVENTMSG, parent->tid, NULL, &tid) != 0)
		return;
	event.tid = (pid_t)tid;
	event.pid = tracees_process_of(event.tid);
	/* Its own first stop may have been seen before this one. */
	if (!find(tracees, event.tid))
		tracee_vector_append(&tracees->items,
				     (struct tracee){ .pid = event.pid, .tid = event.tid });
	report(tracees, &event);
}

static void end_interruption(struct tracees *tracees, struct tracee *tracee)
{
	tracees->n_interrupted -= tracee->is_interrupted;
	tracee->is_interrupted = false;
}

/** All other threads of the process are gone; the one that called exec has the leader's id. */
static void take_exec(struct tracees *tracees, pid_t pid)
{
	const struct tracee_event event = { .what = TRACEE_EXECUTED, .pid = pid, .tid = pid };

	for (size_t i = 0; i < tracees->items.count; i++) {
		struct tracee *other = &tracees->items.items[i];

		if (other->pid != pid || other->tid == pid)
			continue;
		end_interruption(tracees, other);
		other->is_gone = true;
	}
	report(tracees, &event);
}

static void take_end(struct tracees *tracees, struct tracee *tracee)
{
	const struct tracee_event event = { .what = TRACEE_ENDED,
					    .pid = tracee->pid,
					    .tid = tracee->tid };

	end_interruption(tracees, tracee);
	tracee->is_gone = true;
	report(tracees, &event);
	/* Until then its parent does not hear of it. */
	if (tracee->tid != tracees->command_pid)
		waitpid(tracee->tid, NULL, __WALL | WNOHANG);
}

static bool is_job_control(int signal_number)
{
	return signal_number == SIGSTOP || signal_number == SIGTSTP || signal_number == SIGTTIN ||
	       signal_number == SIGTTOU;
}

/** Let it go on from a stop that was not ours, with the signal it was to get. */
static void resume(pid_t tid, int status)
{
	int event = status >> STOP_EVENT_SHIFT;
	int signal_number = WSTOPSIG(status);

	if (event == PTRACE_EVENT_STOP && is_job_control(signal_number))
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, tid, NULL, event ? 0L : (long)signal_number);
}

static void take_interruption(struct tracees *tracees, struct tracee *tracee)
{
	const struct tracee_event event = { .what = TRACEE_STOPPED,
					    .pid = tracee->pid,
					    .tid = tracee->tid };

	end_interruption(tracees, tracee);
	tracees->handler(tracees->context, &event, tracee);
}

/** What an event stop means. It is still stopped afterwards. */
static void take_stop(struct tracees *tracees, struct tracee *tracee, int status)
{
	int event = status >> STOP_EVENT_SHIFT;
	pid_t pid = tracee->pid;

	if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) == SIGTRAP && tracee->is_interrupted) {
		take_interruption(tracees, tracee);
		return;
	}
	/* Every other stop takes one that was asked for with it (the kernel's ptrace_stop()). */
	end_interruption(tracees, tracee);
	switch (event) {
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK: {
		const struct tracee parent = *tracee; /* the list may move */

		take_new(tracees, &parent);
		break;
	}
	case PTRACE_EVENT_EXEC:
		take_exec(tracees, pid);
		break;
	default:
		break;
	}
}

/** The wait status of @p tid if there is one; that of an ended one is left for others. */
static bool take_status(pid_t tid, int *status_ret)
{
	siginfo_t info = { 0 };

	*status_ret = 0; /* of one that has ended */
	if (waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOWAIT | WNOHANG | __WALL) != 0)
		return errno == ECHILD; /* someone has waited for it */
	if (info.si_pid == 0)
		return false;
	if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		return true;
	return waitpid(tid, status_ret, __WALL | WNOHANG) == tid;
}

void tracees_handle_events(struct tracees *tracees)
{
	int status;

	/* By index: the list grows and moves with what comes. */
	for (size_t i = 0; i < tracees->items.count; i++) {
		pid_t tid = tracees->items.items[i].tid;

		while (!tracees->items.items[i].is_gone && take_status(tid, &status)) {
			if (!WIFSTOPPED(status)) {
				take_end(tracees, &tracees->items.items[i]);
				break;
			}
			take_stop(tracees, &tracees->items.items[i], status);
			resume(tid, status);
		}
	}
}

void tracees_interrupt(struct tracees *tracees, struct tracee *tracee)
{
	if (tracee->is_interrupted || ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) != 0)
		return;
	tracee->is_interrupted = true;
	tracees->n_interrupted++;
}

void tracees_drop_gone(struct tracees *tracees)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < tracees->items.count; i++) {
		if (!tracees->items.items[i].is_gone)
			tracees->items.items[n_kept++] = tracees->items.items[i];
	}
	tracees->items.count = n_kept;
}

void tracees_deinit(struct tracees *tracees)
{
	tracee_vector_deinit(&tracees->items);
}
