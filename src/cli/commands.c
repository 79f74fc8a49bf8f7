#include "cli/commands.h"

/* clang-format off: one line each. */
const struct command *const commands[] = {
	&command_run,
	&command_report,
	&command_script,
	&command_annotate,
	&command_collapse,
	&command_flamegraph,
	&command_export,
	&command_merge,
	&command_compare,
	&command_diff,
	&command_history,
	&command_bundle,
	&command_build,
	&command_stat,
	&command_cache,
	&command_check,
	&command_version,
	&command_help,
	NULL,
};
