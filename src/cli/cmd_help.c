#include "cli/commands.h"

#include "base/memory.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/terminal.h"

enum {
	OPTION_MAN = 1,
	OPTION_COMPLETION,
};

static const struct option_spec options[] = {
	{ OPTION_MAN, 0, "man", NULL, "Print the man page instead, in the man(7) macros.", NULL },
	{ OPTION_COMPLETION, 0, "completion", "SHELL",
	  "Print the completion script for bash, zsh or fish.", "bash zsh fish" },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile help check", "What 'perf-profile check' does and its options." },
	{ "perf-profile help --man | man -l -", "Read the manual without installing it." },
	{ "source <(perf-profile help --completion bash)", "Completion in this shell." },
	{ NULL, NULL },
};

struct help_request {
	bool wants_manual;
	const struct completion_shell *shell; /**< NULL: none wanted. */
	const struct command *about;          /**< NULL: the whole program. */
};

static struct error *find_shell(const char *name, const struct completion_shell **ret)
{
	*ret = completion_find(name);
	if (*ret)
		return NULL;
	return error_new(ERROR_USAGE, "--completion: '%s' is not bash, zsh or fish", name);
}

static struct error *find_topic(const char *name, const struct command **ret)
{
	_cleanup_free_ char *suggestion = NULL;
	struct error *error;

	*ret = command_find(name);
	if (*ret)
		return NULL;
	error = error_new(ERROR_USAGE, "there is no command '%s'", name);
	suggestion = command_suggest(name);
	if (suggestion)
		return error_with_hint(error, "did you mean %s?", suggestion);
	return error_with_hint(error, "'perf-profile help' lists them");
}

static struct error *read_request(const struct command *command, int argc, char **argv,
				  struct help_request *ret)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		if (id == OPTION_MAN)
			ret->wants_manual = true;
		else
			RETURN_IF_ERROR(find_shell(value, &ret->shell));
	}
	if (parser.index < argc)
		RETURN_IF_ERROR(find_topic(argv[parser.index++], &ret->about));
	return option_parser_refuse_operands(&parser);
}

static int run_help(const struct command *command, int argc, char **argv)
{
	struct help_request request = { 0 };
	struct error *error = read_request(command, argc, argv, &request);

	if (error) {
		terminal_print_error(error);
		return EXIT_OURS;
	}
	if (request.shell)
		request.shell->write(stdout);
	else if (request.wants_manual)
		manual_write(stdout, request.about);
	else
		help_write(stdout, request.about);
	return terminal_finish_output();
}

const struct command command_help = {
	.name = "help",
	.summary = "Explain the program or one of its commands",
	.usage = "[OPTIONS] [COMMAND]",
	.options = options,
	.examples = examples,
	.run = run_help,
};
