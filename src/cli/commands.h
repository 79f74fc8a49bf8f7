#pragma once

/** The subcommands: one cmd_<name>.c each and one line in commands.c. */

#include "cli/options.h"

extern const struct command command_run;
extern const struct command command_report;
extern const struct command command_script;
extern const struct command command_annotate;
extern const struct command command_collapse;
extern const struct command command_flamegraph;
extern const struct command command_export;
extern const struct command command_merge;
extern const struct command command_compare;
extern const struct command command_diff;
extern const struct command command_history;
extern const struct command command_bundle;
extern const struct command command_build;
extern const struct command command_stat;
extern const struct command command_cache;
extern const struct command command_check;
extern const struct command command_version;
extern const struct command command_help;
