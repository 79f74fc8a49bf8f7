#pragma once

#include "cli/options.h"

/**
 * A man page in the man(7) macros, from the option tables.
 *
 * @param command  NULL: perf-profile(1); otherwise perf-profile-COMMAND(1).
 */
void manual_write(FILE *file, const struct command *command);
