#include "cli/commands.h"

#include "base/output_file.h"
#include "cli/flamegraph_options.h"
#include "cli/open_profile.h"
#include "cli/terminal.h"
#include "output/difference_text.h"
#include "output/flamegraph.h"

#include <string.h>

enum {
	OPTION_OUTPUT = 1,
	OPTION_REPLACE,
	OPTION_FORMAT,
	OPTION_NORMALIZE,
	OPTION_STRIP_HEX,
	OPTION_EVENT,
	OPTION_PERCENT_LIMIT,
	OPTION_SYMFS,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_FORMAT, 0, "format", "FORMAT",
	  "svg is a flame graph with the views difference, before and after; folded is what "
	  "difffolded.pl writes; text is a table of functions. Default: by the name given with "
	  "-o, else text.",
	  "svg folded text" },
	{ OPTION_OUTPUT, 'o', "output", "FILE", "Where to write. Default: standard output.",
	  "FILE" },
	{ OPTION_REPLACE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_NORMALIZE, 'n', "normalize", NULL,
	  "Compare shares: count A's samples as if it had as many as B.", NULL },
	{ OPTION_STRIP_HEX, 's', "strip-hex", NULL, "Take addresses in names for equal.", NULL },
	{ OPTION_EVENT, 'e', "event", "EVENT",
	  "Which event of several. Default: the one with the most samples, of each file.", NULL },
	{ OPTION_PERCENT_LIMIT, 0, "percent-limit", "PERCENT",
	  "Leave smaller changes out of the table. Default: 0.1.", NULL },
	{ OPTION_SYMFS, 0, "symfs", "DIR",
	  "Folder that holds the recorded machine's files; they are taken on trust.", "DIR" },
	SYMBOL_SEARCH_OPTION_SPECS,
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	FLAMEGRAPH_OPTION_SPECS('c', 'i'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile diff before.data after.data", "Which functions changed." },
	{ "perf-profile diff -n -o diff.svg before.data after.data",
	  "A flame graph of what changed, for recordings of different length." },
	{ "perf-profile diff --format folded a.folded b.folded", "As difffolded.pl." },
	{ NULL, NULL },
};

enum diff_format {
	FORMAT_UNSET,
	FORMAT_SVG,
	FORMAT_FOLDED,
	FORMAT_TEXT
};

struct diff_request {
	struct output_options output;
	struct flamegraph_setup setup;
	struct flame_difference_options how;
	enum diff_format format;
	const char *paths[2];    /**< Before, after. */
	const char *output_path; /**< NULL: standard output. */
	const char *event, *symfs_path;
	struct symbol_search search;
	bool may_replace, is_quiet, is_help;
};

static struct error *read_format(const char *value, enum diff_format *ret)
{
	static const char *const names[] = {
		[FORMAT_SVG] = "svg", [FORMAT_FOLDED] = "folded", [FORMAT_TEXT] = "text"
	};

	for (size_t i = FORMAT_SVG; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			*ret = (enum diff_format)i;
			return NULL;
		}
	}
	return error_with_hint(error_new(ERROR_USAGE, "--format: unknown '%s'", value),
			       "one of: svg, folded, text");
}

static struct error *apply_option(void *context, int id, const char *value)
{
	struct diff_request *request = context;
	bool is_known;

	switch (id) {
	case OPTION_FORMAT:
		return read_format(value, &request->format);
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_REPLACE:
		request->may_replace = true;
		return NULL;
	case OPTION_NORMALIZE:
		request->how.is_normalized = true;
		return NULL;
	case OPTION_STRIP_HEX:
		request->how.is_hex_stripped = true;
		return NULL;
	case OPTION_EVENT:
		request->event = value;
		return NULL;
	case OPTION_PERCENT_LIMIT:
		return option_read_double("--percent-limit", value, 0, 100,
					  &request->output.percent_limit);
	case OPTION_SYMFS:
		request->symfs_path = value;
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	case OPTION_ID_HELP:
		request->is_help = true;
		return NULL;
	default:
		RETURN_IF_ERROR(symbol_search_apply(&request->search, id, value, &is_known));
		if (is_known)
			return NULL;
		return flamegraph_setup_apply(&request->setup, id, value, &is_known);
	}
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct diff_request *request)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, request));
	if (request->is_help)
		return NULL;
	if (argc - parser.index != 2)
		return error_with_hint(error_new(ERROR_USAGE, "two profiles are wanted, not %d",
						 argc - parser.index),
				       "perf-profile diff [OPTIONS] BEFORE AFTER");
	request->paths[0] = argv[parser.index];
	request->paths[1] = argv[parser.index + 1];
	if (request->format == FORMAT_UNSET && request->output_path)
		request->format = ends_with(request->output_path, ".svg")      ? FORMAT_SVG
				  : ends_with(request->output_path, ".folded") ? FORMAT_FOLDED
									       : FORMAT_TEXT;
	return NULL;
}

static struct error *write_difference(const struct diff_request *request,
				      const struct flame_side sides[2], FILE *file)
{
	struct flame_tree tree;

	if (request->format == FORMAT_SVG)
		return flamegraph_write_difference(sides[0], sides[1], &request->how,
						   &request->output, file);
	flame_tree_init_difference(&tree, sides[0], sides[1], &request->how);
	if (request->format == FORMAT_FOLDED)
		difference_write_folded(&tree, file);
	else
		difference_write_functions(&tree, request->output.percent_limit, file);
	flame_tree_deinit(&tree);
	return NULL;
}

static struct error *write_to_file(const struct diff_request *request,
				   const struct flame_side sides[2])
{
	struct output_file file;
	struct error *error;

	if (!request->output_path || strcmp(request->output_path, "-") == 0)
		return write_difference(request, sides, stdout);
	RETURN_IF_ERROR(output_file_create(&file, request->output_path, request->may_replace));
	error = write_difference(request, sides, file.file);
	if (!error)
		error = output_file_commit(&file);
	output_file_abandon(&file);
	return error;
}

static struct error *open_side(const struct diff_request *request, const char *path,
			       struct open_profile *opened_ret, struct flame_side *ret)
{
	const struct open_profile_options how = { .path = path,
						  .symfs_path = request->symfs_path,
						  .search = request->search,
						  .is_without_ticks = true };
	struct error *error;

	RETURN_IF_ERROR(open_profile(&how, opened_ret));
	ret->profile = opened_ret->profile;
	error = open_profile_event(opened_ret->profile, request->event, &ret->event);
	if (error)
		open_profile_close(opened_ret);
	return error;
}

static struct error *compare(const struct diff_request *request)
{
	struct open_profile before, after;
	struct flame_side sides[2];
	struct error *error;

	RETURN_IF_ERROR(open_side(request, request->paths[0], &before, &sides[0]));
	error = open_side(request, request->paths[1], &after, &sides[1]);
	if (!error) {
		error = write_to_file(request, sides);
		open_profile_close(&after);
	}
	open_profile_close(&before);
	return error ? error : flamegraph_setup_finish(&request->setup);
}

static int run_diff(const struct command *command, int argc, char **argv)
{
	struct diff_request request = { .output = output_options_default() };
	struct error *error;
	int status = EXIT_OURS;

	request.output.percent_limit = 0.1;
	request.setup.output = &request.output;
	terminal_init(false);
	error = parse(command, argc, argv, &request);
	terminal_init(request.is_quiet);
	if (request.is_help)
		help_write(stdout, command);
	else if (!error)
		error = compare(&request);
	if (error)
		terminal_print_error(error);
	else
		status = terminal_finish_output();
	flamegraph_setup_deinit(&request.setup);
	symbol_search_deinit(&request.search);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "What changed between two profiles",
	.usage = "[OPTIONS] BEFORE AFTER",
	.description =
		"BEFORE and AFTER are " INPUT_KINDS_TEXT ".\n\n"
		"The profiled programs of both are taken for the same, whatever they are called. "
		"Without -n numbers of samples are compared, which says how much more or less "
		"work there was when both were recorded at one rate; with -n their shares.",
	.options = options,
	.examples = examples,
	.run = run_diff,
};
