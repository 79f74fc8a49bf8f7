#include "schedule/schedule_internal.h"

struct schedule *schedule_create(schedule_handler *handler, void *context, bool is_of_cpus,
				 uint64_t sample_interval_ns)
{
	struct schedule *schedule = memory_allocate(1, sizeof(*schedule));

	schedule->handler = handler;
	schedule->context = context;
	schedule->is_of_cpus = is_of_cpus;
	schedule->sample_interval_ns = sample_interval_ns;
	return schedule;
}

void schedule_set_counter(struct schedule *schedule, schedule_counter *counter)
{
	schedule->counter = counter;
}

void schedule_destroy(struct schedule *schedule)
{
	if (!schedule)
		return;
	thread_entry_vector_deinit(&schedule->threads);
	thread_index_map_deinit(&schedule->index);
	address_vector_deinit(&schedule->figures.concurrency_ns);
	address_vector_deinit(&schedule->concurrency_lately_ns);
	schedule_thread_vector_deinit(&schedule->figures.threads);
	free(schedule);
}

static struct thread_entry *find_thread(struct schedule *schedule, uint32_t pid, uint32_t tid)
{
	bool is_new;
	uint32_t *index =
		thread_index_map_insert(&schedule->index, (uint64_t)tid << 32 | pid, &is_new);
	struct thread_entry *thread;

	if (!is_new)
		return &schedule->threads.items[*index];
	*index = (uint32_t)schedule->threads.count;
	thread = thread_entry_vector_append_new(&schedule->threads);
	thread->figures.pid = pid;
	thread->figures.tid = tid;
	thread->stack = SCHEDULE_NO_STACK;
	thread->since_ns = thread->entered_ns = schedule->begin_ns;
	return thread;
}

/** The idle task of a CPU is nobody's thread. */
static bool is_idle_task(const struct schedule *schedule, uint32_t tid)
{
	return schedule->is_of_cpus && tid == 0;
}

uint64_t schedule_time_between(uint64_t start_ns, uint64_t end_ns)
{
	return end_ns > start_ns ? end_ns - start_ns : 0;
}

void schedule_add_concurrency(struct address_vector *concurrency_ns, uint32_t n_running,
			      uint64_t duration_ns)
{
	while (concurrency_ns->count <= n_running)
		address_vector_append(concurrency_ns, 0);
	concurrency_ns->items[n_running] += duration_ns;
}

/** Account the time up to now to the number of threads that ran in it. */
void schedule_count_concurrency(struct schedule *schedule, uint64_t now_ns)
{
	uint64_t duration_ns = schedule_time_between(schedule->n_running_since_ns, now_ns);

	if (schedule->is_paused)
		return;
	schedule_add_concurrency(&schedule->figures.concurrency_ns, schedule->n_running,
				 duration_ns);
	schedule_add_concurrency(&schedule->concurrency_lately_ns, schedule->n_running,
				 duration_ns);
	schedule->lately_ns += duration_ns;
	schedule->n_running_since_ns = MAX(schedule->n_running_since_ns, now_ns);
}

static void set_running(struct schedule *schedule, uint64_t now_ns, bool is_more)
{
	schedule_count_concurrency(schedule, now_ns);
	if (is_more)
		schedule->n_running += schedule->n_running < SCHEDULE_CPUS_MAX;
	else
		schedule->n_running -= schedule->n_running > 0;
}

/** How long the thread has been in its state, as far as that is not accounted for. */
static uint64_t seen_until(const struct schedule *schedule, const struct thread_entry *thread,
			   uint64_t end_ns)
{
	return schedule->is_paused ? 0 : schedule_time_between(thread->since_ns, end_ns);
}

/** What of such a time is lately. */
static uint64_t lately_until(const struct schedule *schedule, const struct thread_entry *thread,
			     uint64_t end_ns)
{
	return MIN(seen_until(schedule, thread, end_ns),
		   schedule->lately_ns +
			   schedule_time_between(schedule->n_running_since_ns, end_ns));
}

/** The stretch up to here. */
void schedule_tell_stretch(struct schedule *schedule, struct thread_entry *thread, uint64_t end_ns,
			   enum stretch_end end)
{
	/* A stack looked up after the thread had come back is that of a later stretch. */
	bool has_stack = thread->stack != SCHEDULE_NO_STACK && thread->stack_time_ns <= end_ns;
	const struct off_cpu_stretch stretch = {
		.pid = thread->figures.pid,
		.tid = thread->figures.tid,
		.cpu = thread->cpu,
		.start_ns = thread->entered_ns,
		.end_ns = MAX(end_ns, thread->entered_ns),
		.stack = has_stack ? thread->stack : SCHEDULE_NO_STACK,
		.is_preempted = thread->is_preempted,
		.is_new = thread->is_new,
		.is_unfinished = end == STRETCH_UNFINISHED,
		.goes_on = end == STRETCH_PAUSED,
		.seen_ns = seen_until(schedule, thread, end_ns),
		.lately_ns = lately_until(schedule, thread, end_ns),
	};

	if (has_stack && end != STRETCH_PAUSED)
		thread->stack = SCHEDULE_NO_STACK;
	thread->figures.off_cpu_ns += stretch.seen_ns;
	thread->lately.off_cpu_ns += stretch.lately_ns;
	schedule->handler(schedule->context, &stretch);
}

void schedule_enter_state(struct thread_entry *thread, enum thread_state state, uint64_t time_ns)
{
	thread->state = state;
	thread->since_ns = thread->entered_ns = time_ns;
	thread->is_presumed = false;
	thread->is_preempted = false;
	thread->is_new = false;
	thread->is_listed = false;
}

void schedule_count_running(const struct schedule *schedule, struct thread_entry *thread,
			    uint64_t time_ns)
{
	thread->figures.running_ns += seen_until(schedule, thread, time_ns);
	thread->lately.running_ns += lately_until(schedule, thread, time_ns);
}

static void stop_running(struct schedule *schedule, struct thread_entry *thread, uint64_t time_ns)
{
	schedule_count_running(schedule, thread, time_ns);
	if (thread->state == THREAD_RUNNING)
		set_running(schedule, time_ns, false);
}

static void thread_leaves(struct schedule *schedule, struct thread_entry *thread,
			  const struct record *record)
{
	if (thread->state == THREAD_GONE)
		return; /* for good: an ended thread's last switch comes after its end */
	if (thread->stack_time_ns < thread->since_ns ||
	    (thread->state == THREAD_OFF && thread->stack_time_ns == thread->since_ns))
		thread->stack = SCHEDULE_NO_STACK; /* left over where records got lost */
	/* Twice in a row: what was between got lost, and nobody knows how long it was. */
	if (thread->state == THREAD_RUNNING || thread->state == THREAD_NOT_SEEN ||
	    thread->is_presumed)
		stop_running(schedule, thread, record->time_ns);
	thread->figures.n_switches++;
	thread->lately.n_switches++;
	schedule->figures.n_switches++;
	schedule_enter_state(thread, THREAD_OFF, record->time_ns);
	thread->is_preempted = record->context_switch.is_preempted;
	thread->figures.n_preempted += thread->is_preempted;
	thread->lately.n_preempted += thread->is_preempted;
	thread->cpu = record->cpu;
}

static void thread_returns(struct schedule *schedule, struct thread_entry *thread,
			   const struct record *record)
{
	bool is_off = thread->state == THREAD_OFF || thread->is_presumed ||
		      (thread->state == THREAD_NOT_SEEN && !schedule->is_of_cpus);

	thread->cpu = record->cpu;
	if (is_off && thread->state == THREAD_RUNNING) {
		thread->entered_ns = thread->since_ns;
		set_running(schedule, record->time_ns, false);
	}
	if (is_off)
		schedule_tell_stretch(schedule, thread, record->time_ns, STRETCH_OVER);
	else if (thread->state == THREAD_RUNNING)
		stop_running(schedule, thread, record->time_ns);
	schedule_enter_state(thread, THREAD_RUNNING, record->time_ns);
	set_running(schedule, record->time_ns, true);
}

static void apply_switch(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread;

	if (is_idle_task(schedule, record->tid) || schedule->is_paused)
		return;
	thread = find_thread(schedule, record->pid, record->tid);
	if (record->context_switch.is_out)
		thread_leaves(schedule, thread, record);
	else
		thread_returns(schedule, thread, record);
}

/** The kernel's count of it begins here; ids are used again. */
static void expect_count(struct thread_entry *thread)
{
	thread->is_counted = true;
	thread->n_uncounted = -(int64_t)thread->figures.n_switches;
}

/** Who execs runs; of who was there before the name alone is known. */
static void apply_comm(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (!record->comm.is_exec || thread->state != THREAD_NOT_SEEN || !record->time_ns)
		return;
	schedule_enter_state(thread, THREAD_RUNNING, record->time_ns);
	set_running(schedule, record->time_ns, true);
	/* But for a few until its exec. */
	expect_count(thread);
}

/** A new thread waits for its first turn; ids are used again. */
static void apply_fork(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (record->time_ns == 0)
		return; /* it was there before: nothing is known of it */
	schedule_enter_state(thread, THREAD_OFF, record->time_ns);
	expect_count(thread);
	thread->is_new = true;
	thread->stack = SCHEDULE_NO_STACK;
	thread->cpu = record->cpu;
}

static void apply_exit(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (thread->state == THREAD_RUNNING || thread->state == THREAD_NOT_SEEN)
		stop_running(schedule, thread, record->time_ns);
	schedule_enter_state(thread, THREAD_GONE, record->time_ns);
	thread->stack = SCHEDULE_NO_STACK;
}

void schedule_begin(struct schedule *schedule, uint64_t time_ns)
{
	schedule->begin_ns = time_ns;
	schedule->n_running_since_ns = time_ns;
	schedule->n_running = 0;
	schedule->is_paused = false;
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		thread->since_ns = thread->entered_ns = time_ns;
		thread->lately = (struct schedule_thread){ 0 };
	}
	address_vector_clear(&schedule->concurrency_lately_ns);
	schedule->lately_ns = 0;
}

void schedule_apply(struct schedule *schedule, const struct record *record)
{
	switch (record->type) {
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		apply_switch(schedule, record);
		break;
	case PERF_RECORD_COMM:
		apply_comm(schedule, record);
		break;
	case PERF_RECORD_FORK:
		apply_fork(schedule, record);
		break;
	case PERF_RECORD_EXIT:
		apply_exit(schedule, record);
		break;
	default:
		break;
	}
}

void schedule_set_stack(struct schedule *schedule, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint32_t stack)
{
	struct thread_entry *thread;

	if (is_idle_task(schedule, tid))
		return;
	thread = find_thread(schedule, pid, tid);
	thread->stack = stack;
	thread->stack_time_ns = time_ns;
}

void schedule_list_sleepers(struct schedule *schedule, uint64_t before_ns,
			    struct sleeping_thread_vector *ret)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];
		bool may_sleep = thread->state == THREAD_OFF ||
				 (thread->state == THREAD_NOT_SEEN && !schedule->is_of_cpus);

		if (!may_sleep || thread->is_listed || thread->is_preempted ||
		    thread->stack != SCHEDULE_NO_STACK || thread->entered_ns >= before_ns)
			continue;
		thread->is_listed = true;
		sleeping_thread_vector_append(
			ret, (struct sleeping_thread){ .pid = thread->figures.pid,
						       .tid = thread->figures.tid,
						       .since_ns = thread->entered_ns,
						       .is_certain = thread->state == THREAD_OFF });
	}
}

void schedule_note_asleep(struct schedule *schedule, uint32_t pid, uint32_t tid)
{
	struct thread_entry *thread = find_thread(schedule, pid, tid);

	if (thread->state == THREAD_NOT_SEEN)
		thread->state = THREAD_OFF;
}

void schedule_note_running(struct schedule *schedule, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	struct thread_entry *thread;

	if (is_idle_task(schedule, tid))
		return;
	thread = find_thread(schedule, pid, tid);
	thread->sampled_ns = MAX(thread->sampled_ns, time_ns);
	if (thread->state == THREAD_OFF && thread->is_presumed && !schedule->is_paused) {
		thread->state = THREAD_RUNNING;
		set_running(schedule, time_ns, true);
	}
}

void schedule_end(struct schedule *schedule, uint64_t time_ns)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		if (thread->state == THREAD_RUNNING)
			thread->figures.running_ns += seen_until(schedule, thread, time_ns);
		else if (thread->state == THREAD_OFF)
			schedule_tell_stretch(schedule, thread, time_ns, STRETCH_UNFINISHED);
		if (thread->state != THREAD_GONE)
			schedule_enter_state(thread, THREAD_NOT_SEEN, time_ns);
		thread->stack = SCHEDULE_NO_STACK;
	}
	schedule_count_concurrency(schedule, time_ns);
	schedule->n_running = 0;
	schedule->figures.watched_ns += schedule_time_between(schedule->begin_ns, time_ns);
}

const struct schedule_figures *schedule_figures(struct schedule *schedule)
{
	schedule_thread_vector_clear(&schedule->figures.threads);
	for (size_t i = 0; i < schedule->threads.count; i++)
		schedule_thread_vector_append(&schedule->figures.threads,
					      schedule->threads.items[i].figures);
	return &schedule->figures;
}
