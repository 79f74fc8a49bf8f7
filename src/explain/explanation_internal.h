#pragma once

/** The steps of explanation_create(), one file each. */

#include "explain/rule_internal.h"

/** Weight of one rule, also of rules too light to be shown. */
struct rule_weight {
	uint64_t count;
	uint64_t period;
};

/**
 * Fill in explanation->findings. Needs its quality and functions.
 *
 * @param weights_ret  One per rule of the set, in its order.
 */
void findings_collect(struct explanation *explanation, const struct profile *profile,
		      const struct rule_set *rules, struct rule_weight *weights_ret);

/** Add what several threads that keep one CPU busy have in common. Needs the activity. */
void serial_finding_collect(struct explanation *explanation, const struct profile *profile);

/** The sections on threads and waits of analysis.txt, and the members of summary.json. */
void activity_section_write(const struct explanation *explanation, const struct profile *profile,
			    FILE *file);
struct json_writer;
void activity_json_write(struct json_writer *json, const struct explanation *explanation,
			 const struct profile *profile);

/** Member @p name of summary.json: the functions of a stack, outermost first. */
void path_json_write(struct json_writer *json, const char *name, const struct profile *profile,
		     uint32_t stack);

/** What the kind of program is told from; shares are 0..1. */
struct program_facts {
	uint64_t n_samples;
	uint64_t wall_ns;
	uint64_t user_cpu_ns, system_cpu_ns;
	uint64_t machine_busy_ns; /**< Of all programs. */
	uint32_t n_cpus;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t major_faults;
	double kernel_share;
	double lock_share; /**< Samples in locking. */
	double io_share;   /**< Samples in file, network or storage I/O. */
};

/** @param reason_ret  One sentence with its figures; free() it. */
enum program_kind program_kind_of(const struct program_facts *facts, char **reason_ret);

/** How many CPUs other programs kept busy meanwhile; 0 also when that is not known. */
double program_others_cpus(const struct program_facts *facts);

/** Whether these kept it from running, at times. */
bool machine_is_full(const struct program_facts *facts);

/** Append "COMMAND  # why" lines for a program of this kind. */
void next_commands_append(const struct explanation *explanation, const struct profile *profile,
			  struct string_vector *ret);

/** Fill in explanation->criteria. Needs its quality and unresolved libraries. */
void criteria_collect(struct explanation *explanation, const struct profile *profile);

/** A sampling rate asked for above this disturbs more than it shows. */
#define SAMPLING_RATE_SENSIBLE_MAX_HZ 20000

/** Samples for a picture one can trust, and for a first impression. */
#define SAMPLES_WANTED 1000
#define SAMPLES_LEAST  100

/** Shares of complete stacks and of named innermost frames: met from, warned about from. */
#define COMPLETE_SHARE_WANTED 0.99
#define COMPLETE_SHARE_LEAST  0.90
#define NAMED_SHARE_WANTED    0.95
#define NAMED_SHARE_LEAST     0.80

/**
 * From this share of the CPUs busy on, and this many by others, a program waits for its turn and
 * shares caches and memory: it takes longer than it would alone.
 */
#define MACHINE_FULL_SHARE   0.90
#define OTHERS_CPUS_TOO_MANY 0.5

/** More lost than this and the rest may be a biased choice. */
#define LOST_SHARE_MOST 0.01
