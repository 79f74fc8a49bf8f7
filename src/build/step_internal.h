#pragma once

#include "build/build.h"

#include <stdio.h>

/**
 * Run one step to its end. What it says goes to @p log and to the listener, as it is said.
 *
 * @return an error when it cannot be started or does not end with status 0.
 */
struct error *build_step_run(struct build_step *step, struct environment *environment, FILE *log,
			     const struct build_listener *listener) MUST_CHECK;
