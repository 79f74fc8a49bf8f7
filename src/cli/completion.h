#pragma once

/** Shell completion from the option tables. One file per shell, one line in completion.c. */

#include "cli/options.h"

struct completion_shell {
	const char *name;          /**< As in `help --completion NAME`. */
	void (*write)(FILE *file); /**< The whole script, for all of commands[]. */
};

extern const struct completion_shell completion_bash;
extern const struct completion_shell completion_zsh;
extern const struct completion_shell completion_fish;

/** NULL: no such shell. */
const struct completion_shell *completion_find(const char *name);
