#pragma once

/** What a CI service shows beside a change. */

#include "compare/gate.h"

/**
 * One line for each gate and side, as GitHub Actions reads it from standard output: an error for
 * a regression, a warning for what cannot be measured, else a notice. Without gates one notice per
 * side.
 *
 * SOURCE: "Workflow commands for GitHub Actions": ::error title=T::message; in messages "%", CR and
 * LF are %25, %0D and %0A, in titles also ":" and "," as %3A and %2C.
 */
void annotations_write(const struct comparison *comparison, const struct gate_vector *gates,
		       FILE *file);
