#pragma once

/** `perf-profile stat`, in parts: what to count -> counting -> figures -> printed. */

#include "base/error.h"
#include "capture/counters/counters.h"
#include "cli/run_target.h"
#include "explain/counter_verdicts.h"

#include <stdio.h>
#include <sys/resource.h>

#define STAT_REPEATS_MAX 100000

enum stat_format {
	STAT_TEXT,
	STAT_CSV,
	STAT_JSON,
};

struct stat_options {
	struct string_vector event_lists; /**< -e; none: the usual ones. Borrowed texts. */
	unsigned int detail;              /**< Number of -d. */
	bool is_without_counters;         /**< -n */
	bool is_without_inherit;
	bool is_without_big_numbers; /**< --no-big-num */
	struct run_target target;
	uint64_t n_repeats;
	uint64_t interval_ns; /**< 0: only at the end. */
	uint64_t timeout_ns;  /**< 0: none. */
	enum stat_format format;
	const char *separator;   /**< CSV */
	const char *output_path; /**< NULL: standard error; "-": standard output. */
	bool may_append;
	char **command; /**< NULL at its first: none. */
};

/** One run, or what came in one interval. */
struct stat_measurement {
	struct counter_reading *readings; /**< Owned; one per counter. */
	double duration_ns;
	double time_ns;      /**< Of the end of an interval, since the start; 0: a whole run. */
	struct rusage usage; /**< Of the command; all zero without one. */
};

DEFINE_VECTOR(stat_measurement_vector, struct stat_measurement)

/** Events that can be counted on this machine for these options. */
struct error *stat_events_choose(const struct stat_options *options,
				 const struct event_places *places,
				 const struct counter_processor *processor,
				 struct counter_list *ret) MUST_CHECK;

/** The first processor of this machine. Points into itself: stays where it is. */
struct stat_processor {
	char vendor[64];
	struct counter_processor processor;
};

void stat_processor_init(struct stat_processor *processor);

/** All that was counted. */
struct stat_session {
	const struct stat_options *options;
	const struct counter_list *list;
	struct counter_set counters; /**< Of the last run. */
	struct stat_measurement_vector runs;
	const struct counter_processor *processor;
	FILE *output;
	int wait_status;      /**< Of the command in the last run. */
	bool has_exec_failed; /**< The error of stat_count() is the command's. */
	bool is_interrupted;
};

/** Count one run; prints intervals as they come. */
struct error *stat_count(struct stat_session *session) MUST_CHECK;
void stat_session_deinit(struct stat_session *session);

/** A number over several runs. */
struct stat_figure {
	size_t n;
	double mean, median;
	double error;         /**< Standard error of the mean. */
	double interval_half; /**< Half the width of the 95 % confidence interval of the mean. */
};

/** @param values  At least one; sorted afterwards. */
struct stat_figure stat_figure_make(double *values, size_t n);

/** 100 * error / mean; 0 when the mean is 0. */
double stat_figure_error_percent(const struct stat_figure *figure);

/** One event, ready to be printed. */
struct stat_row {
	const struct counter *counter;
	char *base_name;           /**< Without unit and modifiers, in one spelling. */
	bool is_counted;           /**< It ran at least once. */
	bool has_waited;           /**< It never ran although what it should count did. */
	struct stat_figure figure; /**< Scaled to all of the time; in the shown unit. */
	double running_ns;         /**< Mean over the runs. */
	double running_share;
	const struct counter_metric *metric; /**< NULL: none. */
};

struct stat_table {
	struct stat_row *rows;
	size_t n_rows;
	struct stat_figure elapsed_s, user_s, system_s, peak_kib;
	struct counter_metric_vector metrics;
	struct counter_verdict_vector verdicts;
};

/** Figures, metrics and verdicts of @p n_runs runs (or of one interval). */
void stat_table_init(struct stat_table *table, const struct stat_session *session,
		     const struct stat_measurement *runs, size_t n_runs);
void stat_table_deinit(struct stat_table *table);

/** "cycles" of "cpu_core/cycles/u", "cpu-cycles" and "cycles:u"; free it. */
char *stat_base_name(const struct counter_request *request);

void stat_print_text(const struct stat_session *session, const struct stat_table *table);
void stat_print_interval(const struct stat_session *session,
			 const struct stat_measurement *interval);
void stat_print_rows(const struct stat_session *session, const struct stat_table *table,
		     const struct stat_measurement *interval);
