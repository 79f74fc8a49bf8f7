#pragma once

/** --fail-if: when a comparison counts as a regression. */

#include "compare/verdict.h"

/** "time>2%": the metric is more than this share above the first side's. */
struct gate {
	const char *text; /**< As given; borrowed. */
	enum metric metric;
	double share_most;
};

DEFINE_VECTOR(gate_vector, struct gate)

/** Parse METRIC>PERCENT%. @p text must outlive the gate. */
struct error *gate_parse(const char *text, struct gate *ret) MUST_CHECK;

enum gate_result {
	GATE_PASSED,
	GATE_FAILED, /**< The whole interval lies above the limit, and the rank test agrees. */
	GATE_NOT_MEASURED, /**< The metric cannot be measured here: says nothing. */
};

enum gate_result gate_judge(const struct gate *gate, const struct comparison *comparison,
			    size_t side);
