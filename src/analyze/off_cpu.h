#pragma once

/**
 * Time off the CPU: the stretches of the schedule and the stacks at which threads left, to
 * samples of an event whose period is time waited.
 *
 * Stacks may have been taken of some switches only. A wait without one is added to those waits
 * of the same thread, about as long, that had one lately: its time is exact, what it
 * waited for is then known as well as chance allows. While switches are not recorded
 * at all, waits go on as they were lately. The profile says how many these were.
 */

#include "profile/profile.h"
#include "record/record.h"
#include "schedule/sleeper.h"
#include "schedule/wait_reason.h"

/** What the event is called, here and by perf record --off-cpu. */
#define OFF_CPU_EVENT_NAME "offcpu-time"

struct off_cpu;

struct off_cpu_options {
	/** The profile's thread of that id, by its present name. */
	uint32_t (*thread_of)(void *context, uint32_t pid, uint32_t tid);
	void *context;
	uint32_t event;              /**< Of the profile: gets the samples. */
	uint64_t least_ns;           /**< Shorter waits are counted only. */
	uint64_t sample_interval_ns; /**< As of schedule_create(). */
	bool is_of_cpus;             /**< Whole CPUs are watched. */
	bool is_live;                /**< The threads are of this machine and run now. */
	bool keeps_ticks;
	bool keeps_samples; /**< For off_cpu_samples(). */
};

struct off_cpu *off_cpu_create(struct profile *profile, const struct off_cpu_options *options);
void off_cpu_destroy(struct off_cpu *off_cpu);

void off_cpu_begin(struct off_cpu *off_cpu, uint64_t time_ns);
void off_cpu_end(struct off_cpu *off_cpu, uint64_t time_ns);

/** Records of switches and of threads that come and go; others are ignored. */
void off_cpu_apply(struct off_cpu *off_cpu, const struct record *record);

/** Switches are not recorded from here on, and are again: the waits between are as before. */
void off_cpu_pause(struct off_cpu *off_cpu, uint64_t time_ns);
void off_cpu_resume(struct off_cpu *off_cpu, uint64_t time_ns);

/** A sample says that the thread was on a CPU. */
void off_cpu_note_running(struct off_cpu *off_cpu, const struct record *record);

/** Where a thread waits, or is about to. */
struct off_cpu_place {
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t thread, stack; /**< Ids of the profile. */
	enum stack_end end;
	enum wait_reason reason; /**< Told by something else than its functions, or WAIT_UNKNOWN. */
	const struct address_vector *callchain; /**< Borrowed during the call. */
};

void off_cpu_set_place(struct off_cpu *off_cpu, const struct off_cpu_place *place);

/** A thread whose place is to be looked up in /proc. */
struct off_cpu_sleeper {
	uint32_t pid, tid;
	struct sleeper state;
};

DEFINE_VECTOR(off_cpu_sleeper_vector, struct off_cpu_sleeper)

/** Threads of this machine that sleep for long with nobody knowing where; appended. */
void off_cpu_find_sleepers(struct off_cpu *off_cpu, uint64_t now_ns,
			   struct off_cpu_sleeper_vector *ret);

/** One wait, or some like it together. */
struct off_cpu_sample {
	uint32_t pid, tid, cpu;
	uint64_t time_ns; /**< When it was over. */
	uint64_t period_ns;
	uint64_t count;
	enum wait_reason reason; /**< As in struct off_cpu_place. */
	uint32_t place;          /**< For off_cpu_callchain() and off_cpu_stack_end(). */
};

DEFINE_VECTOR(off_cpu_sample_vector, struct off_cpu_sample)

/** What was added to the profile since the last clear: for storage. In order of time. */
const struct off_cpu_sample_vector *off_cpu_samples(const struct off_cpu *off_cpu);
void off_cpu_samples_clear(struct off_cpu *off_cpu);

/** Kernel-style, as perf.data stores it; empty: no stack. Borrowed. */
const struct address_vector *off_cpu_callchain(const struct off_cpu *off_cpu, uint32_t place);

/** Why the user stack there ended. */
enum stack_end off_cpu_stack_end(const struct off_cpu *off_cpu, uint32_t place);

/** A location of the profile that says what was waited for. */
uint32_t off_cpu_reason_location(struct profile *profile, enum wait_reason reason);

/**
 * When all is named: every sample of @p event gets a frame that says what it waited for, as
 * its innermost one.
 */
void off_cpu_name_reasons(struct profile *profile, uint32_t event);

/** Put the figures of the schedule into the profile. After the last end(). */
void off_cpu_finish(struct off_cpu *off_cpu);
