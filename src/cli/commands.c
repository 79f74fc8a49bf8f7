#include "cli/commands.h"

/* clang-format off: one line each. */
const struct command *const commands[] = {
	&command_run, &command_check, &command_version, &command_help, NULL,
};
