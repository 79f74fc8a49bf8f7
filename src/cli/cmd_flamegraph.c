#include "cli/commands.h"

#include "base/output_file.h"
#include "cli/input_options.h"
#include "cli/palette_option.h"
#include "cli/terminal.h"
#include "output/output_format.h"

#include <string.h>
#include <unistd.h>

/** flamegraph.pl's status for an input without stacks. */
#define EXIT_NO_STACKS 2

enum {
	OPTION_OUTPUT = 1,
	OPTION_REPLACE,
	OPTION_TITLE,
	OPTION_SUBTITLE,
	OPTION_WIDTH,
	OPTION_COUNT_NAME,
	OPTION_COLORS,
	OPTION_REVERSE,
	OPTION_INVERTED,
	OPTION_QUIET,

	/* Of flamegraph.pl and inferno-flamegraph, for what is done in another way here. */
	OPTION_FIRST_WITHOUT_EFFECT,
	OPTION_HASH = OPTION_FIRST_WITHOUT_EFFECT,
	OPTION_RANDOM,
	OPTION_DETERMINISTIC,
	OPTION_PRETTY_XML,
	OPTION_HEIGHT,
	OPTION_LEAST_WIDTH,
	OPTION_FONT_TYPE,
	OPTION_FONT_SIZE,
	OPTION_FONT_WIDTH,
	OPTION_BACKGROUND,
	OPTION_ENCODING,
	OPTION_NAME_TYPE,
	OPTION_NAME_ATTRIBUTES,
	OPTION_TOTAL,
	OPTION_FACTOR,
	OPTION_PALETTE_MAP,
	OPTION_FLAME_CHART,
	OPTION_NEGATE,
	OPTION_NOTES,
	OPTION_LAST_WITHOUT_EFFECT = OPTION_NOTES,
};

static const struct option_spec options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE", "Where to write. Default: standard output.",
	  "FILE" },
	{ OPTION_REPLACE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_TITLE, 0, "title", "TEXT", "Heading. Default: the command.", NULL },
	{ OPTION_SUBTITLE, 0, "subtitle", "TEXT", "Second heading.", NULL },
	{ OPTION_WIDTH, 0, "width", "PIXELS", "Width. Default: it follows the window.", NULL },
	{ OPTION_COUNT_NAME, 0, "countname", "TEXT", "What is counted. Default: samples.", NULL },
	{ OPTION_COLORS, 'c', "colors", "PALETTE", PALETTE_OPTION_HELP, PALETTE_OPTION_VALUES },
	{ OPTION_REVERSE, 0, "reverse", NULL, "Merge stacks from the innermost function on.",
	  NULL },
	{ OPTION_INVERTED, 'i', "inverted", NULL, "Root at the top (icicle graph).", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	{ OPTION_HASH, 0, "hash", NULL, "No effect: colours follow from names anyway.", NULL },
	{ OPTION_RANDOM, 0, "random", NULL, "No effect: colours follow from names.", NULL },
	{ OPTION_DETERMINISTIC, 0, "deterministic", NULL,
	  "No effect: colours follow from names anyway.", NULL },
	{ OPTION_PRETTY_XML, 0, "pretty-xml", NULL, "No effect.", NULL },
	{ OPTION_HEIGHT, 0, "height", "PIXELS", "No effect: rows have one height.", NULL },
	{ OPTION_LEAST_WIDTH, 0, "minwidth", "N[%]",
	  "No effect: what is too narrow to be seen shows after zooming.", NULL },
	{ OPTION_FONT_TYPE, 0, "fonttype", "NAME", "No effect: the reader's font is used.", NULL },
	{ OPTION_FONT_SIZE, 0, "fontsize", "N", "No effect: the reader's font is used.", NULL },
	{ OPTION_FONT_WIDTH, 0, "fontwidth", "N", "No effect: text is measured.", NULL },
	{ OPTION_BACKGROUND, 0, "bgcolors", "COLOR", "No effect: it follows the reader's theme.",
	  NULL },
	{ OPTION_ENCODING, 0, "encoding", "NAME", "No effect: it is always UTF-8.", NULL },
	{ OPTION_NAME_TYPE, 0, "nametype", "TEXT", "No effect.", NULL },
	{ OPTION_NAME_ATTRIBUTES, 0, "nameattr", "FILE", "No effect.", NULL },
	{ OPTION_TOTAL, 0, "total", "N", "No effect.", NULL },
	{ OPTION_FACTOR, 0, "factor", "N", "No effect.", NULL },
	{ OPTION_PALETTE_MAP, 0, "cp", NULL, "No effect: the same name has the same colour anyway.",
	  NULL },
	{ OPTION_FLAME_CHART, 0, "flamechart", NULL, "No effect.", NULL },
	{ OPTION_NEGATE, 0, "negate", NULL, "No effect.", NULL },
	{ OPTION_NOTES, 0, "notes", "TEXT", "No effect.", NULL },
	{ OPTION_INPUT_EVENT, 'e', "event", "EVENT",
	  "Which event of several. Default: the one with the most samples.", NULL },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS(0, 0, 0, 0),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile flamegraph perf.data > flame.svg", "From perf's own file." },
	{ "perf script | perf-profile flamegraph -o flame.svg", "From its text." },
	{ "perf-profile flamegraph --reverse out.folded > leaves.svg", "From folded stacks." },
	{ NULL, NULL },
};

struct flamegraph_request {
	struct input_options input;
	struct output_options output;
	const char *output_path; /**< NULL: standard output. */
	bool may_replace;
	bool is_quiet, is_help;
	struct string_vector without_effect; /**< Names of such options given. */
};

static const char *option_name(int id)
{
	for (const struct option_spec *option = options; option->id; option++) {
		if (option->id == id)
			return option->name;
	}
	return NULL;
}

static struct error *apply_option(struct flamegraph_request *request, int id, const char *value)
{
	struct output_options *output = &request->output;
	uint64_t width;
	bool is_known;

	switch (id) {
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_REPLACE:
		request->may_replace = true;
		return NULL;
	case OPTION_TITLE:
		output->title = value;
		return NULL;
	case OPTION_SUBTITLE:
		output->subtitle = value;
		return NULL;
	case OPTION_WIDTH:
		RETURN_IF_ERROR(option_read_u64("--width", value, 100, 100000, &width));
		output->width_px = (uint32_t)width;
		return NULL;
	case OPTION_COUNT_NAME:
		output->count_name = value;
		return NULL;
	case OPTION_COLORS:
		return palette_option_read(value, &output->palette);
	case OPTION_REVERSE:
		output->is_reversed = true;
		return NULL;
	case OPTION_INVERTED:
		output->is_inverted = true;
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	case OPTION_ID_HELP:
		request->is_help = true;
		return NULL;
	default:
		if (id < OPTION_FIRST_WITHOUT_EFFECT || id > OPTION_LAST_WITHOUT_EFFECT)
			return input_options_apply(&request->input, id, value, &is_known);
		string_vector_append(&request->without_effect, option_name(id));
		return NULL;
	}
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct flamegraph_request *request)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		RETURN_IF_ERROR(apply_option(request, id, value));
	}
	return input_options_take_operand(&request->input, &parser);
}

static struct error *write_to_file(const struct flamegraph_request *request,
				   const struct profile *profile)
{
	const struct output_format *format = output_format_find("flamegraph");
	struct output_file file;
	struct error *error;

	if (!request->output_path || strcmp(request->output_path, "-") == 0)
		return format->write(profile, &request->output, stdout);
	RETURN_IF_ERROR(output_file_create(&file, request->output_path, request->may_replace));
	error = format->write(profile, &request->output, file.file);
	if (!error)
		error = output_file_commit(&file);
	output_file_abandon(&file);
	return error;
}

static struct error *draw(struct flamegraph_request *request, int *status_ret)
{
	struct open_profile opened;
	struct error *error;

	request->input.open.is_without_ticks = true;
	if (!request->input.open.path && !isatty(STDIN_FILENO))
		request->input.open.path = "-";
	for (size_t i = 0; i < request->without_effect.count; i++)
		terminal_print_warning("--%s has no effect here",
				       request->without_effect.items[i]);
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, &request->output.event));
	error = write_to_file(request, opened.profile);
	if (!error && opened.profile->samples.count == 0) {
		terminal_print_warning("%s: no stacks in it; the graph says so", opened.path);
		*status_ret = EXIT_NO_STACKS;
	}
	open_profile_close(&opened);
	return error;
}

static int run_flamegraph(const struct command *command, int argc, char **argv)
{
	struct flamegraph_request request = { .output = output_options_default() };
	struct error *error = parse(command, argc, argv, &request);
	int status = EXIT_SUCCESS, written;

	terminal_init(request.is_quiet);
	if (request.is_help)
		help_write(stdout, command);
	else if (!error)
		error = draw(&request, &status);
	if (error) {
		terminal_print_error(error);
		status = EXIT_OURS;
	} else {
		written = terminal_finish_output();
		status = written == EXIT_SUCCESS ? status : written;
	}
	string_vector_deinit(&request.without_effect);
	input_options_deinit(&request.input);
	return status;
}

const struct command command_flamegraph = {
	.name = "flamegraph",
	.summary = "Draw a flame graph of any profile",
	.usage = "[OPTIONS] [FILE]",
	.description =
		"FILE is a perf.data file of any recorder, perf script text or folded stacks; "
		"plain, gzip or zstd. '-' is standard input, which is also read without FILE "
		"unless it is a terminal; then the last recording is drawn.\n\n"
		"Takes the options of flamegraph.pl; those that have no effect here say so above. "
		"Under the name flamegraph.pl (a link) the program is this command. An input "
		"without stacks gives a graph that says so, and the exit status 2.",
	.options = options,
	.examples = examples,
	.run = run_flamegraph,
};
