#include "compare/timed_run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "compare/counters.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static double timeval_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

/** Wait for the end of @p pid, but not longer than @p timeout_ns. @return it ended. */
static bool wait_until_end(pid_t pid, uint64_t timeout_ns)
{
	struct timespec left = { .tv_sec = (time_t)(timeout_ns / NS_PER_S),
				 .tv_nsec = (long)(timeout_ns % NS_PER_S) };
	int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll = { .fd = descriptor, .events = POLLIN };
	bool has_ended;

	if (descriptor < 0)
		return true; /* a kernel before 5.3: no time-out */
	has_ended = ppoll(&poll, 1, &left, NULL) != 0;
	close(descriptor);
	return has_ended;
}

static void wait_for_command(pid_t pid, uint64_t timeout_ns, struct timed_run *run,
			     struct rusage *usage_ret)
{
	if (timeout_ns && !wait_until_end(pid, timeout_ns)) {
		run->is_timed_out = true;
		kill(pid, SIGKILL);
	}
	while (wait4(pid, &run->wait_status, 0, usage_ret) < 0 && errno == EINTR)
		;
}

static void take_usage(const struct rusage *usage, const struct rusage *before,
		       double values[N_METRICS])
{
	double user_s = timeval_seconds(usage->ru_utime) - timeval_seconds(before->ru_utime);
	double system_s = timeval_seconds(usage->ru_stime) - timeval_seconds(before->ru_stime);

	values[METRIC_USER] = fmax(user_s, 0);
	values[METRIC_SYSTEM] = fmax(system_s, 0);
	/* The kernel scales the two so that their sum is what the scheduler measured. */
	values[METRIC_TASK_CLOCK] = fmax(user_s + system_s, 0);
	/* The kernel counts what our own child had before its exec as well. */
	if (usage->ru_maxrss > before->ru_maxrss)
		values[METRIC_MEMORY] = (double)usage->ru_maxrss * 1024;
	values[METRIC_PAGE_FAULTS] = (double)(usage->ru_minflt + usage->ru_majflt -
					      before->ru_minflt - before->ru_majflt);
	values[METRIC_CONTEXT_SWITCHES] =
		(double)(usage->ru_nvcsw + usage->ru_nivcsw - before->ru_nvcsw - before->ru_nivcsw);
}

/** Started, and not waited for. */
struct started_run {
	pid_t pid;
	struct launch launch;     /**< All zero without counters. */
	struct counters counters; /**< Open with setting->counts_hardware. */
};

static void set_running(const struct run_setting *setting, pid_t pid)
{
	if (setting->watch && setting->watch->set_running)
		setting->watch->set_running(setting->watch->context, pid);
}

static struct error *start(char *const *argv, const struct run_setting *setting,
			   struct launch_note *note, struct started_run *started)
{
	if (!setting->counts_hardware) {
		RETURN_IF_ERROR(launch_start_in(&setting->place, argv, note, &started->pid));
		set_running(setting, started->pid);
		return NULL;
	}
	RETURN_IF_ERROR(launch_prepare_in(&setting->place, argv, note, &started->launch));
	started->pid = started->launch.pid;
	set_running(setting, started->pid);
	counters_open(&started->counters, started->pid);
	return launch_exec(&started->launch);
}

static void finish(const struct run_setting *setting, struct started_run *started,
		   double values[N_METRICS])
{
	if (setting->counts_hardware)
		counters_finish(&started->counters, values);
	set_running(setting, 0);
	launch_abandon(&started->launch);
}

struct error *timed_run_make(char *const *argv, const struct run_setting *setting,
			     struct timed_run *ret)
{
	struct launch_note *note = launch_note_create();
	struct started_run started = { 0 };
	struct timed_run run = { 0 };
	struct rusage usage = { 0 };
	struct error *error;
	uint64_t end_ns;

	if (!note)
		return error_from_errno(errno, "cannot start a process");
	for (int i = 0; i < N_METRICS; i++)
		run.values[i] = NAN;
	error = start(argv, setting, note, &started);
	if (!error) {
		wait_for_command(started.pid, setting->timeout_ns, &run, &usage);
		end_ns = clock_monotonic_ns();
		if (note->exec_ns) /* else it was killed before */
			run.values[METRIC_TIME] =
				(double)(end_ns - note->exec_ns) / (double)NS_PER_S;
		take_usage(&usage, &note->before, run.values);
		if (note->exec_errno)
			error = error_from_errno(note->exec_errno, "cannot run '%s'", argv[0]);
	}
	if (started.pid)
		finish(setting, &started, run.values);
	launch_note_destroy(note);
	if (!error)
		*ret = run;
	return error;
}

bool run_watch_is_stopped(const struct run_watch *watch)
{
	return watch && watch->is_stopped && watch->is_stopped(watch->context);
}

bool timed_run_is_good(const struct timed_run *run)
{
	return WIFEXITED(run->wait_status) && WEXITSTATUS(run->wait_status) == 0;
}

char *timed_run_describe_end(const struct timed_run *run)
{
	if (run->is_timed_out)
		return memory_duplicate_text("took longer than --timeout allows");
	if (WIFSIGNALED(run->wait_status))
		return memory_format_text("was killed by signal %d (%s)",
					  WTERMSIG(run->wait_status),
					  strsignal(WTERMSIG(run->wait_status)));
	return memory_format_text("ended with status %d", WEXITSTATUS(run->wait_status));
}
