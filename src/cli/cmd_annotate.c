#include "cli/commands.h"

#include "cli/annotate.h"
#include "cli/pager.h"
#include "cli/terminal.h"

enum {
	OPTION_PERCENT_LIMIT = 1,
	OPTION_OBJDUMP,
	OPTION_NO_SOURCE,
	OPTION_NO_CODE,
	OPTION_STDIO,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read; '-' is standard input. Default: the last recording.", "FILE" },
	{ OPTION_INPUT_EVENT, 'e', "event", "EVENT",
	  "Which event of several. Default: the one with the most samples.", NULL },
	{ OPTION_PERCENT_LIMIT, 0, "percent-limit", "PERCENT",
	  "Leave out functions with less of their own. Default: 5.", NULL },
	{ OPTION_OBJDUMP, 0, "objdump", "FILE", "The disassembler to run. Default: objdump.",
	  "FILE" },
	{ OPTION_NO_SOURCE, 0, "no-source", NULL, "Only the code.", NULL },
	{ OPTION_NO_CODE, 0, "no-asm", NULL, "Only the source.", NULL },
	{ OPTION_STDIO, 0, "stdio", NULL, "No effect: this is text anyway.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS('c', 'd', 's', 'C'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile annotate", "The hottest functions of the last recording." },
	{ "perf-profile annotate -s sqlite3VdbeExec --percent-limit 0", "One function." },
	{ "perf-profile annotate --no-asm perf.data", "Source lines and their shares." },
	{ NULL, NULL },
};

struct annotate_request {
	struct input_options input;
	struct annotate_options options;
	bool is_quiet;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct annotate_request *request = context;
	bool is_known;

	switch (id) {
	case OPTION_PERCENT_LIMIT:
		return option_read_double("--percent-limit", value, 0, 100,
					  &request->options.percent_limit);
	case OPTION_OBJDUMP:
		request->options.objdump = value;
		return NULL;
	case OPTION_NO_SOURCE:
		request->options.is_without_source = true;
		return NULL;
	case OPTION_NO_CODE:
		request->options.is_without_code = true;
		return NULL;
	case OPTION_STDIO:
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	default:
		return input_options_apply(&request->input, id, value, &is_known);
	}
}

static struct error *annotate(struct annotate_request *request)
{
	struct open_profile opened;
	struct error *error;

	request->input.open.is_without_ticks = true;
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, &request->options.event));
	pager_begin();
	error = annotate_write(&request->options, opened.profile, stdout);
	open_profile_close(&opened);
	return error;
}

static int run_annotate(const struct command *command, int argc, char **argv)
{
	struct annotate_request request = { .options = { .percent_limit = 5,
							 .objdump = "objdump" } };
	struct error *error =
		input_options_parse(&request.input, command, argc, argv, apply_option, &request);
	int status;

	request.options.open = &request.input.open;
	terminal_init(request.is_quiet);
	if (!error)
		error = annotate(&request);
	status = terminal_finish(error);
	pager_end();
	input_options_deinit(&request.input);
	return status;
}

const struct command command_annotate = {
	.name = "annotate",
	.summary = "Show functions line by line and instruction by instruction",
	.usage = "[OPTIONS] [FILE...]",
	.description =
		"FILE is " INPUT_KINDS_TEXT ". Without it the last recording is shown.\n\n"
		"Each function with enough samples of its own is shown twice: its source lines "
		"with their shares, those of inlined functions too, and its code as objdump(1) "
		"has it, if that is installed. Shares are of the function's own samples.",
	.options = options,
	.examples = examples,
	.run = run_annotate,
};
