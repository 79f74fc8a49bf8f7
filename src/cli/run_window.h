#pragma once

/**
 * The flight recorder: the last records of a recording, and what is known of the processes at the
 * time of the oldest. It is all that files and reports are made from, so that memory does not
 * grow with the time recorded.
 */

#include "base/error.h"
#include "record/record_window.h"

struct process_table;
struct recording;
struct run_options;
struct run_window;

/** @param layouts  Of the records as stored; borrowed. */
struct run_window *run_window_create(const struct record_layout_table *layouts,
				     const struct record_window_limits *limits);
void run_window_destroy(struct run_window *window);

void run_window_append(struct run_window *window, struct bytes record);

/** Write what is kept to recording->perf_data.file. */
struct error *run_window_write(struct recording *recording,
			       const struct run_options *options) MUST_CHECK;

/**
 * Make a profile of what is kept: it takes the place of the recording's analyzer, and the
 * recording's figures are then of that time only. What was left out is noted.
 */
struct error *run_window_analyze(struct recording *recording,
				 const struct run_options *options) MUST_CHECK;
