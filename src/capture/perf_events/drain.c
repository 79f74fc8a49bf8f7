#include "capture/perf_events/drain.h"

#include "base/clock.h"
#include "capture/perf_events/sample_trim.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/** Rings are looked at this often even when no watermark was reached. */
#define DRAIN_PERIOD_MS 50

/**
 * A record becomes visible a moment after its time stamp was taken. Records younger
 * than this stay in the ring until the next round, so that rounds are in time order.
 */
#define DRAIN_SETTLE_NS (1 * NS_PER_MS)

/** The next record of one ring; empty bytes: none that may be taken in this round. */
struct pending {
	struct bytes record;
	uint64_t time_ns;
};

static void pending_load(struct drain *drain, struct ring *ring, uint64_t horizon_ns,
			 struct pending *pending)
{
	size_t size_bytes;

	for (;;) {
		enum stack_window_kind kind;
		struct error *error;

		pending->record = ring_peek(ring);
		if (!pending->record.size)
			return;
		kind = stack_windows_kind(drain->windows, pending->record, &pending->time_ns);
		/* At once: the next samples of the thread depend on it. */
		if (kind == STACK_WINDOW_GREETING)
			stack_windows_answer(drain->windows, pending->record);
		if (kind != STACK_WINDOW_NONE)
			break;
		error = record_decode_time(drain->layouts, pending->record, "perf ring",
					   ring->position, &pending->time_ns, &size_bytes);
		if (!error)
			break;
		error_destroy(error);
		drain->n_unreadable++;
		ring_skip(ring, pending->record.size);
	}
	if (pending->time_ns > horizon_ns)
		pending->record = (struct bytes){ 0 };
}

/** What the drain did itself; it has the place behind the rings. */
static void pending_load_marker(struct drain *drain, uint64_t horizon_ns, struct pending *pending)
{
	pending->record = switch_gates_peek(&drain->gates, &pending->time_ns);
	if (pending->record.size && pending->time_ns > horizon_ns)
		pending->record = (struct bytes){ 0 };
}

static void take(struct drain *drain, struct batch *batch, struct bytes record)
{
	uint64_t time_ns;

	if (stack_windows_kind(drain->windows, record, &time_ns)) {
		byte_vector_append_bytes(&batch->bytes, record.data, record.size);
		return;
	}
	sample_trim_append(&batch->bytes, drain->layouts, record);
}

/** Take the pending record of one place and go on to the next one there. */
static void take_pending(struct drain *drain, struct batch *batch, size_t place,
			 uint64_t horizon_ns, struct pending *pending)
{
	take(drain, batch, pending->record);
	if (place == drain->n_rings) {
		switch_gates_skip(&drain->gates);
		pending_load_marker(drain, horizon_ns, pending);
		return;
	}
	switch_gates_count(&drain->gates, place);
	ring_skip(&drain->rings[place], pending->record.size);
	ring_release(&drain->rings[place]);
	pending_load(drain, &drain->rings[place], horizon_ns, pending);
}

/** Copy everything older than @p horizon_ns, oldest first. */
static void drain_round(struct drain *drain, struct pending *pending, uint64_t horizon_ns)
{
	struct batch *batch = batch_queue_get_empty(&drain->queue);
	const size_t n_places = drain->n_rings + 1;

	for (size_t i = 0; i < drain->n_rings; i++) {
		ring_snapshot(&drain->rings[i]);
		pending_load(drain, &drain->rings[i], horizon_ns, &pending[i]);
	}
	pending_load_marker(drain, horizon_ns, &pending[drain->n_rings]);
	for (;;) {
		size_t oldest = n_places;

		/* Of equal times the first ring's record: a stack comes before the switch. */
		for (size_t i = 0; i < n_places; i++) {
			if (pending[i].record.size &&
			    (oldest == n_places || pending[i].time_ns < pending[oldest].time_ns))
				oldest = i;
		}
		if (oldest == n_places)
			break;
		take_pending(drain, batch, oldest, horizon_ns, &pending[oldest]);
	}
	drain->n_bytes += batch->bytes.count;
	if (batch->bytes.count)
		batch_queue_put(&drain->queue, batch);
	else
		batch_queue_recycle(&drain->queue, batch);
}

/** For kernels without pidfds. Not to be reaped here: the command's status is others' to take. */
static bool process_is_gone(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return info.si_pid == pid;
	/* Not a child of ours. */
	return kill(pid, 0) != 0 && errno == ESRCH;
}

/** Note who has ended; true: that was the last one. */
static bool all_watched_are_gone(struct drain *drain, struct pollfd *polls)
{
	size_t n_gone = 0;

	for (size_t i = 0; i < drain->n_watched; i++) {
		struct watched_process *process = &drain->watched[i];

		if (!process->is_gone)
			process->is_gone = process->fd >= 0 ? polls[i].revents != 0
							    : process_is_gone(process->pid);
		if (process->is_gone)
			polls[i].fd = -1;
		n_gone += process->is_gone;
	}
	return drain->n_watched > 0 && n_gone == drain->n_watched;
}

/** Rings first, then the watched processes, then the request to stop. */
static size_t n_polls(const struct drain *drain)
{
	return drain->n_rings + drain->n_watched + 1;
}

/** Wait for a watermark, the period, the end of the watched or a stop; true: this is the end. */
static bool drain_wait(struct drain *drain, struct pollfd *polls)
{
	uint64_t gate_ns = switch_gates_wait_ns(&drain->gates, clock_monotonic_ns());
	/* What woke us was too young for that round, or lay behind what was: a greeting. */
	uint64_t period_ns =
		drain->was_woken ? 2 * DRAIN_SETTLE_NS : DRAIN_PERIOD_MS * NS_PER_MS;
	const struct timespec timeout = { .tv_nsec = (long)MIN(gate_ns, period_ns) };
	int n_ready = ppoll(polls, n_polls(drain), &timeout, NULL);

	drain->n_wakeups++;
	drain->was_woken = n_ready > 0;
	if (n_ready < 0)
		return false;
	for (size_t i = 0; i < drain->n_rings; i++) {
		/* Every task of the event is gone; poll() would return at once forever. */
		if (polls[i].revents & POLLHUP)
			polls[i].fd = -1;
	}
	return polls[n_polls(drain) - 1].revents ||
	       all_watched_are_gone(drain, polls + drain->n_rings);
}

/**
 * Emptying rings late loses samples, so ask to run before others. Each call may be
 * refused; nothing depends on it.
 */
static void raise_priority(void)
{
	struct sched_param parameters = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) != 0)
		setpriority(PRIO_PROCESS, 0, -10);
}

static struct pollfd *make_polls(const struct drain *drain)
{
	struct pollfd *polls = memory_allocate(n_polls(drain), sizeof(*polls));

	for (size_t i = 0; i < drain->n_rings; i++)
		polls[i] = (struct pollfd){ .fd = drain->rings[i].fd, .events = POLLIN };
	for (size_t i = 0; i < drain->n_watched; i++)
		polls[drain->n_rings + i] =
			(struct pollfd){ .fd = drain->watched[i].fd, .events = POLLIN };
	polls[n_polls(drain) - 1] = (struct pollfd){ .fd = drain->stop_fd, .events = POLLIN };
	return polls;
}

static void *drain_run(void *context)
{
	struct drain *drain = context;
	struct pollfd *polls = make_polls(drain);
	struct pending *pending = memory_allocate(drain->n_rings + 1, sizeof(*pending));

	raise_priority();
	while (!drain_wait(drain, polls)) {
		uint64_t now_ns = clock_monotonic_ns();

		drain_round(drain, pending, now_ns - DRAIN_SETTLE_NS);
		switch_gates_update(&drain->gates, now_ns);
	}
	drain_round(drain, pending, UINT64_MAX);
	batch_queue_close(&drain->queue);
	free(polls);
	free(pending);
	return NULL;
}

static void watch(struct drain *drain, const uint32_t *pids, size_t n_pids)
{
	drain->watched = memory_allocate(n_pids, sizeof(*drain->watched));
	drain->n_watched = n_pids;
	for (size_t i = 0; i < n_pids; i++) {
		int fd = (int)syscall(SYS_pidfd_open, pids[i], 0);

		drain->watched[i] = (struct watched_process){ .pid = (pid_t)pids[i], .fd = fd };
	}
}

/** What exists with and without the thread. */
static void release(struct drain *drain)
{
	for (size_t i = 0; i < drain->n_watched; i++) {
		if (drain->watched[i].fd >= 0)
			close(drain->watched[i].fd);
	}
	free(drain->watched);
	batch_queue_deinit(&drain->queue);
	switch_gates_deinit(&drain->gates);
	close(drain->stop_fd);
}

struct error *drain_start(struct drain *drain, const struct drain_plan *plan)
{
	sigset_t all_signals, old_signals;
	int status;

	*drain = (struct drain){
		.rings = plan->opened->rings,
		.n_rings = plan->opened->n_rings,
		.layouts = plan->layouts,
		.windows = plan->windows,
		.stop_fd = eventfd(0, EFD_CLOEXEC),
	};
	if (drain->stop_fd < 0)
		return error_from_errno(errno, "cannot make an eventfd");
	batch_queue_init(&drain->queue);
	switch_gates_init(&drain->gates, plan->opened, plan->layouts, plan->switch_times_per_second,
			  plan->switch_stacks_per_second, clock_monotonic_ns());
	watch(drain, plan->watched_pids, plan->n_watched_pids);
	/* Signals are the main thread's business. */
	sigfillset(&all_signals);
	pthread_sigmask(SIG_SETMASK, &all_signals, &old_signals);
	status = pthread_create(&drain->thread, NULL, drain_run, drain);
	pthread_sigmask(SIG_SETMASK, &old_signals, NULL);
	if (status == 0)
		return NULL;
	release(drain);
	return error_from_errno(status, "cannot start a thread");
}

void drain_set_paused(struct drain *drain, bool is_paused)
{
	switch_gates_set_paused(&drain->gates, is_paused);
}

void drain_stop(struct drain *drain)
{
	if (eventfd_write(drain->stop_fd, 1) != 0)
		return; /* the counter is full: asked often enough */
}

void drain_deinit(struct drain *drain)
{
	drain_stop(drain);
	batch_queue_abandon(&drain->queue);
	pthread_join(drain->thread, NULL);
	release(drain);
}
