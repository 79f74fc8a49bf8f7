#include "cli/commands.h"

#include "base/output_file.h"
#include "cli/flamegraph_options.h"
#include "cli/input_options.h"
#include "cli/terminal.h"
#include "input/text_profile.h"
#include "output/flamegraph.h"

#include <string.h>
#include <unistd.h>

/** flamegraph.pl's status for an input without stacks. */
#define EXIT_NO_STACKS 2

enum {
	OPTION_OUTPUT = 1,
	OPTION_REPLACE,
	OPTION_PRETTY_XML,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE", "Where to write. Default: standard output.",
	  "FILE" },
	{ OPTION_REPLACE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	FLAMEGRAPH_OPTION_SPECS('c', 'i'),
	{ OPTION_PRETTY_XML, 0, "pretty-xml", NULL, "No effect: for inferno's users.", NULL },
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
	struct flamegraph_setup setup;
	bool is_quiet;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct flamegraph_request *request = context;
	bool is_known = true;

	switch (id) {
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_REPLACE:
		request->may_replace = true;
		return NULL;
	case OPTION_PRETTY_XML:
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	default:
		RETURN_IF_ERROR(flamegraph_setup_apply(&request->setup, id, value, &is_known));
		if (is_known)
			return NULL;
		return input_options_apply(&request->input, id, value, &is_known);
	}
}

/** The event of what difffolded.pl has in the first column. */
static bool find_before(const struct profile *profile, uint32_t *ret)
{
	for (uint32_t i = 1; i < profile->events.count; i++) {
		if (strcmp(profile_text(profile, profile->events.items[i].name),
			   TEXT_PROFILE_BEFORE) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static struct error *write_graph(const struct flamegraph_request *request,
				 const struct profile *profile, FILE *file)
{
	static const struct flame_difference_options how;
	struct flame_side before = { .profile = profile }, after = { .profile = profile };

	if (find_before(profile, &before.event) && !request->output.flamegraph.is_chart)
		return flamegraph_write_difference(before, after, &how, &request->output, file);
	return output_format_find("flamegraph")->write(profile, &request->output, file);
}

static struct error *write_to_file(const struct flamegraph_request *request,
				   const struct profile *profile)
{
	struct output_file file;

	RETURN_IF_ERROR(output_file_create(&file, request->output_path, request->may_replace));
	return output_file_finish(&file, write_graph(request, profile, file.file));
}

/** Fractions were counted in smaller units. */
static void show_in_unit_of_text(struct flamegraph_options *look, uint64_t count_scale)
{
	if (count_scale <= 1)
		return;
	look->factor = (look->factor > 0 ? look->factor : 1) / (double)count_scale;
	look->total_count *= count_scale;
}

static struct error *draw(struct flamegraph_request *request, int *status_ret)
{
	struct open_profile opened;
	struct error *error;

	request->input.open.is_without_ticks = !request->output.flamegraph.is_chart;
	request->input.open.has_line_ticks = request->output.flamegraph.is_chart;
	request->input.open.has_both_counts = true;
	request->input.open.keeps_fractions = true;
	request->input.open.may_be_empty = true;
	if (!request->input.open.path && !isatty(STDIN_FILENO))
		request->input.open.path = "-";
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, &request->output.event));
	show_in_unit_of_text(&request->output.flamegraph, opened.count_scale);
	error = write_to_file(request, opened.profile);
	if (!error)
		error = flamegraph_setup_finish(&request->setup);
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
	struct error *error;
	int status = EXIT_SUCCESS, finished;

	request.setup.output = &request.output;
	terminal_init(false);
	error = input_options_parse(&request.input, command, argc, argv, apply_option, &request);
	terminal_init(request.is_quiet);
	if (!error)
		error = draw(&request, &status);
	finished = terminal_finish(error);
	status = finished == EXIT_SUCCESS ? status : finished;
	flamegraph_setup_deinit(&request.setup);
	input_options_deinit(&request.input);
	return status;
}

const struct command command_flamegraph = {
	.name = "flamegraph",
	.summary = "Draw a flame graph of any profile",
	.usage = "[OPTIONS] [FILE]",
	.description =
		"FILE is " INPUT_KINDS_TEXT ". '-' is standard input, which is also read without "
		"FILE unless it is a terminal; then the last recording is drawn.\n\n"
		"Folded stacks with two counts a line (difffolded.pl, perf-profile diff) give a "
		"graph of the difference. "
		"Counts may have fractions. Lines that are no stack with a count from 0 to 10^18 "
		"are left out and counted, the first of them shown. "
		"Takes the options of flamegraph.pl and inferno-flamegraph. "
		"Under the name flamegraph.pl (a link) the program is this command. An input "
		"without stacks gives a graph that says so, and the exit status 2.",
	.options = options,
	.examples = examples,
	.run = run_flamegraph,
};
