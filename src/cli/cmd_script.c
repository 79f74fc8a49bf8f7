#include "cli/commands.h"

#include "cli/input_options.h"
#include "cli/pager.h"
#include "cli/terminal.h"
#include "output/output_format.h"

#include <string.h>

static const struct option_spec options[] = {
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read; '-' is standard input. Default: the last recording.", "FILE" },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS('c', 0, 'S', 'C'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile script", "Every sample of the last recording." },
	{ "perf-profile script -i perf.data --time 10%-20%", "A tenth of a foreign one." },
	{ NULL, NULL },
};

static struct error *write_script(struct input_options *input)
{
	struct output_options output = output_options_default();
	struct open_profile opened;
	struct error *error;

	RETURN_IF_ERROR(input_options_open(input, &opened, NULL));
	pager_begin();
	error = output_format_find("script")->write(opened.profile, &output, stdout);
	open_profile_close(&opened);
	return error;
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct input_options *input, bool *is_help_ret)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	bool is_known;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			return input_options_take_operand(input, &parser);
		if (id == OPTION_ID_HELP) {
			*is_help_ret = true;
			return NULL;
		}
		RETURN_IF_ERROR(input_options_apply(input, id, value, &is_known));
	}
}

static int run_script(const struct command *command, int argc, char **argv)
{
	struct input_options input = { 0 };
	bool is_help = false;
	struct error *error = parse(command, argc, argv, &input, &is_help);
	int status = EXIT_OURS;

	if (is_help)
		help_write(stdout, command);
	else if (!error)
		error = write_script(&input);
	if (error)
		terminal_print_error(error);
	else
		status = terminal_finish_output();
	pager_end();
	input_options_deinit(&input);
	return status;
}

const struct command command_script = {
	.name = "script",
	.summary = "Print every sample of a profile as text, as perf script does",
	.usage = "[OPTIONS] [FILE]",
	.description = "FILE is " INPUT_KINDS_TEXT ". What has no times has no samples to print.",
	.options = options,
	.examples = examples,
	.run = run_script,
};
