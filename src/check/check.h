#pragma once

/** System checks: one fact each, with a verdict and the line that mends it. */

#include "base/attributes.h"

enum check_verdict {
	CHECK_GOOD,
	CHECK_NOTE,    /**< A fact without a verdict, or something lost that is minor. */
	CHECK_WARNING, /**< Something is lost. */
	CHECK_BAD,     /**< Profiling cannot work, or not as asked. */
};

/** Strings are owned; NULL where there is nothing to say. */
struct check_result {
	enum check_verdict verdict;
	char *fact;	/**< "perf_event_paranoid is 2: user side of your own programs". */
	char *loss;	/**< What that costs, or NULL. */
	char *mend;	/**< Exact command to run, or NULL. */
	bool is_vital;	/**< The main job shows it when the verdict is WARNING or BAD. */
};

struct check_context {
	const char *proc_path; /**< "/proc"; tests give a made-up tree. */
	const char *sys_path;  /**< "/sys" */
	const char *command;   /**< Path of the program to look at, or NULL. */
};

struct check {
	const char *name; /**< Stable word, for --json: "perf-event-paranoid". */

	/** Fill in the result; false: does not apply here (nothing is shown). */
	bool (*run)(const struct check_context *context, struct check_result *ret);
};

/** All checks in the order they are shown, NULL at the end. */
extern const struct check *const checks[];

void check_result_deinit(struct check_result *result);
