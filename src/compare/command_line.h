#pragma once

/** Commands as text: words for exec, or a line for a shell. */

#include "base/error.h"

/** A command ready to start. Owned; free with command_line_deinit(). */
struct command_line {
	char *text;    /**< As given. */
	char **argv;   /**< NULL at the end. */
	bool is_shell; /**< argv is a shell with the text as its script. */
};

enum shell_use {
	SHELL_AUTOMATIC, /**< Only when the text has syntax that needs one. */
	SHELL_ALWAYS,
	SHELL_NEVER,
};

/** How texts become commands. */
struct shell_choice {
	enum shell_use use;
	const char *path; /**< "/bin/sh", "bash"; NULL: /bin/sh. */
};

/**
 * Take @p text apart. Without a shell, words are split at blanks and may be quoted as in a
 * shell: 'x y', "x \" y", x\ y; nothing else is special.
 *
 * SHELL_AUTOMATIC runs a text directly, so that no shell's start is measured, unless it has
 * something only a shell understands: variables, pipes, redirections, patterns, ~, #,
 * several commands, an assignment first, or a first word that is a shell's own command.
 */
struct error *command_line_parse(const char *text, const struct shell_choice *shell,
				 struct command_line *ret) MUST_CHECK;

/** The same for words that are there already. */
void command_line_from_words(char *const *words, struct command_line *ret);

/** A script for a shell; never fails. */
void command_line_for_shell(const char *text, const struct shell_choice *shell,
			    struct command_line *ret);

void command_line_deinit(struct command_line *line);
