#pragma once

/**
 * The experiment: several commands, run in turns until enough is known about the ratios of
 * their times. The first side is what the others are compared with.
 */

#include "compare/cause.h"
#include "compare/command_line.h"
#include "compare/statistics.h"
#include "compare/timed_run.h"

#include "base/string_table.h"

/** Sides of one comparison; more are refused. */
#define COMPARISON_SIDES_MAX 1000

/** Runs of one side; more add nothing but time. */
#define COMPARISON_RUNS_MAX 10000

/** What to run around a side's runs; NULL: nothing. Scripts for a shell; borrowed. */
struct side_hooks {
	const char *setup;    /**< Before its first run, the warm-up included. */
	const char *prepare;  /**< Before each run. */
	const char *conclude; /**< After each run. */
	const char *cleanup;  /**< After all runs. */
};

DEFINE_VECTOR(run_vector, struct timed_run)

/** One value of a --parameter; borrowed. */
struct parameter {
	const char *name;
	const char *value;
};

DEFINE_VECTOR(parameter_vector, struct parameter)

/** What is known about one metric of a side, against the first side. */
struct metric_change {
	bool is_measured;          /**< On both sides. */
	double reference, changed; /**< Medians. */
	bool has_ratio;
	struct estimate ratio; /**< changed / reference */
	double rank_p;
	/** The interval excludes 1 and the rank test agrees (p < 0.05). */
	bool is_different;
};

/** A change that was worked out, and of how many runs. */
struct known_change {
	size_t n_reference_runs, n_runs;
	struct metric_change change;
};

/** One of the things compared. */
struct side {
	char *name; /**< Shown; owned. */
	struct command_line command;
	struct side_hooks hooks;
	const char *folder; /**< Working folder of its runs; NULL: ours. Borrowed. */
	const char *commit; /**< Of the git revision it was built from; NULL: none. Borrowed. */
	struct parameter_vector parameters;
	struct run_vector runs;
	bool is_stored;      /**< Measured before: its runs are there, and it is not run again. */
	struct cause *cause; /**< Against the first side; NULL: not looked for. Owned. */
	size_t n_failed;     /**< Runs with a status other than 0, and accepted. */
	struct known_change known_changes[N_METRICS]; /**< For comparison_change() alone. */
};

DEFINE_VECTOR(side_vector, struct side)

struct comparison_options {
	double precision;   /**< Half width of the interval to reach, of the ratio; 0.01 is 1 %. */
	uint64_t budget_ns; /**< For warm-up and runs. */
	uint32_t n_warmups; /**< Per side, untimed. */
	uint32_t n_runs_exact; /**< Per side; 0: as the two above say. */
	uint32_t n_runs_least;
	uint32_t n_runs_most;
	uint64_t seed;
	uint64_t timeout_ns; /**< Per run; 0: none. */
	bool accepts_failure;
	bool checks_output; /**< All sides must print the same in a run before the timed ones. */
	struct shell_choice shell;
	struct launch_place place;       /**< Streams of the commands. */
	struct launch_place hooks_place; /**< Streams of the hooks. */
};

/** Why no more runs were made. */
enum comparison_end {
	COMPARISON_RUNS_MADE, /**< As many as asked for, or as many as allowed. */
	COMPARISON_PRECISE,   /**< The interval is narrow enough. */
	COMPARISON_BUDGET_SPENT,
	COMPARISON_STOPPED, /**< By the user. */
};

struct comparison {
	const struct comparison_options *options;
	struct side_vector sides;
	enum comparison_end end;
	double shell_s[N_METRICS]; /**< Start of the shell alone, taken off; 0: none. */
	bool is_paired;            /**< Sides took turns: the i-th runs belong together. */
	bool has_hardware;         /**< Counters of the CPU work here. */
};

struct comparison_watch {
	struct run_watch run;
	/** Before each run; @p width is the half width reached, NAN before it is known. */
	void (*show_progress)(void *context, const struct comparison *comparison, size_t side,
			      double width);
};

/** @param options  Borrowed as long as the comparison. */
void comparison_init(struct comparison *comparison, const struct comparison_options *options);
void comparison_deinit(struct comparison *comparison);

/** Sides that were measured before; they are the first. */
size_t comparison_stored_sides(const struct comparison *comparison);

/** A new side. Takes @p command. @p name is copied. */
struct side *comparison_add_side(struct comparison *comparison, const char *name,
				 struct command_line command);

/** Make all runs. Once started, the cleanup hooks run also after errors. */
struct error *comparison_run(struct comparison *comparison,
			     const struct comparison_watch *watch) MUST_CHECK;

/**
 * Run one of a side's hooks in its folder.
 *
 * @param what    Names it in errors: "--prepare".
 * @param script  NULL: nothing is to be run.
 * @param watch   NULL: nobody watches.
 * @return an error also when it ended badly, unless the user wants to end.
 */
struct error *side_run_hook(const struct side *side, const struct comparison_options *options,
			    const char *what, const char *script,
			    const struct run_watch *watch) MUST_CHECK;

/**
 * The measured values of a metric in order of the runs.
 *
 * @param values_ret  Free with free().
 * @return empty when any run has none.
 */
struct series side_series(const struct side *side, enum metric metric, double **values_ret);

/** The ratio of a metric's medians, side / first side; false: there is none. */
bool comparison_ratio(const struct comparison *comparison, size_t side, enum metric metric,
		      uint32_t n_resamples, struct estimate *ret) MUST_CHECK;

/** Worked out once for as long as no runs are added. Not for several threads. */
struct metric_change comparison_change(const struct comparison *comparison, size_t side,
				       enum metric metric);
