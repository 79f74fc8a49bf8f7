#include "capture/ptrace/ptrace_sampler.h"

#include "arch/architecture.h"
#include "base/clock.h"
#include "capture/batch_reader.h"
#include "capture/ptrace/traced_records.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define FREQUENCY_DEFAULT_HZ 997

/** Each sample stops the thread for some 20 microseconds; beyond this it would hardly run. */
#define FREQUENCY_MAX_HZ 2000

#define STACK_COPY_DEFAULT_BYTES (32 * 1024)

/** A thread that runs stops within some microseconds. */
#define STOP_POLL_NS UINT64_C(20000)

/** Side-band records, registers and the rest of a sample need the difference to 64 KiB. */
#define STACK_COPY_MAX_BYTES (60 * 1024)

/** How often libraries loaded meanwhile are looked for: soon after some have come, then less. */
#define MAPPINGS_PERIOD_LEAST_NS (2 * NS_PER_MS)
#define MAPPINGS_PERIOD_MOST_NS  (128 * NS_PER_MS)

struct ptrace_session {
	struct sampler_session session; /* first: see container_of_source() */
	struct traced_records records;
	struct record_layout_table layouts;
	const char *event_name;
	uint64_t id;
	uint32_t event_of_id;
	struct batch_queue queue;
	struct batch_reader reader;

	/* Of the thread that traces. */
	struct tracees tracees;
	struct batch *filling;
	pthread_t thread;
	sem_t is_seized;
	int seize_errno;
	uint64_t period_ns;
	uint64_t mappings_time_ns, mappings_period_ns;
	uint32_t *tasks; /* to be seized: tid of each, and its process */
	uint32_t *task_pids;
	size_t n_tasks;
	bool is_command_running; /* after its exec, or attached */
	_Atomic bool is_stopping;
	_Atomic bool is_enabled;
	_Atomic uint64_t n_bytes, n_wakeups;
};

static struct ptrace_session *container_of_source(struct record_source *source)
{
	return (struct ptrace_session *)source;
}

/** What /proc/PID/task/TID/stat says: "TID (name) S ..." (proc(5)). */
struct thread_stat {
	char name[TRACEE_NAME_SIZE_BYTES];
	bool is_running;
	uint32_t cpu; /**< It ran there last; field 39. */
};

static bool read_stat(const struct tracee *tracee, struct thread_stat *ret)
{
	_cleanup_free_ char *path =
		memory_format_text("/proc/%d/task/%d/stat", (int)tracee->pid, (int)tracee->tid);
	FILE *file = fopen(path, "re");
	char line[1024], *name, *end;
	size_t length;

	if (!file)
		return false;
	length = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[length] = '\0';
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end)
		return false;
	*end = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	ret->is_running = end[1] == ' ' && end[2] == 'R';
	end++;
	for (int field = 2; field < 39 && end; field++)
		end = strchr(end + (field > 2), ' ');
	ret->cpu = end ? (uint32_t)strtoul(end, NULL, 10) : 0;
	return true;
}

/** The first number of schedstat: nanoseconds on the CPU (kernel Documentation/scheduler). */
static uint64_t read_cpu_ns(const struct tracee *tracee)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%d/task/%d/schedstat",
						       (int)tracee->pid, (int)tracee->tid);
	FILE *file = fopen(path, "re");
	uint64_t cpu_ns = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &cpu_ns) != 1)
		cpu_ns = 0;
	fclose(file);
	return cpu_ns;
}

/** Those that have been on a CPU since, and are now: the time since stands for where they are. */
static void ask_for_sample(struct ptrace_session *session, struct tracee *tracee)
{
	struct thread_stat stat;

	if (!read_stat(tracee, &stat) || !stat.is_running)
		return;
	tracee->cpu = stat.cpu;
	tracee->cpu_ns = read_cpu_ns(tracee);
	/* Without schedstat (CONFIG_SCHED_INFO) running is all that is known. */
	if (tracee->cpu_ns && tracee->cpu_ns == tracee->sampled_cpu_ns)
		return;
	if (strcmp(tracee->name, stat.name) != 0) {
		memcpy(tracee->name, stat.name, sizeof(tracee->name));
		traced_records_append_name(&session->records, tracee, &session->filling->bytes);
	}
	tracees_interrupt(&session->tracees, tracee);
}

static void take_sample(struct ptrace_session *session, struct tracee *tracee)
{
	uint64_t period_ns =
		tracee->cpu_ns ? tracee->cpu_ns - tracee->sampled_cpu_ns : session->period_ns;

	tracee->sampled_cpu_ns = tracee->cpu_ns;
	traced_records_append_sample(&session->records, tracee, tracee->cpu, period_ns,
				     &session->filling->bytes);
}

static void take_event(void *context, const struct tracee_event *event, struct tracee *tracee)
{
	struct ptrace_session *session = context;

	if (event->what == TRACEE_STOPPED) {
		take_sample(session, tracee);
		return;
	}
	traced_records_append_event(&session->records, event, &session->filling->bytes);
	if (event->what == TRACEE_EXECUTED) {
		session->is_command_running = true;
		session->mappings_period_ns = MAPPINGS_PERIOD_LEAST_NS;
		session->mappings_time_ns = 0;
	}
}

static void look_for_mappings(struct ptrace_session *session, uint64_t now_ns)
{
	size_t n_bytes = session->filling->bytes.count;

	if (now_ns < session->mappings_time_ns)
		return;
	for (size_t i = 0; i < session->tracees.items.count; i++) {
		const struct tracee *tracee = &session->tracees.items.items[i];

		if (tracee->tid == tracee->pid && !tracee->is_gone)
			traced_records_append_mappings(&session->records, tracee->pid,
						       &session->filling->bytes);
	}
	session->mappings_period_ns =
		session->filling->bytes.count > n_bytes
			? MAPPINGS_PERIOD_LEAST_NS
			: MIN(session->mappings_period_ns * 2, MAPPINGS_PERIOD_MOST_NS);
	session->mappings_time_ns = now_ns + session->mappings_period_ns;
}

static void hand_over(struct ptrace_session *session)
{
	session->n_bytes += session->filling->bytes.count;
	if (!session->filling->bytes.count)
		return;
	batch_queue_put(&session->queue, session->filling);
	session->filling = batch_queue_get_empty(&session->queue);
}

static void sleep_until(uint64_t time_ns)
{
	const struct timespec time = { .tv_sec = (time_t)(time_ns / NS_PER_S),
				       .tv_nsec = (long)(time_ns % NS_PER_S) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/** Ask all at once, then wait for them to stop; who does not in time stops for the next one. */
static void sample_all(struct ptrace_session *session, uint64_t deadline_ns)
{
	for (size_t i = 0; i < session->tracees.items.count; i++) {
		if (!session->tracees.items.items[i].is_gone)
			ask_for_sample(session, &session->tracees.items.items[i]);
	}
	while (session->tracees.n_interrupted && clock_monotonic_ns() < deadline_ns) {
		tracees_handle_events(&session->tracees);
		if (session->tracees.n_interrupted)
			sleep_until(clock_monotonic_ns() + STOP_POLL_NS);
	}
}

static int seize_all(struct ptrace_session *session)
{
	int first_errno = 0;

	for (size_t i = 0; i < session->n_tasks; i++) {
		int seize_errno = tracees_seize(&session->tracees, (pid_t)session->task_pids[i],
						(pid_t)session->tasks[i]);

		if (seize_errno && (!first_errno || first_errno == ESRCH))
			first_errno = seize_errno;
	}
	return session->tracees.items.count ? 0 : first_errno ? first_errno : ESRCH;
}

/** Whether the process recorded is there; its children are let go when it has ended. */
static bool is_over(const struct ptrace_session *session)
{
	for (size_t i = 0; i < session->tracees.items.count; i++) {
		for (size_t task = 0; task < session->n_tasks; task++) {
			if (session->tracees.items.items[i].pid == (pid_t)session->task_pids[task])
				return false;
		}
	}
	return true;
}

static void *trace_run(void *context)
{
	struct ptrace_session *session = context;
	uint64_t next_ns;

	session->seize_errno = seize_all(session);
	sem_post(&session->is_seized);
	if (session->seize_errno)
		return NULL;
	/* Sleeps of 20 us are not to take 70. */
	prctl(PR_SET_TIMERSLACK, 1);
	next_ns = clock_monotonic_ns();
	while (!session->is_stopping && !is_over(session)) {
		uint64_t now_ns = clock_monotonic_ns();

		tracees_handle_events(&session->tracees);
		look_for_mappings(session, now_ns);
		if (session->is_enabled && session->is_command_running)
			sample_all(session, next_ns + session->period_ns);
		tracees_drop_gone(&session->tracees);
		hand_over(session);
		session->n_wakeups++;
		/* Missed ones are not made up for: the period of the next is longer. */
		next_ns = MAX(next_ns + session->period_ns, clock_monotonic_ns());
		sleep_until(next_ns);
	}
	hand_over(session);
	batch_queue_close(&session->queue);
	return NULL;
}

static struct error *ptrace_session_next(struct record_source *source, uint64_t timeout_ns,
					 struct record *ret, enum record_source_state *state_ret)
{
	return batch_reader_next(&container_of_source(source)->reader, timeout_ns, ret, state_ret);
}

static void ptrace_session_free(struct ptrace_session *session)
{
	struct string_vector *degradations = &session->session.facts.degradations;

	batch_queue_recycle(&session->queue, session->filling);
	batch_queue_deinit(&session->queue);
	traced_records_deinit(&session->records);
	tracees_deinit(&session->tracees);
	string_vector_destroy_items(degradations);
	sem_destroy(&session->is_seized);
	free(session->tasks);
	free(session->task_pids);
	free(session);
}

static void ptrace_session_destroy(struct record_source *source)
{
	struct ptrace_session *session = container_of_source(source);

	session->is_stopping = true;
	batch_queue_abandon(&session->queue);
	pthread_join(session->thread, NULL);
	batch_reader_deinit(&session->reader);
	ptrace_session_free(session);
}

static void note(struct ptrace_session *session, char *line)
{
	string_vector_append(&session->session.facts.degradations, line);
}

/** What this way of sampling cannot do is an error; the caller has the better sampler's already. */
static struct error *check_options(const struct sampler_options *options)
{
	static const char *const clocks[] = { "cpu-clock", "cpu-clock:u", "task-clock",
					      "task-clock:u" };

	if (options->target == SAMPLER_TARGET_SYSTEM)
		return error_new(ERROR_UNSUPPORTED, "whole CPUs cannot be traced");
	if (!architecture_native() || !architecture_native()->ptrace_word_of_perf)
		return error_new(ERROR_UNSUPPORTED, "registers of this CPU are not known");
	if (options->has_switches)
		return error_new(ERROR_UNSUPPORTED, "waiting threads cannot be traced");
	if (options->spans.n_edges)
		return error_new(ERROR_UNSUPPORTED, "spans between functions cannot be traced");
	if (!options->read_process || options->sides == SAMPLED_KERNEL_ONLY ||
	    options->stack_method == STACK_METHOD_FP)
		return error_new(ERROR_UNSUPPORTED, "only copied user stacks can be traced");
	for (size_t i = 0; i < options->n_events; i++) {
		bool is_clock = false;

		for (size_t clock = 0; clock < ARRAY_SIZE(clocks); clock++)
			is_clock |= strcmp(options->events[i].name, clocks[clock]) == 0;
		if (!is_clock || options->n_events > 1 || options->period)
			return error_new(ERROR_UNSUPPORTED, "only the CPU clock can be traced");
	}
	return NULL;
}

/** The command, or the threads asked for. */
static void choose_tasks(struct ptrace_session *session, const struct sampler_options *options)
{
	bool is_launched = options->target == SAMPLER_TARGET_LAUNCHED;

	session->n_tasks = is_launched ? 1 : options->n_tasks;
	session->tasks = memory_allocate(session->n_tasks, sizeof(*session->tasks));
	session->task_pids = memory_allocate(session->n_tasks, sizeof(*session->task_pids));
	for (size_t i = 0; i < session->n_tasks; i++) {
		session->tasks[i] = is_launched ? (uint32_t)options->pid : options->tasks[i];
		session->task_pids[i] = (uint32_t)tracees_process_of((pid_t)session->tasks[i]);
	}
}

static void describe(struct ptrace_session *session, const struct sampler_options *options)
{
	struct sampler_facts *facts = &session->session.facts;
	uint64_t frequency_hz =
		options->frequency_hz ? options->frequency_hz : FREQUENCY_DEFAULT_HZ;
	uint32_t copy_bytes =
		options->stack_copy_bytes ? options->stack_copy_bytes : STACK_COPY_DEFAULT_BYTES;

	if (frequency_hz > FREQUENCY_MAX_HZ || options->is_frequency_max) {
		frequency_hz = FREQUENCY_MAX_HZ;
		note(session, memory_format_text("rate lowered to %" PRIu64 " Hz: the program is "
						 "stopped for each sample",
						 frequency_hz));
	}
	session->period_ns = NS_PER_S / frequency_hz;
	traced_records_init(&session->records, frequency_hz,
			    MIN(copy_bytes, (uint32_t)STACK_COPY_MAX_BYTES) & ~7u,
			    options->read_process);
	note(session, memory_duplicate_text(
			      "the program is stopped with ptrace for each sample instead. No "
			      "kernel side; it runs slower, the more threads it has; set-user-ID "
			      "programs it starts get no privileges"));
	*facts = (struct sampler_facts){
		.events = { { .name = "cpu-clock", .unit = "ns", .frequency_hz = frequency_hz } },
		.n_events = 1,
		.has_user = true,
		.stack_copy_bytes = session->records.attr.sample_stack_user,
		.n_rings = 1,
		.degradations = facts->degradations,
	};
	session->event_name = "cpu-clock";
	session->id = TRACED_EVENT_ID;
	session->layouts = (struct record_layout_table){
		.layouts = &session->records.layout,
		.n_layouts = 1,
		.ids = &session->id,
		.event_of_id = &session->event_of_id,
		.n_ids = 1,
	};
	session->session.source = (struct record_source){
		.name = "traced program",
		.next = ptrace_session_next,
		.destroy = ptrace_session_destroy,
		.layouts = &session->layouts,
		.attrs = &session->records.attr,
		.event_names = &session->event_name,
	};
	session->reader = (struct batch_reader){ .queue = &session->queue,
						 .layouts = &session->layouts,
						 .name = session->session.source.name };
}

/** Start the thread and wait until it has seized everything. */
static struct error *start(struct ptrace_session *session)
{
	sigset_t all_signals, old_signals;
	int status;

	/* Signals are the main thread's business. */
	sigfillset(&all_signals);
	pthread_sigmask(SIG_SETMASK, &all_signals, &old_signals);
	status = pthread_create(&session->thread, NULL, trace_run, session);
	pthread_sigmask(SIG_SETMASK, &old_signals, NULL);
	if (status != 0)
		return error_from_errno(status, "cannot start a thread");
	while (sem_wait(&session->is_seized) != 0)
		;
	if (!session->seize_errno)
		return NULL;
	pthread_join(session->thread, NULL);
	return error_with_hint(error_from_errno(session->seize_errno, "cannot trace the program"),
			       "kernel.yama.ptrace_scope, a container's seccomp filter or another "
			       "debugger forbid it");
}

static struct error *ptrace_sampler_open(const struct sampler_options *options,
					 struct sampler_session **ret)
{
	struct ptrace_session *session;
	struct error *error = check_options(options);

	if (error)
		return error;
	session = memory_allocate(1, sizeof(*session));
	sem_init(&session->is_seized, 0, 0);
	batch_queue_init(&session->queue);
	session->filling = batch_queue_get_empty(&session->queue);
	choose_tasks(session, options);
	describe(session, options);
	session->is_enabled = !options->is_held_back;
	session->is_command_running = options->target != SAMPLER_TARGET_LAUNCHED;
	session->tracees = (struct tracees){
		.command_pid = options->target == SAMPLER_TARGET_LAUNCHED ? options->pid : 0,
		.follows_new = !options->is_without_inherit,
		.handler = take_event,
		.context = session,
	};
	error = start(session);
	if (error) {
		ptrace_session_free(session);
		return error;
	}
	*ret = &session->session;
	return NULL;
}

static void ptrace_sampler_stop(struct sampler_session *session)
{
	container_of_source(&session->source)->is_stopping = true;
}

static void ptrace_sampler_set_enabled(struct sampler_session *session, bool is_enabled)
{
	container_of_source(&session->source)->is_enabled = is_enabled;
}

static void ptrace_sampler_progress(struct sampler_session *session, struct sampler_progress *ret)
{
	struct ptrace_session *own = container_of_source(&session->source);

	*ret = (struct sampler_progress){
		.n_bytes = own->n_bytes,
		.n_wakeups = own->n_wakeups,
		.queue_bytes_max = batch_queue_size_max_bytes(&own->queue),
	};
}

const struct sampler ptrace_sampler = {
	.name = "ptrace",
	.description = "ptrace(2): threads are stopped for each sample; no kernel side",
	.open = ptrace_sampler_open,
	.stop = ptrace_sampler_stop,
	.set_enabled = ptrace_sampler_set_enabled,
	.progress = ptrace_sampler_progress,
};
