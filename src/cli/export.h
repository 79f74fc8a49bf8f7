#pragma once

/** What export and merge share: profiles to a file of some format. */

#include "cli/options.h"

struct output_format;

extern const struct option_spec export_options[];

/** @param default_format  NULL: one must be named. */
int export_run(const struct command *command, int argc, char **argv,
	       const struct output_format *default_format);
