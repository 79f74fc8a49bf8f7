#pragma once

/**
 * The options of the main job by topic: each file has its part of the table and takes it apart.
 * A new option goes into one file; a new topic is a file and a line in cmd_run.c.
 */

#include "cli/options.h"
#include "cli/run.h"

/** First ids of the topics; the context of all is struct run_options. */
enum {
	RUN_OPTIONS_TARGET = 100,
	RUN_OPTIONS_SAMPLING = 200,
	RUN_OPTIONS_CONTROL = 300,
	RUN_OPTIONS_RESULT = 400,
	RUN_OPTIONS_WAITING = 500,
	RUN_OPTIONS_SYMBOLS = 600,
	RUN_OPTIONS_ACCESS = 700,
	RUN_OPTIONS_KEEPING = 800,
};

extern const struct option_topic run_options_target;
extern const struct option_topic run_options_sampling;
extern const struct option_topic run_options_waiting;

/** When all are known: --wall needs time to sample on. */
struct error *run_options_waiting_check(struct run_options *run) MUST_CHECK;

extern const struct option_topic run_options_control;

/** When all are known: what --begin goes with. */
struct error *run_options_control_check(const struct run_options *run) MUST_CHECK;

extern const struct option_topic run_options_keeping;

/** When all are known: which of them exclude each other. */
struct error *run_options_keeping_check(const struct run_options *run) MUST_CHECK;

extern const struct option_topic run_options_result;
extern const struct option_topic run_options_symbols;
extern const struct option_topic run_options_access;
