#pragma once

/**
 * Who ran when. Fed with records in time order: PERF_RECORD_SWITCH (of threads or of whole
 * CPUs), FORK, EXIT, and with the stacks at which threads left their CPU; tells each stretch
 * of time that a thread was off it. Not thread-safe.
 *
 * Source of the records: perf_event_open(2), attr.context_switch.
 */

#include "base/vector.h"
#include "record/record.h"

/** No stack is known of a stretch. */
#define SCHEDULE_NO_STACK UINT32_MAX

/** CPUs told apart in schedule_figures.running_ns; more than any kernel here supports. */
#define SCHEDULE_CPUS_MAX 8192

/** A thread was off the CPU from start to end. */
struct off_cpu_stretch {
	uint32_t pid, tid;
	uint32_t cpu; /**< Where it came back, or where it had left at the end of the recording. */
	uint64_t start_ns, end_ns;
	uint32_t stack;     /**< What schedule_set_stack() was given; SCHEDULE_NO_STACK. */
	bool is_preempted;  /**< It left while it could have run on. */
	bool is_new;        /**< It had not run before: a new thread waiting for its first turn. */
	bool is_unfinished; /**< The recording ended first. */
	bool goes_on;       /**< It lasts, but switches are not recorded from here on. */
	/** How much of it is told now: less than from start to end where switches were not
	 * recorded meanwhile, or a part was told before. */
	uint64_t seen_ns;
	uint64_t lately_ns; /**< Of that, not before what schedule_resume() takes for lately. */
};

typedef void schedule_handler(void *context, const struct off_cpu_stretch *stretch);

/**
 * How often a thread has been given a CPU since it began, and when that was asked, on the clock of
 * the records. False: not known.
 */
typedef bool schedule_counter(uint32_t pid, uint32_t tid, uint64_t *count_ret,
			      uint64_t *time_ns_ret);

struct schedule;

/**
 * @param is_of_cpus  Whole CPUs are watched: only threads that were seen on one count.
 * @param sample_interval_ns  Threads on a CPU are told to schedule_note_running() this often;
 *                            0: or never.
 */
struct schedule *schedule_create(schedule_handler *handler, void *context, bool is_of_cpus,
				 uint64_t sample_interval_ns);
void schedule_destroy(struct schedule *schedule);

/** Ask @p counter how many switches a pause had, of threads that had many. */
void schedule_set_counter(struct schedule *schedule, schedule_counter *counter);

/** From here on is watched. Before the first record of each run. */
void schedule_begin(struct schedule *schedule, uint64_t time_ns);

/** Other types are ignored. */
void schedule_apply(struct schedule *schedule, const struct record *record);

/**
 * The stack at which the thread is off the CPU, or is about to be: belongs to the stretch in
 * which @p time_ns lies, or that begins next.
 */
void schedule_set_stack(struct schedule *schedule, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint32_t stack);

/** Nothing more comes: ends all stretches. begin() may follow. */
void schedule_end(struct schedule *schedule, uint64_t time_ns);

/** A thread that may be asleep, without a known stack. */
struct sleeping_thread {
	uint32_t pid, tid;
	uint64_t since_ns;
	bool is_certain; /**< It was seen leaving; else it has not been seen at all. */
};

DEFINE_VECTOR(sleeping_thread_vector, struct sleeping_thread)

/**
 * The threads that have slept since before @p before_ns without a known stack, appended; each
 * once per stretch.
 */
void schedule_list_sleepers(struct schedule *schedule, uint64_t before_ns,
			    struct sleeping_thread_vector *ret);

/**
 * From here on switches are not recorded, until schedule_resume(): records of them are ignored.
 * Of stretches that last the part until now is told.
 */
void schedule_pause(struct schedule *schedule, uint64_t time_ns);

/**
 * Switches are recorded again. For the time between, the figures grow as they did lately.
 *
 * @return how many times as long as the time recorded lately it was: what to multiply that time's
 *         waits with. 0: there was none. What is lately, schedule_forget() says.
 */
double schedule_resume(struct schedule *schedule, uint64_t time_ns);

/**
 * The same for the number of the thread's waits, after schedule_resume(): being recorded makes each
 * of them take longer, so there are more in the same time while they are not.
 */
double schedule_count_factor(const struct schedule *schedule, uint32_t pid, uint32_t tid);

/** Half of what has been recorded lately counts no longer as such. Now and then. */
void schedule_forget(struct schedule *schedule);

/** The thread was on a CPU then: a sample says so. */
void schedule_note_running(struct schedule *schedule, uint32_t pid, uint32_t tid, uint64_t time_ns);

/** The thread, not seen before, is off the CPU since schedule_begin(). */
void schedule_note_asleep(struct schedule *schedule, uint32_t pid, uint32_t tid);

/** Of one thread, over all runs. */
struct schedule_thread {
	uint32_t pid, tid;
	uint64_t running_ns, off_cpu_ns;
	uint64_t n_switches;  /**< Times it left the CPU... */
	uint64_t n_preempted; /**< ...of these, when it could have run on. */
};

DEFINE_VECTOR(schedule_thread_vector, struct schedule_thread)

/** Sums over all runs. */
struct schedule_figures {
	uint64_t watched_ns;
	uint64_t n_switches;
	/** By number of threads running at once: how long that was. Up to the most there were. */
	struct address_vector concurrency_ns;
	struct schedule_thread_vector threads; /**< In the order they were first seen. */
};

/** Borrowed; complete after schedule_end(). */
const struct schedule_figures *schedule_figures(struct schedule *schedule);
