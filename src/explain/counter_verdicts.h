#pragma once

/**
 * What counts mean: rates derived from them, and verdicts that say what they rest on. Works on
 * plain numbers, so it can be tried with those of any processor.
 */

#include "base/attributes.h"
#include "base/vector.h"

/**
 * Below this share of its time a multiplexed counter is an extrapolation from too little: a
 * third has been seen to turn verdicts around (pmu-tools issue 370).
 */
#define VERDICT_RUNNING_SHARE_LEAST 0.5

/** A counter that ran for less saw start-up and little else. */
#define VERDICT_RUNNING_LEAST_NS 10e6

/** One event's count. Texts are borrowed. */
struct counter_value {
	const char *name; /**< "cycles", "LLC-load-misses": one spelling, without modifiers. */
	const char *pmu;  /**< "cpu_core", "cpu_atom"; "": the only kind of core, or none. */
	bool is_user_only;
	bool is_kernel_only;
	bool is_counted;
	double value;         /**< Scaled to all of the time; clocks in ns. */
	double running_share; /**< Of its time that it was on a counter, 0..1. */
	double running_ns;
};

/** Of the first processor; texts borrowed, "" when unknown. */
struct counter_processor {
	const char *vendor; /**< "GenuineIntel", "AuthenticAMD" */
	unsigned int family;
	unsigned int model;
};

struct counter_scene {
	const struct counter_value *values;
	size_t n_values;
	double duration_ns; /**< On the wall. */
	struct counter_processor processor;
};

/** One derived number, shown beside the value it comes from. */
struct counter_metric {
	size_t value_index; /**< In the scene. */
	const char *name;   /**< Stable word: "ipc", "cpus-utilized", "branch-miss-rate". */
	const char *unit;   /**< "insn per cycle", "of all branches", "/sec". */
	double value;       /**< Percent when is_percent. */
	bool is_percent;
	double running_share; /**< The least of the counters it is made from. */
};

DEFINE_VECTOR(counter_metric_vector, struct counter_metric)

enum counter_judgement {
	JUDGEMENT_GOOD,
	JUDGEMENT_MIDDLING,
	JUDGEMENT_BAD,
	JUDGEMENT_NONE, /**< Counted, but too little or on an unknown processor: no verdict. */
};

struct counter_verdict {
	enum counter_judgement judgement;
	const char *name;           /**< "ipc", "branch-misses", "cache-misses", "top-down" */
	const char *pmu;            /**< As the value's. */
	char *text;                 /**< One sentence with its figures; owned. */
	char *reason;               /**< What the threshold rests on; owned. */
	const char *sampling_event; /**< Sampling on it shows the functions behind; NULL: none. */
};

DEFINE_VECTOR(counter_verdict_vector, struct counter_verdict)

/** What a processor can do at best. */
struct processor_width {
	const char *vendor;
	unsigned int family;
	unsigned int model_first, model_last;
	const char *pmu;          /**< Of a hybrid processor's kind of core; "": has one kind. */
	const char *name;         /**< "Zen 4" */
	unsigned int issue_width; /**< Operations that can enter execution per cycle. */
	unsigned int branch_penalty_cycles; /**< Of a mispredicted branch, about. */
	bool has_dispatch_events; /**< AMD's way to top-down: counts of empty dispatch slots. */
};

/** NULL: not in the table. */
const struct processor_width *processor_width_find(const struct counter_processor *processor,
						   const char *pmu);

/** At most one metric per value, in their order. */
void counter_metrics_derive(const struct counter_scene *scene, struct counter_metric_vector *ret);

/** Nothing at all without counts of the processor. */
void counter_verdicts_derive(const struct counter_scene *scene, struct counter_verdict_vector *ret);
void counter_verdict_vector_destroy_items(struct counter_verdict_vector *verdicts);

/** "good", "middling", "bad", "none" */
const char *counter_judgement_name(enum counter_judgement judgement);
