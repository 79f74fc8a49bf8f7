#pragma once

/** Sampler backends: perf events now, others later. One line in samplers.c each. */

#include "base/error.h"
#include "base/string_table.h"
#include "base/vector.h"
#include "record/record.h"

#include <sys/types.h>

enum stack_method {
	STACK_METHOD_DWARF, /**< Registers and a stack copy, unwound by us. */
	STACK_METHOD_FP,    /**< The kernel follows frame pointers. */
	STACK_METHOD_NONE,
};

enum sampled_sides {
	SAMPLED_BOTH,
	SAMPLED_USER_ONLY,
	SAMPLED_KERNEL_ONLY,
};

enum sampler_target {
	/** A command that is about to exec; with all it starts. */
	SAMPLER_TARGET_LAUNCHED,
	/** Running threads; with all they start from now on. */
	SAMPLER_TARGET_TASKS,
	/** Whatever runs on the CPUs. */
	SAMPLER_TARGET_SYSTEM,
};

/** More events at once than anyone can read. */
#define SAMPLED_EVENTS_MAX 32

/** One event to sample on. */
struct sampled_event {
	const char *name; /**< "cycles", "page-faults:u", "sched:sched_switch"; borrowed. */
	uint64_t frequency_hz, period; /**< One of them; both 0: as the options say. */
};

DEFINE_VECTOR(sampled_event_vector, struct sampled_event)

/** More places than this in one recording are not probed. */
#define SPAN_EDGES_MAX 256

/** An instruction at which spans begin or end. */
struct span_edge {
	const char *path; /**< Of the file it is in, as we reach it; borrowed. */
	uint64_t file_offset;
	bool is_end;
};

/** Samples are taken only between two places in the code: --begin and --end. */
struct sampler_spans {
	const struct span_edge *edges; /**< Borrowed. */
	size_t n_edges;                /**< 0: samples are taken all the time. */
	bool is_call;                  /**< As of sample_spans_create(). */
	bool is_per_process;
};

typedef struct error *sampler_record_handler(void *context, const struct record *record);

/** Tells what a running process has mapped and is called, as records (process/proc_snapshot.h). */
typedef struct error *sampler_process_reader(uint32_t pid, sampler_record_handler *handler,
					     void *context);

/** What is asked for. All-zero numbers mean "the default". */
struct sampler_options {
	const struct sampled_event *events; /**< Borrowed. */
	size_t n_events;                    /**< 0: cycles, or cpu-clock where there is no PMU. */
	uint64_t frequency_hz; /**< 0: 997 unless a period is given; 1 is a tracepoint's period. */
	bool is_frequency_max; /**< -F max */
	uint64_t period;       /**< -c; 0: by frequency. */
	uint64_t ring_size_bytes; /**< Per CPU; 0: as large as allowed and useful. */
	enum stack_method stack_method;
	uint32_t stack_copy_bytes; /**< 0: as large as the rings allow. */
	enum sampled_sides sides;
	bool is_without_inherit;
	bool is_held_back; /**< No samples before set_enabled(); who runs what is recorded. */
	bool can_pause;    /**< set_enabled() may come. */

	/**
	 * Also when threads leave the CPU and come back, with the stack they left it at: the
	 * records that struct schedule takes. Times are of every switch; of stacks not more
	 * than switch_stacks_per_second per CPU (0: the default).
	 */
	bool has_switches;
	uint64_t switch_stacks_per_second;

	/** For backends that have to look themselves; NULL: those refuse. */
	sampler_process_reader *read_process;

	struct sampler_spans spans; /**< Not together with has_switches. */

	enum sampler_target target;
	pid_t pid;             /**< LAUNCHED: the command, stopped before its exec. */
	const uint32_t *tasks; /**< TASKS: thread ids; borrowed. */
	size_t n_tasks;

	/**
	 * The session ends when all of these processes have ended (LAUNCHED: pid is one of
	 * them anyway). None: it runs until stopped. Borrowed during open().
	 */
	const uint32_t *watched_pids;
	size_t n_watched_pids;

	/** SYSTEM: only the tasks in the cgroup that this descriptor is open on. */
	bool has_cgroup;
	int cgroup_fd;

	const uint32_t *cpus; /**< Only these CPUs; borrowed. */
	size_t n_cpus;        /**< 0: all that are online. */
};

/** What was got of one event. */
struct sampled_event_facts {
	const char *name;
	const char *unit; /**< Of the period: "ns", "cycles", "". */
	uint64_t frequency_hz;
	uint64_t period;
};

/** What was got. */
struct sampler_facts {
	struct sampled_event_facts events[SAMPLED_EVENTS_MAX];
	size_t n_events;
	bool has_kernel;
	bool has_user;
	uint32_t stack_copy_bytes;
	bool has_stack_windows; /**< Also pieces further out, where a stack needs them. */
	uint64_t ring_size_bytes;
	uint32_t n_rings;
	bool has_switches;
	bool has_switch_stacks; /**< False: the kernel refused them. */
	/** What was given up and why, one line each. */
	struct string_vector degradations;
};

/** Counts so far; read at any time. */
struct sampler_progress {
	uint64_t n_bytes; /**< Taken from the rings, stack copies trimmed. */
	uint64_t n_wakeups;
	uint64_t queue_bytes_max; /**< The most that waited for the analysis. */
	uint64_t n_spans;         /**< That have begun. */
};

struct sampler_session {
	struct record_source source; /**< First: a session is a record source. */
	struct sampler_facts facts;
};

struct sampler {
	const char *name;
	const char *description;

	/**
	 * Open on the target. Goes down a ladder of lesser settings before giving up,
	 * each step noted in facts.degradations. Sampling begins at once, or when the
	 * launched command execs, and ends, with RECORD_SOURCE_END, when the watched
	 * processes have ended or on stop().
	 */
	struct error *(*open)(const struct sampler_options *options, struct sampler_session **ret);
	/** No new samples; what is in the rings can still be read, then END. */
	void (*stop)(struct sampler_session *session);

	/** Stop sampling for a while, or go on; who runs what is recorded all the time. */
	void (*set_enabled)(struct sampler_session *session, bool is_enabled);
	void (*progress)(struct sampler_session *session, struct sampler_progress *ret);
	/**
	 * How far the stack of @p sample could be walked: a hint for what to copy of the next.
	 * NULL: always copies the same.
	 */
	void (*learn)(struct sampler_session *session, const struct record *sample,
		      const struct stack_extent *extent);
	/* session->source.destroy() ends it. */
};

/** All backends, best first, NULL at the end. */
extern const struct sampler *const samplers[];
