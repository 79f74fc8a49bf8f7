#include "base/memory.h"
#include "cli/commands.h"
#include "cli/privileges.h"
#include "cli/program_search.h"
#include "cli/program_text.h"
#include "cli/terminal.h"

#include <string.h>

/** --help is the same for all. */
static int run_command(const struct command *command, int argc, char **argv)
{
	if (!option_parser_finds_help(command, argc, argv))
		return command->run(command, argc, argv);
	help_write(stdout, command);
	return terminal_finish_output();
}

/** The main job, with argv[0] as the main command's own name. */
static int run_main_command(int argc, char **argv)
{
	const struct command *command = command_find(MAIN_COMMAND_NAME);

	argv[0] = memory_duplicate_text(MAIN_COMMAND_NAME);
	return run_command(command, argc, argv);
}

/**
 * A mistyped subcommand would be taken for a program to profile; say so
 * before anything is recorded. NULL: @p word is a program, or like no command.
 */
static struct error *refuse_mistyped_command(const char *word)
{
	_cleanup_free_ char *suggestion = NULL;

	if (word[0] == '-' || program_search(word, NULL))
		return NULL;
	suggestion = command_suggest(word);
	if (!suggestion)
		return NULL;
	return error_with_hint(
		error_new(ERROR_NOT_FOUND, "'%s' is neither a command nor a program", word),
		"did you mean %s?", suggestion);
}

/** Names of other tools under which (as a link) the program does what they do. */
static const struct {
	const char *name;
	const struct command *command;
} stand_ins[] = {
	{ "stackcollapse-perf.pl", &command_collapse }, { "stackcollapse-perf", &command_collapse },
	{ "inferno-collapse-perf", &command_collapse }, { "flamegraph.pl", &command_flamegraph },
	{ "inferno-flamegraph", &command_flamegraph },  { "difffolded.pl", &command_diff },
	{ "inferno-diff-folded", &command_diff },
};

/** NULL: the program is called by its own name. */
static const struct command *find_stand_in(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++) {
		if (strcmp(stand_ins[i].name, name) == 0)
			return stand_ins[i].command;
	}
	return NULL;
}

/** Perl's Getopt::Long takes -title for --title. */
static int run_stand_in(const struct command *command, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] == '-' && argv[i][1] != '-' && strlen(argv[i]) > 2)
			argv[i] = memory_format_text("-%s", argv[i]);
	}
	return run_command(command, argc, argv);
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct error *error;

	terminal_init(false);
	error = privileges_restrict();
	if (error) {
		terminal_print_error(error);
		return EXIT_OURS;
	}
	privileges_take_invoker();
	command = argc > 0 ? find_stand_in(argv[0]) : NULL;
	if (command)
		return run_stand_in(command, argc, argv);
	if (argc < 2) {
		help_write_usage(stderr, NULL);
		return EXIT_OURS;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_write(stdout, NULL);
		return terminal_finish_output();
	}
	if (strcmp(argv[1], "--version") == 0)
		return command_version.run(&command_version, 1, argv + 1);
	command = command_find(argv[1]);
	if (command)
		return run_command(command, argc - 1, argv + 1);
	error = refuse_mistyped_command(argv[1]);
	if (error) {
		terminal_print_error(error);
		return EXIT_NOT_FOUND;
	}
	return run_main_command(argc, argv);
}
