#pragma once

/** `perf-profile check --stacks COMMAND`: how good a program's stacks are, and how to improve. */

#include "base/error.h"

/**
 * Run @p command under the sampler and print to stdout what was found out. Nothing is left behind.
 *
 * @param command     argv, NULL at the end.
 * @param status_ret  Exit status: 0 when stacks and names are good, 1 when they can be improved.
 */
struct error *check_stacks(char **command, bool is_json, int *status_ret) MUST_CHECK;
