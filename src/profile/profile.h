#pragma once

/**
 * How much: the profile model, the contract between making profiles and
 * writing them. Knows nothing of Linux, files or CPUs; every output format is
 * tested from a hand-built profile.
 *
 *   string -> object, function file...     strings are stored once (base/string_table.h)
 *   frame    = what a piece of code is called: function, object, file:line, kind
 *   location = an address in an object and its frames, innermost first: the
 *              inlined functions there, then the function they ended up in
 *   stack    = a node of a trie: {parent stack, location}; a node is a whole call
 *              chain from the root to its location. Id 0 is the empty stack.
 *   sample   = {thread, event, stack, end} with count and period summed
 *   tick     = one sample in time: {time, cpu, period, sample}; optional
 *
 * Ids are dense from 0 and are what other tables refer to. Not thread-safe.
 */

#include "base/build_id.h"
#include "base/spill_memory.h"
#include "base/stack_end.h"
#include "base/string_table.h"

/** Where code ran. */
enum location_kind {
	LOCATION_USER,
	LOCATION_KERNEL,
};

enum frame_flags {
	FRAME_IS_INLINED = 1 << 0, /**< Inlined into the next outer frame of its location. */
	FRAME_IS_KERNEL = 1 << 1,
	FRAME_IS_JIT = 1 << 2,       /**< Code made at run time. */
	FRAME_IS_UNKNOWN = 1 << 3,   /**< No symbol; name is "[unknown]" or "[object]". */
	FRAME_IS_RECOVERED = 1 << 4, /**< Beyond the copied stack, recovered by other means. */
	FRAME_IS_WAIT = 1 << 5,      /**< No code: what the thread waited for, off the CPU. */
};

/** A library, program, the kernel: what perf calls a DSO. */
struct profile_object {
	string_id path; /**< Full path, or "[vdso]", "[kernel.kallsyms]", "//anon"... */
	string_id name; /**< Last part of the path. */
	struct build_id build_id;

	/** Why its addresses have no names, or not all, or 0. E.g. "stripped: no symbol table". */
	string_id problem;
	string_id problem_hint; /**< The command that mends it, or 0. */

	/** What is wrong with its unwind information, or 0. E.g. "no unwind information". */
	string_id unwind_problem;
};

struct profile_frame {
	string_id name;  /**< Readable function name, never empty. */
	uint32_t object; /**< Object id. */
	string_id file;  /**< 0: unknown. */
	uint32_t line;   /**< Line being executed in that file; 0: unknown. */
	uint32_t flags;  /**< enum frame_flags */
};

enum location_flags {
	/** The address is that of the call (return address - 1); add 1 to show it as perf does. */
	LOCATION_IS_CALL_SITE = 1 << 0,
	LOCATION_IS_RECOVERED = 1 << 1,
	/** The exception: unwound from another recorder's stack copy, perf shows the call's
	 * address. */
	LOCATION_IS_SHOWN_AS_CALL = 1 << 2,
};

struct profile_location {
	uint64_t runtime_address; /**< Of its first sighting. */
	uint64_t elf_address;
	uint64_t symbol_offset; /**< From the start of the symbol; 0 when unknown. */
	uint32_t object;        /**< Object id. */
	enum location_kind kind;
	uint32_t flags;       /**< enum location_flags */
	uint32_t first_frame; /**< Into profile->location_frames. */
	uint32_t n_frames;    /**< At least 1 once symbolized. */
};

struct profile_stack {
	uint32_t parent;   /**< Outer stack; 0: this is the root frame. */
	uint32_t location; /**< Innermost location. Meaningless for id 0. */
	uint32_t depth;    /**< Locations in it; 0 for the empty stack. */
	uint32_t hash;     /**< Of all its locations, whatever the ids of its parents. */
};

/** One thread under one name: a thread that execs or renames itself has several. */
struct profile_thread {
	uint32_t pid, tid;
	string_id comm;
	string_id process_comm; /**< Name of the thread group's leader; may equal comm. */
};

/** What the samples of an event are. */
enum profile_measure {
	PROFILE_SAMPLED, /**< Moments, each standing for about as much as any other. */
	PROFILE_OFF_CPU, /**< Waits as long as their periods say; innermost are reasons. */
	PROFILE_WALL,    /**< Both together, made of two other events. */
};

struct profile_event {
	string_id name; /**< "cpu-clock", "cycles:u"... */
	enum profile_measure measure;
	string_id unit;        /**< Of the period: "ns", "cycles", "" when it just counts. */
	uint64_t frequency_hz; /**< 0: a fixed period. */
	uint64_t period;       /**< 0: a frequency. */
};

struct profile_sample {
	uint32_t thread;
	uint32_t event;
	uint32_t stack;
	enum stack_end end;
	uint64_t count;  /**< Samples. */
	uint64_t period; /**< Their summed period in the event's unit. */
};

struct profile_tick {
	uint64_t time_ns;
	uint64_t period;
	uint32_t sample; /**< Into profile->samples. */
	uint32_t cpu;
};

/**
 * Ticks, the one table that grows with the time recorded and not with what was met. Ten
 * million are in a file rather than in memory; reading them is the same (base/spill_memory.h).
 */
struct profile_tick_vector {
	struct profile_tick *items;
	size_t count;
	struct spill_memory memory; /**< Where items are. */
};

/** What went wrong while recording; all zero is a perfect recording. */
struct profile_losses {
	uint64_t lost_records; /**< PERF_RECORD_LOST: ring was full. */
	uint64_t lost_samples; /**< PERF_RECORD_LOST_SAMPLES. */
	uint64_t throttles;    /**< Times the kernel stopped sampling for a while. */
	uint64_t unreadable_records;
};

/** How long one thread ran and did not. */
struct profile_thread_time {
	uint32_t pid, tid;
	uint64_t running_ns, off_cpu_ns;
	uint64_t n_switches;  /**< Times it left the CPU... */
	uint64_t n_preempted; /**< ...of these, when it could have run on. */
};

DEFINE_VECTOR(profile_thread_time_vector, struct profile_thread_time)

/** What records of every context switch say; watched_ns 0: there were none. */
struct profile_schedule {
	uint64_t watched_ns;
	uint64_t n_switches;
	uint64_t n_waits, waits_ns;           /**< Stretches off the CPU. */
	uint64_t n_with_stack, with_stack_ns; /**< Of these, whose own stack is known. */
	uint64_t n_without_stack;             /**< Nothing like it had a stack either. */
	uint64_t n_stacks_lost;               /**< Taken, but lost where a ring was full. */
	uint64_t n_estimated, estimated_ns;   /**< Of all: not timed, but like those that were. */
	uint64_t least_ns;                    /**< Shorter ones are left out of the profile... */
	uint64_t n_short, short_ns;           /**< ...which were so many, for so long. */
	/** By number of threads running at once: how long that was. */
	struct address_vector concurrency_ns;
	struct profile_thread_time_vector threads;
};

/** What was recorded, where and how. Numbers are 0 and strings NULL when unknown; owned. */
struct profile_info {
	char *command; /**< As typed, shell-quoted. */
	char *program; /**< Last part of argv[0]. */
	char *target;  /**< What else than a command was recorded, as options: "-a". Live only. */
	char *hostname;
	char *kernel_release;
	char *architecture; /**< uname -m */
	char *cpu_model;
	uint32_t n_cpus; /**< Online. */
	char *tool_version;

	uint64_t start_realtime_ns; /**< Since the epoch. */
	uint64_t wall_ns;
	uint64_t user_cpu_ns, system_cpu_ns; /**< Of the command and its waited-for children. */
	uint64_t machine_busy_ns; /**< CPU time of all that ran meanwhile. */
	uint64_t rss_max_bytes;
	uint64_t voluntary_switches, involuntary_switches;
	uint64_t minor_faults, major_faults;
	bool has_exit_status;
	int exit_status; /**< As waitpid(2) gives it. */

	bool has_kernel_samples;   /**< The kernel side was recorded. */
	bool is_kernel_only;       /**< The user side was left out. */
	uint64_t stack_copy_bytes; /**< 0: stacks by frame pointer. */
	bool has_stack_windows;    /**< Deeper stacks were copied where they needed it. */

	/** What was given up on the way and why, one line each. */
	struct string_vector degradations;
};

DEFINE_VECTOR(profile_object_vector, struct profile_object)
DEFINE_VECTOR(profile_frame_vector, struct profile_frame)
DEFINE_VECTOR(profile_location_vector, struct profile_location)
DEFINE_VECTOR(profile_stack_vector, struct profile_stack)
DEFINE_VECTOR(profile_thread_vector, struct profile_thread)
DEFINE_VECTOR(profile_event_vector, struct profile_event)
DEFINE_VECTOR(profile_sample_vector, struct profile_sample)

/** The object "[unknown]" and the frame "[unknown]" in it are there from the start. */
#define PROFILE_OBJECT_UNKNOWN 0
#define PROFILE_FRAME_UNKNOWN  0

struct profile_index; /* hash sets behind the intern functions */

/** Read the vectors freely; change them only through the functions below. */
struct profile {
	struct string_table strings;
	struct profile_object_vector objects;
	struct profile_frame_vector frames;
	struct profile_location_vector locations;
	struct index_vector location_frames; /**< Frame ids, one run per location. */
	struct profile_stack_vector stacks;
	struct profile_thread_vector threads;
	struct profile_event_vector events;
	struct profile_sample_vector samples;
	struct profile_tick_vector ticks; /**< Ascending time; empty when not kept. */
	uint32_t event_shown_first;       /**< Event id + 1; 0: the one with the most samples. */
	struct profile_losses losses;
	struct profile_schedule schedule;
	struct profile_info info;
	struct profile_index *index;
};

struct profile *profile_create(void);
void profile_destroy(struct profile *profile);

/** Shorthand for the text of a string id. */
const char *profile_text(const struct profile *profile, string_id id);

string_id profile_intern_text(struct profile *profile, const char *text);

/* Each intern function returns the id of an equal entry or makes one. */

/** Equal: path and build id. The name is derived from the path. */
uint32_t profile_intern_object(struct profile *profile, const char *path,
			       const struct build_id *build_id);
uint32_t profile_intern_frame(struct profile *profile, const struct profile_frame *frame);

/** Equal: object, elf address, kind and flags. Frames are set later. */
uint32_t profile_intern_location(struct profile *profile, uint32_t object, uint64_t elf_address,
				 uint64_t runtime_address, enum location_kind kind, uint32_t flags);

/**
 * A location of its own, whatever others there are: for text, where one address
 * can have several names. Never returned by profile_intern_location().
 */
uint32_t profile_add_location(struct profile *profile, uint32_t object, uint64_t elf_address,
			      enum location_kind kind, uint32_t flags);

/** @p frame_ids innermost first; at least one. Replaces what was set before. */
void profile_set_location_frames(struct profile *profile, uint32_t location,
				 const uint32_t *frame_ids, uint32_t n_frames,
				 uint64_t symbol_offset);

/** The stack @p parent with @p location called from its innermost frame. */
uint32_t profile_intern_stack(struct profile *profile, uint32_t parent, uint32_t location);

/**
 * The same for a run of locations, outermost first, on @p parent; faster than one by one.
 *
 * @param stacks_ret  Room for @p n_locations: the stack of each.
 */
void profile_intern_stacks(struct profile *profile, uint32_t parent, const uint32_t *locations,
			   size_t n_locations, uint32_t *stacks_ret);

/**
 * Tell that the stack of @p location on one with @p parent_hash and @p parent_depth, which need
 * not be there yet, is interned soon: what decides about it is fetched from memory meanwhile.
 *
 * @return its hash.
 */
uint32_t profile_expect_stack(struct profile *profile, uint32_t parent_hash, uint32_t parent_depth,
			      uint32_t location);

/** Equal: pid, tid and comm. The process's name is the first one known. */
uint32_t profile_intern_thread(struct profile *profile, uint32_t pid, uint32_t tid,
			       const char *comm, const char *process_comm);

uint32_t profile_add_event(struct profile *profile, const char *name, const char *unit);

/**
 * Give back what only adding stacks and samples needs, a third of a large profile. It is made
 * again when one is added.
 */
void profile_release_indexes(struct profile *profile);

/** Add to the sample with this key; returns its id. */
uint32_t profile_add_sample(struct profile *profile, uint32_t thread, uint32_t event,
			    uint32_t stack, enum stack_end end, uint64_t count, uint64_t period);

/** A tick after all others; the caller sees to the order. */
void profile_add_tick(struct profile *profile, uint32_t sample, uint64_t time_ns, uint32_t cpu,
		      uint64_t period);

/** A tick at its time: samples of other CPUs come a little late sometimes. */
void profile_insert_tick(struct profile *profile, uint32_t sample, uint64_t time_ns, uint32_t cpu,
			 uint64_t period);

/**
 * Reading all ticks brings them into memory; readers that go through them once call this
 * every PROFILE_TICKS_PER_RELEASE of them.
 */
void profile_release_ticks(const struct profile *profile);
#define PROFILE_TICKS_PER_RELEASE (1u << 19)

/** What the sum of time on and off the CPU is called. */
#define WALL_EVENT_NAME "wall-clock"

/**
 * What a sample counts for where events are compared by number: samples, or microseconds where
 * each stands for another length of time.
 */
uint64_t profile_sample_weight(const struct profile *profile, const struct profile_sample *sample);

/** CPU time in info from the samples of @p event, if that is a clock; else info stays as it is. */
void profile_take_cpu_time(struct profile *profile, uint32_t event);

/**
 * What a profile of others does not say, as far as its samples do: periods of the event, if it has
 * none (one a sample), and in info the CPU time, if it is the event's.
 */
void profile_fill_from_samples(struct profile *profile, uint32_t event);

/** The first event with that measure; UINT32_MAX: there is none. */
uint32_t profile_find_measure(const struct profile *profile, enum profile_measure measure);

/** An event more: the samples and ticks of @p first and @p second, which stay. */
uint32_t profile_add_sum(struct profile *profile, const char *name, enum profile_measure measure,
			 uint32_t first, uint32_t second);

/**
 * The address as perf script shows it: that in the file, of a user's code in a known file; behind
 * the call, of a caller. 0: there is none.
 */
uint64_t profile_location_shown_address(const struct profile_location *location);

/** PROFILE_FRAME_UNKNOWN when it has none. Never NULL; valid until a frame is interned. */
const struct profile_frame *profile_location_frame(const struct profile *profile, uint32_t location,
						   uint32_t index);

/**
 * All samples, out of the profile, to be added again under other threads or stacks. The
 * caller owns them. Ticks go on naming samples by their old ids until the caller mends them.
 */
struct profile_sample_vector profile_take_samples(struct profile *profile);

/** Drop the samples for which @p kept is false. Ids of the others change; ticks follow them. */
void profile_keep_samples(struct profile *profile, const bool *kept);

/**
 * The frame ids of a whole stack, outermost (root) first, inlined frames
 * expanded: what a flame graph draws. Replaces the contents of @p frames_ret.
 */
void profile_expand_stack(const struct profile *profile, uint32_t stack,
			  struct index_vector *frames_ret);
