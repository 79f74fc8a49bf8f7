#pragma once

/** What the parts of the schedule share: switches as they come (schedule.c), and pauses. */

#include "schedule/schedule.h"

#include "base/hash_map.h"

/** Whether a thread is on a CPU. */
enum thread_state {
	THREAD_NOT_SEEN, /**< It was there before us, or its first record got lost. */
	THREAD_RUNNING,
	THREAD_OFF,
	THREAD_GONE,
};

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
	bool is_listed;      /**< As a sleeper, in this stretch. */
	bool is_counted;     /**< The difference is known between... */
	int64_t n_uncounted; /**< ...the kernel's count and figures.n_switches. */
	double count_factor; /**< Of the last pause. */
};

DEFINE_VECTOR(thread_entry_vector, struct thread_entry)
DEFINE_HASH_MAP(thread_index_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct schedule {
	schedule_handler *handler;
	void *context;
	schedule_counter *counter; /**< NULL: there is none. */
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

/** Whether a stretch is over, or only what is recorded of it. */
enum stretch_end {
	STRETCH_OVER,
	STRETCH_UNFINISHED,
	STRETCH_PAUSED,
};

/** 0 when @p end_ns is the earlier one. */
uint64_t schedule_time_between(uint64_t start_ns, uint64_t end_ns);

void schedule_add_concurrency(struct address_vector *concurrency_ns, uint32_t n_running,
			      uint64_t duration_ns);

/** Account the time up to now to the number of threads that ran in it. */
void schedule_count_concurrency(struct schedule *schedule, uint64_t now_ns);

/** The stretch up to here. */
void schedule_tell_stretch(struct schedule *schedule, struct thread_entry *thread, uint64_t end_ns,
			   enum stretch_end end);

void schedule_enter_state(struct thread_entry *thread, enum thread_state state, uint64_t time_ns);

/** The time on a CPU up to here. */
void schedule_count_running(const struct schedule *schedule, struct thread_entry *thread,
			    uint64_t time_ns);
