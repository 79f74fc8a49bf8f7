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

struct error *timed_run_make(char *const *argv, const struct launch_place *place,
			     uint64_t timeout_ns, const struct run_watch *watch,
			     struct timed_run *ret)
{
	struct timed_run run = { 0 };
	struct counters counters;
	struct rusage usage = { 0 };
	struct launch launch;
	struct error *error;
	uint64_t start_ns, end_ns;
	pid_t pid;

	RETURN_IF_ERROR(launch_prepare_in(place, argv, &launch));
	pid = launch.pid;
	if (watch && watch->set_running)
		watch->set_running(watch->context, pid);
	counters_open(&counters, pid);
	start_ns = clock_monotonic_ns();
	error = launch_exec(&launch);
	if (!error) {
		wait_for_command(pid, timeout_ns, &run, &usage);
		end_ns = clock_monotonic_ns();
		run.values[METRIC_TIME] = (double)(end_ns - start_ns) / (double)NS_PER_S;
		run.values[METRIC_USER] = timeval_seconds(usage.ru_utime);
		run.values[METRIC_SYSTEM] = timeval_seconds(usage.ru_stime);
		run.values[METRIC_MEMORY] = (double)usage.ru_maxrss * 1024;
	}
	counters_finish(&counters, run.values);
	if (watch && watch->set_running)
		watch->set_running(watch->context, 0);
	launch_abandon(&launch);
	if (!error)
		*ret = run;
	return error;
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
