/** What is not recorded: it went on as lately, and what else is known of it. */

#include "schedule/schedule_internal.h"

/** A thread with fewer switches in a pause is not worth a look. */
#define COUNTED_SWITCHES_LEAST 200

/** Samples of a running thread come at least so many intervals apart. */
#define SAMPLE_INTERVALS_MOST 4

void schedule_pause(struct schedule *schedule, uint64_t time_ns)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		if (thread->state == THREAD_OFF)
			schedule_tell_stretch(schedule, thread, time_ns, STRETCH_PAUSED);
		else if (thread->state == THREAD_RUNNING)
			schedule_count_running(schedule, thread, time_ns);
	}
	schedule_count_concurrency(schedule, time_ns);
	schedule->is_paused = true;
	schedule->pause_ns = time_ns;
}

/**
 * How many switches a thread had in the pause until @p time_ns. Asked some time later, the kernel
 * counts some that are recorded again: about as many as lately in as long. Its count is of all
 * times, so what one answer has too much or too little, the next one mends.
 */
static uint64_t switches_in_pause(const struct schedule *schedule, struct thread_entry *thread,
				  double factor, uint64_t time_ns)
{
	const struct schedule_thread *figures = &thread->figures;
	double guess = (double)thread->lately.n_switches * factor;
	uint64_t count, asked_ns;
	int64_t missing;

	if (!schedule->counter || guess < COUNTED_SWITCHES_LEAST ||
	    !schedule->counter(figures->pid, figures->tid, &count, &asked_ns))
		return (uint64_t)guess;
	count -= MIN(count, (uint64_t)((double)thread->lately.n_switches *
				       (double)schedule_time_between(time_ns, asked_ns) /
				       (double)schedule->lately_ns));
	if (!thread->is_counted)
		thread->n_uncounted = (int64_t)(count - figures->n_switches - (uint64_t)guess);
	thread->is_counted = true;
	missing = (int64_t)(count - figures->n_switches) - thread->n_uncounted;
	return missing > 0 ? (uint64_t)missing : 0;
}

/** In the pause it went on as lately, but for the number of its switches if that is known. */
static void grow(struct schedule *schedule, struct thread_entry *thread, double factor,
		 uint64_t time_ns)
{
	struct schedule_thread *figures = &thread->figures;
	const struct schedule_thread *lately = &thread->lately;
	uint64_t n_switches = switches_in_pause(schedule, thread, factor, time_ns);

	thread->count_factor =
		lately->n_switches ? (double)n_switches / (double)lately->n_switches : factor;
	figures->running_ns += (uint64_t)((double)lately->running_ns * factor);
	figures->off_cpu_ns += (uint64_t)((double)lately->off_cpu_ns * factor);
	figures->n_preempted += (uint64_t)((double)lately->n_preempted * thread->count_factor);
	figures->n_switches += n_switches;
	schedule->figures.n_switches += n_switches;
}

/**
 * What a thread does that nobody has watched for a while: who is on a CPU is sampled. Off it, it
 * is where it was, unless it is one that leaves too often for that.
 */
static void presume_state(const struct schedule *schedule, struct thread_entry *thread,
			  double factor, uint64_t time_ns)
{
	uint64_t horizon_ns = SAMPLE_INTERVALS_MOST * schedule->sample_interval_ns;
	enum thread_state state = thread->state;

	if (horizon_ns)
		state = thread->sampled_ns + horizon_ns >= time_ns ? THREAD_RUNNING : THREAD_OFF;
	if (state != thread->state || (double)thread->lately.n_switches * factor >= 1.0) {
		schedule_enter_state(thread, state, time_ns);
		thread->stack = SCHEDULE_NO_STACK;
	}
	thread->is_presumed = true;
	thread->since_ns = time_ns;
}

double schedule_resume(struct schedule *schedule, uint64_t time_ns)
{
	struct address_vector *lately_ns = &schedule->concurrency_lately_ns;
	double factor = 0;

	if (schedule->lately_ns)
		factor = (double)schedule_time_between(schedule->pause_ns, time_ns) /
			 (double)schedule->lately_ns;
	for (size_t i = 0; i < lately_ns->count; i++)
		schedule_add_concurrency(&schedule->figures.concurrency_ns, (uint32_t)i,
					 (uint64_t)((double)lately_ns->items[i] * factor));
	schedule->n_running = 0;
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		grow(schedule, thread, factor, time_ns);
		if (thread->state == THREAD_RUNNING || thread->state == THREAD_OFF)
			presume_state(schedule, thread, factor, time_ns);
		schedule->n_running += thread->state == THREAD_RUNNING;
	}
	schedule->n_running_since_ns = time_ns;
	schedule->is_paused = false;
	return factor;
}

double schedule_count_factor(const struct schedule *schedule, uint32_t pid, uint32_t tid)
{
	const uint32_t *index = thread_index_map_find(&schedule->index, (uint64_t)tid << 32 | pid);

	return index ? schedule->threads.items[*index].count_factor : 0;
}

void schedule_forget(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct schedule_thread *lately = &schedule->threads.items[i].lately;

		lately->running_ns /= 2;
		lately->off_cpu_ns /= 2;
		lately->n_switches /= 2;
		lately->n_preempted /= 2;
	}
	schedule->lately_ns = 0;
	for (size_t i = 0; i < schedule->concurrency_lately_ns.count; i++)
		schedule->lately_ns += schedule->concurrency_lately_ns.items[i] /= 2;
}
