#pragma once

/** What a change means, in words. */

#include "compare/comparison.h"

#include <stdio.h>

/**
 * One sentence without a full stop about the time of @p side against the first:
 * "B is 1.42 × faster than A (1.38 to 1.46)",
 * "no difference shown between A and B (could still be up to ±1.8 %)",
 * or that there is nothing to say. Where only CPU time differs it says so. Free with free().
 */
char *verdict_sentence(const struct comparison *comparison, size_t side);

/**
 * What the sentence is about: time; or CPU time, when that differs and time, on a machine too busy
 * to tell, does not.
 */
enum metric verdict_metric(const struct comparison *comparison, size_t side);

/**
 * The sentence, and that of the cause when there is one: "B is 1.42 × faster than A (1.38 to
 * 1.46); 83 % of the gain is parse_header". Free with free().
 */
char *verdict_summary(const struct comparison *comparison, size_t side);

/** "−29.6 % (−31.0 to −28.1)", or "no difference shown (±1.8 %)". Free with free(). */
char *verdict_change_text(const struct metric_change *change);

/** "-", "< 0.001" or three decimals; @p text at least 16 bytes. */
void verdict_format_p(double p, char *text);

enum verdict_kind {
	VERDICT_UNKNOWN, /**< Not measured. */
	VERDICT_SAME,    /**< No difference shown. */
	VERDICT_LESS,
	VERDICT_MORE,
};

enum verdict_kind verdict_kind_of(const struct metric_change *change);

/** "unknown", "no-difference", "less", "more": stable words for JSON. */
const char *verdict_kind_name(enum verdict_kind kind);

/**
 * Things to know before believing the numbers, one line each: outliers, drift, failures, too few
 * runs. Writes nothing when there are none.
 */
void verdict_write_warnings(const struct comparison *comparison, FILE *file);
