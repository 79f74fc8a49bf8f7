#pragma once

/**
 * Rules to findings with evidence, and what kind of program it was.
 *
 * Rules are text (docs/formats/rules.md): the shipped file and the user's own.
 * A finding without samples behind it does not exist.
 */

#include "base/error.h"
#include "profile/activity.h"
#include "profile/profile.h"
#include "profile/summary.h"
#include "profile/cut_stacks.h"
#include "profile/unnamed.h"
#include "profile/waits.h"

#include <stdio.h>

#define EXPLANATION_FUNCTIONS_MAX 5

/** Of a rule that does not say (least = ...). */
#define RULE_SHARE_LEAST_DEFAULT 0.02

/** One entry of a rule file; strings owned by the rule set. */
struct rule {
	const char *id;      /**< "allocation" */
	const char *title;   /**< "Memory allocation" */
	const char *meaning; /**< What it means. */
	const char *advice;  /**< What to try. */
	double share_least;  /**< Report at or above this share of samples; 0..1. */
	struct rule_matcher *matchers;
	size_t n_matchers;
};

struct rule_set;

struct rule_set *rule_set_create(void);
void rule_set_destroy(struct rule_set *rules);

/** Add the rules shipped inside the program (share/rules/default.rules). */
struct error *rule_set_read_default(struct rule_set *rules) MUST_CHECK;

/**
 * Add the rules of a file. Errors name file and line and leave the set as it
 * was; a rule with a known id replaces it.
 */
struct error *rule_set_read(struct rule_set *rules, const char *path) MUST_CHECK;
size_t rule_set_count(const struct rule_set *rules);

/** A function that a rule matched. */
struct finding_function {
	string_id name;
	uint32_t object;
	uint64_t count;  /**< The finding's samples of which it is the innermost match ... */
	uint64_t period; /**< ... so that those of all functions add up to the finding's. */
};

/** One rule that matched. */
struct finding {
	const struct rule *rule;
	double share;   /**< Of the event's period, 0..1; each sample counted once. */
	uint64_t count; /**< Samples. */
	uint64_t period;

	/** A stack id: the heaviest call path from the root to the first match. */
	uint32_t hottest_stack;
	uint64_t hottest_stack_period; /**< Of all samples that came that way. */

	struct finding_function functions[EXPLANATION_FUNCTIONS_MAX]; /**< Heaviest first. */
	size_t n_functions;
};

DEFINE_VECTOR(finding_vector, struct finding)

/** What the program spent its wall time on. */
enum program_kind {
	PROGRAM_UNKNOWN,
	PROGRAM_CPU_BOUND,
	PROGRAM_SERIAL,       /**< One CPU busy, others idle. */
	PROGRAM_PARALLEL,     /**< Several CPUs busy. */
	PROGRAM_KERNEL_BOUND, /**< CPU time mostly in the kernel. */
	PROGRAM_IO_BOUND,     /**< Mostly waiting, for I/O or others. */
	PROGRAM_LOCK_BOUND,   /**< Mostly waiting, with locking in its stacks. */
	PROGRAM_CROWDED_OUT,  /**< Ready to run, but others had the CPUs. */
	PROGRAM_IDLE,         /**< Mostly waiting, reason not visible in CPU samples. */
	PROGRAM_TOO_SHORT,    /**< Too few samples to say. */
};

enum criterion_verdict {
	CRITERION_MET,
	CRITERION_WARNING,
	CRITERION_FAILED,
};

/** One line of the checklist. */
struct criterion {
	const char *name; /**< "enough samples" */
	enum criterion_verdict verdict;
	char *detail; /**< "4,991 (wanted: 1,000)"; owned. */
	char *hint;   /**< What to do, or NULL; owned. */
};

DEFINE_VECTOR(criterion_vector, struct criterion)

struct explanation {
	uint32_t event;
	struct profile_quality quality;
	double others_cpus;   /**< How many CPUs other programs kept busy; 0: not known. */
	bool is_machine_full; /**< These kept it from running, at times. */
	double kernel_share;  /**< Of the period, 0..1: samples taken in the kernel. */
	struct profile_function_vector functions; /**< Descending self. */
	enum program_kind kind;
	char *kind_reason; /**< One sentence with its figures; owned. */
	char *ending; /**< "the command was killed by signal ..."; NULL: status 0 or not known. */
	struct string_vector next_commands;      /**< "COMMAND  # why"; owned. */
	struct finding_vector findings;          /**< Descending share. */
	struct activity activity;                /**< Threads, of the event that was sampled. */
	struct waits waits;                      /**< Empty when they were not recorded. */
	struct unnamed_object_vector unresolved; /**< Descending count. */
	struct cut_stacks_vector cut_stacks;     /**< Descending count. */
	struct criterion_vector criteria; /**< Callers may append (names static, texts owned). */
};

/**
 * @param rules  Must outlive the explanation: findings point to its rules.
 * @param event  Event id in the profile.
 */
struct explanation *explanation_create(const struct profile *profile, const struct rule_set *rules,
				       uint32_t event);
void explanation_destroy(struct explanation *explanation);

/** analysis.txt. */
void explanation_write_text(const struct explanation *explanation, const struct profile *profile,
			    FILE *file);

/** summary.json; its shape is docs/formats/summary.md. */
void explanation_write_json(const struct explanation *explanation, const struct profile *profile,
			    FILE *file);

/**
 * One of next_commands, behind two blanks: the reason on a line before the command where both
 * do not fit, so that the command can be copied whole.
 */
void explanation_write_next_command(const char *line, size_t width_columns, FILE *file);

/** The stack-quality line, without a newline: "1,702 samples, 99.9 % complete stacks, ...". */
void explanation_write_quality_line(const struct explanation *explanation, FILE *file);

/** What helps against stacks that end so; NULL: nothing does. Free it. */
char *explanation_stacks_hint(enum stack_end end, const struct profile *profile);

/** "CPU-bound", "waiting for locks", ...: for people. */
const char *program_kind_description(enum program_kind kind);

/** "cpu-bound", "lock-bound", ...: stable words for JSON. */
const char *program_kind_name(enum program_kind kind);

/** "met", "warning", "failed" */
const char *criterion_verdict_name(enum criterion_verdict verdict);

/**
 * Half the width of the 95 % interval of a share seen in @p n_samples
 * independent samples (Wilson's score interval); 1 when there are none.
 */
double explanation_sampling_error(double share, uint64_t n_samples);
