#pragma once

/** Why a side is faster or slower than the first: which functions, which findings. */

#include "base/json_writer.h"
#include "profile/diff.h"

/** A finding (explain/) on one or both sides. */
struct finding_change {
	char *title;                           /**< Owned. */
	double reference_share, changed_share; /**< 0 .. 1; 0: not found there. */
	double reference_error, changed_error; /**< Half widths of their 95 % intervals. */
};

DEFINE_VECTOR(finding_change_vector, struct finding_change)

struct cause {
	struct function_change_vector functions;
	struct finding_change_vector findings;
	double reference_s, changed_s; /**< Time on the CPU per run. */
	bool is_different;             /**< That the whole changed is proven. */
	uint64_t n_reference_samples, n_changed_samples;
};

void cause_destroy(struct cause *cause);

/**
 * One sentence without a full stop: "83 % of the gain is parse_header (12.10 ms -> 2.00 ms a
 * run)", or that no function can be named. Free with free().
 */
char *cause_sentence(const struct cause *cause);

void cause_write_text(const struct cause *cause, FILE *file);
void cause_write_markdown(const struct cause *cause, FILE *file);

/** The object "cause". */
void cause_write_json(const struct cause *cause, struct json_writer *json);
