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
		struct error *error;

		pending->record = ring_peek(ring);
		if (!pending->record.size)
			return;
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

/** Copy everything older than @p horizon_ns, oldest first. */
static void drain_round(struct drain *drain, struct pending *pending, uint64_t horizon_ns)
{
	struct batch *batch = batch_queue_get_empty(&drain->queue);

	for (size_t i = 0; i < drain->n_rings; i++) {
		ring_snapshot(&drain->rings[i]);
		pending_load(drain, &drain->rings[i], horizon_ns, &pending[i]);
	}
	for (;;) {
		size_t oldest = drain->n_rings;

		for (size_t i = 0; i < drain->n_rings; i++) {
			if (pending[i].record.size &&
			    (oldest == drain->n_rings ||
			     pending[i].time_ns < pending[oldest].time_ns))
				oldest = i;
		}
		if (oldest == drain->n_rings)
			break;
		sample_trim_append(&batch->bytes, &drain->layouts->layouts[0],
				   pending[oldest].record);
		ring_skip(&drain->rings[oldest], pending[oldest].record.size);
		ring_release(&drain->rings[oldest]);
		pending_load(drain, &drain->rings[oldest], horizon_ns, &pending[oldest]);
	}
	drain->n_bytes += batch->bytes.count;
	if (batch->bytes.count)
		batch_queue_put(&drain->queue, batch);
	else
		batch_queue_recycle(&drain->queue, batch);
}

static bool drain_process_is_gone(const struct drain *drain)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)drain->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
		return errno == ECHILD;
	return info.si_pid == drain->pid;
}

/** Wait for a watermark, the period, the command's end or a stop; true: this is the end. */
static bool drain_wait(struct drain *drain, struct pollfd *polls)
{
	struct pollfd *stop = &polls[drain->n_rings];
	struct pollfd *process = &polls[drain->n_rings + 1];
	int n_ready = poll(polls, drain->n_rings + 2, DRAIN_PERIOD_MS);

	drain->n_wakeups++;
	if (n_ready > 0) {
		for (size_t i = 0; i < drain->n_rings; i++) {
			/* Every task of the event is gone; poll() would return at once forever. */
			if (polls[i].revents & POLLHUP)
				polls[i].fd = -1;
		}
		if (stop->revents || process->revents)
			return true;
	}
	return drain->process_fd < 0 && drain_process_is_gone(drain);
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

static void *drain_run(void *context)
{
	struct drain *drain = context;
	struct pollfd *polls = memory_allocate(drain->n_rings + 2, sizeof(*polls));
	struct pending *pending = memory_allocate(drain->n_rings, sizeof(*pending));

	raise_priority();
	for (size_t i = 0; i < drain->n_rings; i++)
		polls[i] = (struct pollfd){ .fd = drain->rings[i].fd, .events = POLLIN };
	polls[drain->n_rings] = (struct pollfd){ .fd = drain->stop_fd, .events = POLLIN };
	polls[drain->n_rings + 1] = (struct pollfd){ .fd = drain->process_fd, .events = POLLIN };
	while (!drain_wait(drain, polls))
		drain_round(drain, pending, clock_monotonic_ns() - DRAIN_SETTLE_NS);
	drain_round(drain, pending, UINT64_MAX);
	batch_queue_close(&drain->queue);
	free(polls);
	free(pending);
	return NULL;
}

struct error *drain_start(struct drain *drain, struct ring *rings, size_t n_rings,
			  const struct record_layout_table *layouts, pid_t pid)
{
	sigset_t all_signals, old_signals;
	int status;

	*drain = (struct drain){
		.rings = rings,
		.n_rings = n_rings,
		.layouts = layouts,
		.pid = pid,
		.stop_fd = eventfd(0, EFD_CLOEXEC),
		.process_fd = (int)syscall(SYS_pidfd_open, pid, 0),
	};
	if (drain->stop_fd < 0) {
		struct error *error = error_from_errno(errno, "cannot make an eventfd");

		if (drain->process_fd >= 0)
			close(drain->process_fd);
		return error;
	}
	batch_queue_init(&drain->queue);
	/* Signals are the main thread's business. */
	sigfillset(&all_signals);
	pthread_sigmask(SIG_SETMASK, &all_signals, &old_signals);
	status = pthread_create(&drain->thread, NULL, drain_run, drain);
	pthread_sigmask(SIG_SETMASK, &old_signals, NULL);
	if (status == 0)
		return NULL;
	batch_queue_deinit(&drain->queue);
	close(drain->stop_fd);
	if (drain->process_fd >= 0)
		close(drain->process_fd);
	return error_from_errno(status, "cannot start a thread");
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
	batch_queue_deinit(&drain->queue);
	close(drain->stop_fd);
	if (drain->process_fd >= 0)
		close(drain->process_fd);
}
