#include "cli/stat.h"

#include "base/clock.h"
#include "base/memory.h"
#include "capture/launch.h"
#include "cli/run_signals.h"
#include "process/proc_list.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/** How long one wait may take: the reaction time to signals that come just before it. */
#define WAIT_NS (100 * NS_PER_MS)

/** One run being counted. */
struct counting {
	struct stat_session *session;
	struct counter_set counters;
	struct counter_reading *interval_start; /**< Readings at the last interval's end. */
	struct pollfd *processes;               /**< pidfds of what we wait for. */
	size_t n_processes;
	pid_t pid; /**< Of the command; 0: none. */
	uint64_t start_ns;
	uint64_t last_interval_ns;
	bool is_timed_out;
};

static struct counter_reading *read_all(const struct counter_set *counters)
{
	struct counter_reading *readings = memory_allocate(counters->count, sizeof(*readings));

	for (size_t i = 0; i < counters->count; i++)
		readings[i] = counter_read(&counters->items[i]);
	return readings;
}

static void finish_interval(struct counting *counting, uint64_t now_ns)
{
	struct counter_reading *now = read_all(&counting->counters);
	struct stat_measurement interval = {
		.readings = memory_allocate(counting->counters.count, sizeof(*now)),
		.duration_ns = (double)(now_ns - counting->last_interval_ns),
		.time_ns = (double)(now_ns - counting->start_ns),
	};

	for (size_t i = 0; i < counting->counters.count; i++)
		interval.readings[i] = counter_reading_since(now[i], counting->interval_start[i]);
	counting->session->counters = counting->counters;
	stat_print_interval(counting->session, &interval);
	counting->session->counters = (struct counter_set){ 0 };
	free(counting->interval_start);
	free(interval.readings);
	counting->interval_start = now;
	counting->last_interval_ns = now_ns;
}

static void open_processes(struct counting *counting)
{
	const struct run_target *target = &counting->session->options->target;
	const struct index_vector *ids = target->pids.count ? &target->pids : &target->tids;
	size_t n_pids = counting->pid ? 1 : ids->count;

	counting->processes = memory_allocate(n_pids, sizeof(*counting->processes));
	for (size_t i = 0; i < n_pids; i++) {
		pid_t pid = counting->pid ? counting->pid
					  : (pid_t)proc_process_of_thread(ids->items[i]);

		counting->processes[i].fd = (int)syscall(SYS_pidfd_open, pid, 0);
		counting->processes[i].events = POLLIN;
	}
	counting->n_processes = n_pids;
}

/** Forget those that have ended. @return whether none is left. */
static bool drop_ended_processes(struct counting *counting)
{
	bool is_one_left = counting->n_processes == 0;

	for (size_t i = 0; i < counting->n_processes; i++) {
		struct pollfd *process = &counting->processes[i];

		if (process->fd >= 0 && process->revents) {
			close(process->fd);
			process->fd = -1;
		}
		is_one_left |= process->fd >= 0;
	}
	return !is_one_left;
}

/** Ask the command to end when time is up or the user insists; @return whether to stop waiting. */
static bool look_after_end(struct counting *counting, uint64_t now_ns)
{
	const struct stat_options *options = counting->session->options;
	struct run_signals signals = run_signals_state();
	bool is_over = options->timeout_ns && now_ns - counting->start_ns >= options->timeout_ns;

	counting->session->is_interrupted = signals.ending_signal != 0;
	if (!counting->pid)
		return is_over || signals.ending_signal;
	if (signals.n_interrupts > 1)
		kill(counting->pid, SIGKILL);
	else if (!counting->is_timed_out &&
		 (is_over || (signals.ending_signal &&
			      now_ns - signals.first_time_ns >= INTERRUPT_GRACE_NS))) {
		kill(counting->pid, SIGTERM);
		counting->is_timed_out = true;
	}
	return false;
}

static void wait_for_end(struct counting *counting)
{
	const struct stat_options *options = counting->session->options;
	bool is_done = false;

	open_processes(counting);
	while (!is_done) {
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t deadline_ns = now_ns + WAIT_NS;
		struct timespec wait = { 0 };

		if (options->interval_ns)
			deadline_ns =
				MIN(deadline_ns, counting->last_interval_ns + options->interval_ns);
		if (options->timeout_ns && !counting->is_timed_out)
			deadline_ns = MIN(deadline_ns, counting->start_ns + options->timeout_ns);
		if (deadline_ns > now_ns)
			wait.tv_nsec = (long)(deadline_ns - now_ns);
		/* Interrupted or not, what to do next is found out below. */
		(void)ppoll(counting->processes, counting->n_processes, &wait, NULL);
		is_done = drop_ended_processes(counting);
		now_ns = clock_monotonic_ns();
		if (!is_done)
			is_done = look_after_end(counting, now_ns);
		if (options->interval_ns && !is_done &&
		    now_ns - counting->last_interval_ns >= options->interval_ns)
			finish_interval(counting, now_ns);
	}
	for (size_t i = 0; i < counting->n_processes; i++) {
		if (counting->processes[i].fd >= 0)
			close(counting->processes[i].fd);
	}
	free(counting->processes);
}

static void reap(struct counting *counting, struct rusage *usage)
{
	pid_t pid;

	do
		pid = wait4(counting->pid, &counting->session->wait_status, 0, usage);
	while (pid < 0 && errno == EINTR);
}

static void open_counters(struct counting *counting, const struct index_vector *cpus)
{
	const struct stat_options *options = counting->session->options;
	const struct counter_target target = {
		.kind = run_target_has_tasks(&options->target) ? COUNTERS_OF_TASKS
			: options->target.is_system            ? COUNTERS_OF_SYSTEM
							       : COUNTERS_OF_LAUNCHED,
		.pid = counting->pid,
		.tasks = options->target.tasks.items,
		.n_tasks = options->target.tasks.count,
		.cpus = cpus->items,
		.n_cpus = cpus->count,
		.is_without_inherit = options->is_without_inherit ||
				      (options->target.tids.count && !options->target.pids.count),
		.has_cgroup = options->target.cgroup,
		.cgroup_fd = options->target.cgroup_fd,
	};

	counter_set_open(counting->session->list, &target, &event_places_of_kernel,
			 &counting->counters);
}

/** A command has its times at least; without one there is nothing to tell. */
static struct error *check_opened(const struct counting *counting)
{
	const struct counter_set *counters = &counting->counters;

	if (counting->pid || counter_set_n_open(counters) > 0 || counters->count == 0)
		return NULL;
	return error_with_hint(error_new(ERROR_PERMISSION, "nothing can be counted"), "%s",
			       counters->items[0].reason);
}

static struct error *count_opened(struct counting *counting, struct launch *launch)
{
	struct stat_session *session = counting->session;
	struct stat_measurement measurement = { 0 };
	uint64_t end_ns;

	RETURN_IF_ERROR(check_opened(counting));
	run_signals_watch(counting->pid);
	counting->interval_start =
		memory_allocate(counting->counters.count, sizeof(*counting->interval_start));
	counting->start_ns = clock_monotonic_ns();
	counting->last_interval_ns = counting->start_ns;
	if (run_target_is_attached(&session->options->target))
		counter_set_enable(&counting->counters);
	if (counting->pid) {
		struct error *error = launch_exec(launch);

		if (error) {
			session->has_exec_failed = true;
			return error;
		}
	}
	wait_for_end(counting);
	end_ns = clock_monotonic_ns();
	if (counting->pid)
		reap(counting, &measurement.usage);
	if (session->options->interval_ns)
		finish_interval(counting, end_ns);
	measurement.readings = read_all(&counting->counters);
	measurement.duration_ns = (double)(end_ns - counting->start_ns);
	stat_measurement_vector_append(&session->runs, measurement);
	return NULL;
}

struct error *stat_count(struct stat_session *session)
{
	const struct stat_options *options = session->options;
	struct counting counting = { .session = session };
	struct index_vector cpus = { 0 };
	struct launch launch = { 0 };
	struct error *error;

	if (options->command[0]) {
		RETURN_IF_ERROR(launch_prepare(options->command, &launch));
		counting.pid = launch.pid;
	}
	if (!options->target.cpus.count)
		online_cpus_read(&event_places_of_kernel, &cpus);
	open_counters(&counting, options->target.cpus.count ? &options->target.cpus : &cpus);
	error = count_opened(&counting, &launch);
	run_signals_release();
	launch_abandon(&launch);
	index_vector_deinit(&cpus);
	free(counting.interval_start);
	counter_set_deinit(&session->counters);
	session->counters = counting.counters;
	return error;
}

void stat_session_deinit(struct stat_session *session)
{
	for (size_t i = 0; i < session->runs.count; i++)
		free(session->runs.items[i].readings);
	stat_measurement_vector_deinit(&session->runs);
	counter_set_deinit(&session->counters);
}
