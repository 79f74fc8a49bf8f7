#pragma once

/**
 * Everything printed for people goes through here, to stderr: colours only on
 * a terminal and without NO_COLOR, foreign text made harmless.
 */

#include "base/error.h"

#include <stdio.h>

/** The program's exit statuses besides the command's own (as env(1) and timeout(1)). */
enum {
	EXIT_OURS = 125,           /**< We failed. */
	EXIT_CANNOT_EXECUTE = 126, /**< Command found but not executable. */
	EXIT_NOT_FOUND = 127,      /**< Command not found. */
	EXIT_SIGNAL_BASE = 128,    /**< + N: the command was killed by signal N. */
};

enum terminal_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,    /**< green */
	STYLE_WARNING, /**< yellow */
	STYLE_BAD,     /**< red */
};

/** Decide once whether stderr gets colours and a live line. */
void terminal_init(bool is_quiet);
bool terminal_is_interactive(void);
bool terminal_has_color(FILE *file);
unsigned int terminal_width_columns(void);

/** Escape sequence to begin a style on @p file, "" when it has no colours. */
const char *terminal_begin(FILE *file, enum terminal_style style);
const char *terminal_end(FILE *file);

/** "perf-profile: MESSAGE" and, if there is one, "  hint: HINT". Takes the error. */
void terminal_print_error(struct error *error);
void terminal_print_warning(const char *format, ...) PRINTF_LIKE(1, 2);

/** A line of normal progress; nothing with -q. */
void terminal_print_note(const char *format, ...) PRINTF_LIKE(1, 2);

/**
 * What a command that prints its answer on stdout returns at its end: 0, or,
 * with a message, EXIT_OURS when not all of it could be written. A reader that
 * stopped reading (a closed pipe) is not a failure.
 */
int terminal_finish_output(void) MUST_CHECK;

/** The exit status of a command that is done: its error's, which is printed, or that of its output.
 * Takes the error. */
int terminal_finish(struct error *error) MUST_CHECK;

/** Replace the live status line (interactive only); NULL clears it. */
void terminal_set_status(const char *text);
