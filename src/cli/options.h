#pragma once

/**
 * The option table: one description of a subcommand's options that feeds the
 * parser, --help, the man page and shell completion, so they cannot drift.
 */

#include "base/error.h"

#include <stdio.h>

struct option_spec {
	int id;           /**< What option_parser_next() returns; unique in its command, > 0. */
	char letter;      /**< 0: none. */
	const char *name; /**< Without "--"; NULL: letter only. */
	/**
	 * "HZ|max"; NULL: a flag; "[LEVEL]" belongs to the option's own word or is left out;
	 * "[ TYPE]" is left out at the end and before another option.
	 */
	const char *argument;
	const char *help;   /**< One or two sentences; states the default. */
	const char *values; /**< Space-separated words for completion, "FILE", "DIR", or NULL. */
};

/** Ends a table. */
#define OPTION_END                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}

/**
 * Options of one subject that a command has among others: their part of the table and who takes
 * them, in a file of their own.
 */
struct option_topic {
	const char *heading;               /**< "What is recorded", for --help. */
	const struct option_spec *options; /**< Ends with OPTION_END. */

	/** Take one option. @p is_known_ret false: it is none of these. */
	struct error *(*apply)(void *context, int id, const char *value, bool *is_known_ret);
};

struct command_example {
	const char *line;
	const char *meaning;
};

/** One subcommand. */
struct command {
	const char *name;        /**< "check" */
	const char *summary;     /**< One line without a full stop. */
	const char *usage;       /**< What follows the name: "[OPTIONS] [--] COMMAND [ARG...]" */
	const char *description; /**< Paragraphs for --help and man, separated by "\n\n"; may be
				    NULL. */
	const struct option_spec *options; /**< Ends with OPTION_END; --help is implied, and seen
					      to by main(). May be NULL. */
	const struct option_topic *const *topics; /**< Before options; NULL at the end. May be
						     NULL. */
	const struct command_example *examples;   /**< Ends with {NULL, NULL}; may be NULL. */
	bool takes_command; /**< Options end at the first word that is not one (it starts COMMAND).
			     */

	/** @param argv  argv[0] is the subcommand's name; @return the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

/** All subcommands in the order help shows them, NULL at the end. */
extern const struct command *const commands[];

/** NULL: no such subcommand. */
const struct command *command_find(const char *name);

/** The subcommands that @p word may have been meant for ("'check'"), or NULL; free it. */
char *command_suggest(const char *word);

/** Whether a word after the option may be its value. */
bool option_takes_word(const struct option_spec *spec);

/** How its value is written behind its name: " HZ", "[=LEVEL]", " [TYPE]", of a flag ""; free it.
 */
char *option_value_label(const struct option_spec *spec);

#define OPTION_ID_END  0
#define OPTION_ID_HELP -1

/**
 * The options of @p command, its topics first, --help last, by @p index from 0; NULL after the
 * last.
 */
const struct option_spec *command_option(const struct command *command, size_t index);

/** The topic that the option at @p index begins, or NULL. */
const struct option_topic *command_topic_at(const struct command *command, size_t index);

/** Hand an option to the topic it is of; @p is_known_ret false: there is none. */
struct error *command_topics_apply(const struct command *command, void *context, int id,
				   const char *value, bool *is_known_ret) MUST_CHECK;

struct option_parser {
	const struct command *command;
	int argc;
	char **argv;
	int index;           /**< Of the next word; after the end: of the first operand. */
	int n_operands;      /**< Moved to the end of argv so far. */
	const char *letters; /**< Rest of a bundle such as -qv, or NULL. */
};

struct option_parser option_parser_make(const struct command *command, int argc, char **argv);

/**
 * The next option: -x VALUE, -xVALUE, -xy (flags), --name VALUE, --name=VALUE, and
 * unambiguous prefixes of names. One that lacks only an s is never ambiguous: --color, as scripts
 * for flamegraph.pl have it, is --colors whatever else begins so. A value that may be left out is
 * -xVALUE or --name=VALUE, or as its table says. "--" ends options. Operands between options are
 * moved behind unless the command takes a command.
 *
 * @param value_ret  The option's argument, or NULL for a flag or one that was left out.
 * @return ERROR_USAGE naming the option, with the nearest known names as its hint.
 */
struct error *option_parser_next(struct option_parser *parser, int *id_ret,
				 const char **value_ret) MUST_CHECK;

/** Whether --help is among the options, before any error. Leaves @p argv as it is. */
bool option_parser_finds_help(const struct command *command, int argc, char **argv);

/** Takes one option that option_parser_next() found. */
typedef struct error *option_handler(void *context, int id, const char *value);

/** Hand every option to @p handler; its first error ends it. Operands are left to the caller. */
struct error *option_parser_run(struct option_parser *parser, option_handler *handler,
				void *context) MUST_CHECK;

/* Argument readers; the error names the option, what it got and what it wants. */

struct error *option_read_u64(const char *option, const char *value, uint64_t least, uint64_t most,
			      uint64_t *ret) MUST_CHECK;
struct error *option_read_double(const char *option, const char *value, double least, double most,
				 double *ret) MUST_CHECK;

/** "512K", "8M", "1G" (powers of 1024) or plain bytes. */
struct error *option_read_size(const char *option, const char *value, uint64_t least, uint64_t most,
			       uint64_t *bytes_ret) MUST_CHECK;

/** "10", "1.5s", "300ms", "2m": seconds unless a unit is given. */
struct error *option_read_duration(const char *option, const char *value,
				   uint64_t *ns_ret) MUST_CHECK;

/**
 * For a command without operands: an ERROR_USAGE about the first one, or NULL.
 * Call after the end of the options.
 */
struct error *option_parser_refuse_operands(const struct option_parser *parser) MUST_CHECK;

/** --help text of one command, or of the whole program when NULL. */
void help_write(FILE *file, const struct command *command);

/** How to call the program or one command, for a wrong call: a few lines. */
void help_write_usage(FILE *file, const struct command *command);
