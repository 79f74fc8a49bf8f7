#pragma once

/** Whether commands that are compared print the same. */

#include "base/error.h"

/** Output of one run; more is refused. */
#define OUTPUT_CHECK_SIZE_MAX (UINT64_C(1) << 30)

/**
 * Compare what two runs wrote into files.
 *
 * @param name, other_name  Of the sides, for the error.
 * @return an error that names the first line that differs.
 */
struct error *output_check(const char *name, int descriptor, const char *other_name,
			   int other_descriptor) MUST_CHECK;
