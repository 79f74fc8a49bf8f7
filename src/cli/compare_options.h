#pragma once

/**
 * The options of compare by topic: each file has its part of the table and takes it apart. The
 * context of all is struct compare_request.
 */

#include "cli/compare.h"

/** First ids of the topics. */
enum {
	COMPARE_OPTIONS_SIDES = 100,
	COMPARE_OPTIONS_RUNS = 200,
	COMPARE_OPTIONS_RESULT = 300,
};

extern const struct option_topic compare_options_sides;
extern const struct option_topic compare_options_runs;
extern const struct option_topic compare_options_result;
