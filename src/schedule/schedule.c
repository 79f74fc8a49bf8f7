#include "schedule/schedule.h"

#include "base/hash_map.h"

/** Whether a thread is on a CPU. */
enum thread_state {
	THREAD_NOT_SEEN, /**< It was there before us, or its first record got lost. */
	THREAD_RUNNING,
	THREAD_OFF,
	THREAD_GONE,
};

/** Samples of a running thread come at least so many intervals apart. */
#define SAMPLE_INTERVALS_MOST 4

struct thread_entry {
	struct schedule_thread figures;
	struct schedule_thread lately; /**< The part of the figures to go by in a pause. */
	enum thread_state state;
	uint64_t since_ns;   /**< When the state began that is not accounted for yet... */
	uint64_t entered_ns; /**< ...and when it began: before that if there was a pause. */
	uint64_t sampled_ns; /**< When it was seen on a CPU last. */
	bool is_presumed;    /**< The state: nobody saw it begin. */
	uint32_t cpu;
	uint32_t stack;         /**< For the stretch that is or comes. */
	uint64_t stack_time_ns; /**< When that stack was seen. */
	bool is_preempted, is_new;
	bool is_listed; /**< As a sleeper, in this stretch. */
};

DEFINE_VECTOR(thread_entry_vector, struct thread_entry)
DEFINE_HASH_MAP(thread_index_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct schedule {
	schedule_handler *handler;
	void *context;
	bool is_of_cpus;
	uint64_t sample_interval_ns;
	uint64_t begin_ns;
	bool is_paused;
	uint64_t pause_ns; /**< When the pause began. */
	struct thread_entry_vector threads;
	struct thread_index_map index; /**< By tid << 32 | pid. */
	uint32_t n_running;
	uint64_t n_running_since_ns;
	struct schedule_figures figures;
	struct address_vector concurrency_lately_ns; /**< The part of the figures' to go by. */
	uint64_t lately_ns;                          /**< Its sum. */
};

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

static uint64_t time_between(uint64_t start_ns, uint64_t end_ns)
{
	return end_ns > start_ns ? end_ns - start_ns : 0;
}

static void add_concurrency(struct address_vector *concurrency_ns, uint32_t n_running,
			    uint64_t duration_ns)
{
	while (concurrency_ns->count <= n_running)
		address_vector_append(concurrency_ns, 0);
	concurrency_ns->items[n_running] += duration_ns;
}

/** Account the time up to now to the number of threads that ran in it. */
static void count_concurrency(struct schedule *schedule, uint64_t now_ns)
{
	uint64_t duration_ns = time_between(schedule->n_running_since_ns, now_ns);

	if (schedule->is_paused)
		return;
	add_concurrency(&schedule->figures.concurrency_ns, schedule->n_running, duration_ns);
	add_concurrency(&schedule->concurrency_lately_ns, schedule->n_running, duration_ns);
	schedule->lately_ns += duration_ns;
	schedule->n_running_since_ns = MAX(schedule->n_running_since_ns, now_ns);
}

static void set_running(struct schedule *schedule, uint64_t now_ns, bool is_more)
{
	count_concurrency(schedule, now_ns);
	if (is_more)
		schedule->n_running += schedule->n_running < SCHEDULE_CPUS_MAX;
	else
		schedule->n_running -= schedule->n_running > 0;
}

/** How long the thread has been in its state, as far as that is not accounted for. */
static uint64_t seen_until(const struct schedule *schedule, const struct thread_entry *thread,
			   uint64_t end_ns)
{
	return schedule->is_paused ? 0 : time_between(thread->since_ns, end_ns);
}

/** What of such a time is lately. */
static uint64_t lately_until(const struct schedule *schedule, const struct thread_entry *thread,
			     uint64_t end_ns)
{
	return MIN(seen_until(schedule, thread, end_ns),
		   schedule->lately_ns + time_between(schedule->n_running_since_ns, end_ns));
}

/** Whether a stretch is over, or only what is recorded of it. */
enum stretch_end {
	STRETCH_OVER,
	STRETCH_UNFINISHED,
	STRETCH_PAUSED,
};

/** The stretch up to here. */
static void tell_stretch(struct schedule *schedule, struct thread_entry *thread, uint64_t end_ns,
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

static void enter_state(struct thread_entry *thread, enum thread_state state, uint64_t time_ns)
{
	thread->state = state;
	thread->since_ns = thread->entered_ns = time_ns;
	thread->is_presumed = false;
	thread->is_preempted = false;
	thread->is_new = false;
	thread->is_listed = false;
}

static void count_running(const struct schedule *schedule, struct thread_entry *thread,
			  uint64_t time_ns)
{
	thread->figures.running_ns += seen_until(schedule, thread, time_ns);
	thread->lately.running_ns += lately_until(schedule, thread, time_ns);
}

static void stop_running(struct schedule *schedule, struct thread_entry *thread, uint64_t time_ns)
{
	count_running(schedule, thread, time_ns);
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
	enter_state(thread, THREAD_OFF, record->time_ns);
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
		tell_stretch(schedule, thread, record->time_ns, STRETCH_OVER);
	else if (thread->state == THREAD_RUNNING)
		stop_running(schedule, thread, record->time_ns);
	enter_state(thread, THREAD_RUNNING, record->time_ns);
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

/** Who execs runs; of who was there before the name alone is known. */
static void apply_comm(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (!record->comm.is_exec || thread->state != THREAD_NOT_SEEN || !record->time_ns)
		return;
	enter_state(thread, THREAD_RUNNING, record->time_ns);
	set_running(schedule, record->time_ns, true);
}

/** A new thread waits for its first turn; ids are used again. */
static void apply_fork(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (record->time_ns == 0)
		return; /* it was there before: nothing is known of it */
	enter_state(thread, THREAD_OFF, record->time_ns);
	thread->is_new = true;
	thread->stack = SCHEDULE_NO_STACK;
	thread->cpu = record->cpu;
}

static void apply_exit(struct schedule *schedule, const struct record *record)
{
	struct thread_entry *thread = find_thread(schedule, record->pid, record->tid);

	if (thread->state == THREAD_RUNNING || thread->state == THREAD_NOT_SEEN)
		stop_running(schedule, thread, record->time_ns);
	enter_state(thread, THREAD_GONE, record->time_ns);
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

void schedule_pause(struct schedule *schedule, uint64_t time_ns)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		if (thread->state == THREAD_OFF)
			tell_stretch(schedule, thread, time_ns, STRETCH_PAUSED);
		else if (thread->state == THREAD_RUNNING)
			count_running(schedule, thread, time_ns);
	}
	count_concurrency(schedule, time_ns);
	schedule->is_paused = true;
	schedule->pause_ns = time_ns;
}

/** In the pause it went on as lately. */
static void grow(struct schedule *schedule, struct thread_entry *thread, double factor)
{
	struct schedule_thread *figures = &thread->figures;
	const struct schedule_thread *lately = &thread->lately;
	uint64_t n_switches = (uint64_t)((double)lately->n_switches * factor);

	figures->running_ns += (uint64_t)((double)lately->running_ns * factor);
	figures->off_cpu_ns += (uint64_t)((double)lately->off_cpu_ns * factor);
	figures->n_preempted += (uint64_t)((double)lately->n_preempted * factor);
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
		enter_state(thread, state, time_ns);
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
		factor = (double)time_between(schedule->pause_ns, time_ns) /
			 (double)schedule->lately_ns;
	for (size_t i = 0; i < lately_ns->count; i++)
		add_concurrency(&schedule->figures.concurrency_ns, (uint32_t)i,
				(uint64_t)((double)lately_ns->items[i] * factor));
	schedule->n_running = 0;
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		grow(schedule, thread, factor);
		if (thread->state == THREAD_RUNNING || thread->state == THREAD_OFF)
			presume_state(schedule, thread, factor, time_ns);
		schedule->n_running += thread->state == THREAD_RUNNING;
	}
	schedule->n_running_since_ns = time_ns;
	schedule->is_paused = false;
	return factor;
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

void schedule_end(struct schedule *schedule, uint64_t time_ns)
{
	for (size_t i = 0; i < schedule->threads.count; i++) {
		struct thread_entry *thread = &schedule->threads.items[i];

		if (thread->state == THREAD_RUNNING)
			thread->figures.running_ns += seen_until(schedule, thread, time_ns);
		else if (thread->state == THREAD_OFF)
			tell_stretch(schedule, thread, time_ns, STRETCH_UNFINISHED);
		if (thread->state != THREAD_GONE)
			enter_state(thread, THREAD_NOT_SEEN, time_ns);
		thread->stack = SCHEDULE_NO_STACK;
	}
	count_concurrency(schedule, time_ns);
	schedule->n_running = 0;
	schedule->figures.watched_ns += time_between(schedule->begin_ns, time_ns);
}

const struct schedule_figures *schedule_figures(struct schedule *schedule)
{
	schedule_thread_vector_clear(&schedule->figures.threads);
	for (size_t i = 0; i < schedule->threads.count; i++)
		schedule_thread_vector_append(&schedule->figures.threads,
					      schedule->threads.items[i].figures);
	return &schedule->figures;
}
