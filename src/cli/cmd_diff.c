#include "cli/commands.h"

#include "base/output_file.h"
#include "base/text.h"
#include "cli/flamegraph_options.h"
#include "cli/input_options.h"
#include "cli/terminal.h"
#include "input/folded_difference.h"
#include "output/difference.h"
#include "output/flamegraph.h"

#include <string.h>

enum {
	OPTION_OUTPUT = 1,
	OPTION_REPLACE,
	OPTION_FORMAT,
	OPTION_NORMALIZE,
	OPTION_STRIP_HEX,
	OPTION_PERCENT_LIMIT,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_FORMAT, 0, "format", "FORMAT",
	  "svg is a flame graph with the views difference, before and after; folded is what "
	  "difffolded.pl writes; text and markdown are tables of functions, json has all of them. "
	  "Default: by the name given with -o, else text.",
	  "svg folded text json markdown" },
	{ OPTION_OUTPUT, 'o', "output", "FILE", "Where to write. Default: standard output.",
	  "FILE" },
	{ OPTION_REPLACE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_NORMALIZE, 'n', "normalize", "[total|time]",
	  "Compare shares: count BEFORE's samples as if it had as many as AFTER. With time: as if "
	  "it had taken as long.",
	  "total time" },
	{ OPTION_STRIP_HEX, 's', "strip-hex", NULL, "Take addresses in names for equal.", NULL },
	{ OPTION_INPUT_EVENT, 'e', "event", "EVENT",
	  "Which event of several. Default: the one with the most samples, of each file.", NULL },
	{ OPTION_PERCENT_LIMIT, 0, "percent-limit", "PERCENT",
	  "Leave smaller changes out of the table. Default: 0.1.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	FLAMEGRAPH_OPTION_SPECS('c', 'i'),
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS(0, 0, 0, 0),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile diff before.data after.data", "Which functions changed." },
	{ "perf-profile diff -n -o diff.svg before.data after.data",
	  "A flame graph of what changed, for recordings of different length." },
	{ "perf-profile diff -n --format markdown main.data branch.data",
	  "The same as a table for a pull request, with what chance alone may make of it." },
	{ "perf-profile diff --format folded a.folded b.folded", "As difffolded.pl." },
	{ NULL, NULL },
};

enum diff_format {
	FORMAT_UNSET,
	FORMAT_SVG,
	FORMAT_FOLDED,
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_MARKDOWN,
};

static const struct {
	const char *name;
	const char *suffix; /**< Of files that are taken for it. */
} formats[] = {
	[FORMAT_SVG] = { "svg", ".svg" },          [FORMAT_FOLDED] = { "folded", ".folded" },
	[FORMAT_TEXT] = { "text", ".txt" },        [FORMAT_JSON] = { "json", ".json" },
	[FORMAT_MARKDOWN] = { "markdown", ".md" },
};

struct diff_request {
	struct input_options input; /**< For both sides. */
	struct output_options output;
	struct flamegraph_setup setup;
	struct flame_difference_options how;
	struct difference_options table;
	enum diff_format format;
	const char *paths[2];    /**< Before, after. */
	const char *output_path; /**< NULL: standard output. */
	bool may_replace, is_quiet;
};

static struct error *read_format(const char *value, enum diff_format *ret)
{
	for (size_t i = FORMAT_SVG; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(value, formats[i].name) == 0) {
			*ret = (enum diff_format)i;
			return NULL;
		}
	}
	return error_with_hint(error_new(ERROR_USAGE, "--format: unknown '%s'", value),
			       "one of: svg, folded, text, json, markdown");
}

static struct error *read_basis(const char *value, enum difference_basis *ret)
{
	if (!value || strcmp(value, "total") == 0)
		*ret = DIFFERENCE_BY_TOTAL;
	else if (strcmp(value, "time") == 0)
		*ret = DIFFERENCE_BY_TIME;
	else
		return error_with_hint(error_new(ERROR_USAGE, "--normalize: unknown '%s'", value),
				       "one of: total, time");
	return NULL;
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
		return read_basis(value, &request->table.basis);
	case OPTION_STRIP_HEX:
		request->how.is_hex_stripped = true;
		request->table.is_hex_stripped = true;
		return NULL;
	case OPTION_PERCENT_LIMIT:
		return option_read_double("--percent-limit", value, 0, 100,
					  &request->output.percent_limit);
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

static enum diff_format format_of_path(const char *path)
{
	for (size_t i = FORMAT_SVG; i < ARRAY_SIZE(formats); i++)
		if (text_ends_with(path, formats[i].suffix))
			return (enum diff_format)i;
	return FORMAT_TEXT;
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct diff_request *request)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, request));
	if (argc - parser.index != 2)
		return error_with_hint(error_new(ERROR_USAGE, "two profiles are wanted, not %d",
						 argc - parser.index),
				       "perf-profile diff [OPTIONS] BEFORE AFTER");
	request->paths[0] = argv[parser.index];
	request->paths[1] = argv[parser.index + 1];
	if (request->format == FORMAT_UNSET && strcmp(argv[0], command->name) != 0)
		request->format = FORMAT_FOLDED;
	if (request->format == FORMAT_UNSET)
		request->format =
			request->output_path ? format_of_path(request->output_path) : FORMAT_TEXT;
	request->how.is_normalized = request->table.basis == DIFFERENCE_BY_TOTAL;
	/* How long a recording took is known from its samples' times. */
	request->input.open.is_without_ticks = request->table.basis != DIFFERENCE_BY_TIME;
	return NULL;
}

/** By time, before's samples count as those of a recording as long as after. */
static struct error *scale_by_time(const struct diff_request *request,
				   const struct difference_side sides[2],
				   struct flame_difference_options *ret)
{
	*ret = request->how;
	if (request->table.basis != DIFFERENCE_BY_TIME)
		return NULL;
	RETURN_IF_ERROR(difference_check_time(&sides[0], &sides[1]));
	ret->before_factor =
		(double)sides[1].profile->info.wall_ns / (double)sides[0].profile->info.wall_ns;
	return NULL;
}

static struct error *write_stacks(const struct diff_request *request,
				  const struct difference_side sides[2], FILE *file)
{
	const struct flame_side before = { sides[0].profile, sides[0].event };
	const struct flame_side after = { sides[1].profile, sides[1].event };
	struct flame_difference_options how;
	struct flame_tree tree;

	RETURN_IF_ERROR(scale_by_time(request, sides, &how));
	if (request->format == FORMAT_SVG)
		return flamegraph_write_difference(before, after, &how, &request->output, file);
	flame_tree_init_difference(&tree, before, after, &how);
	flame_tree_link(&tree);
	difference_write_folded(&tree, file);
	flame_tree_deinit(&tree);
	return NULL;
}

static struct error *write_functions(const struct diff_request *request,
				     const struct difference_side sides[2], FILE *file)
{
	const double limit = request->output.percent_limit;
	struct difference difference;

	RETURN_IF_ERROR(difference_init(&difference, &sides[0], &sides[1], &request->table));
	if (request->format == FORMAT_JSON)
		difference_write_json(&difference, file);
	else if (request->format == FORMAT_MARKDOWN)
		difference_write_markdown(&difference, limit, file);
	else
		difference_write_text(&difference, limit, file);
	difference_deinit(&difference);
	return NULL;
}

static struct error *write_difference(const struct diff_request *request,
				      const struct difference_side sides[2], FILE *file)
{
	if (request->format == FORMAT_SVG || request->format == FORMAT_FOLDED)
		return write_stacks(request, sides, file);
	return write_functions(request, sides, file);
}

static struct error *write_to_file(const struct diff_request *request,
				   const struct difference_side sides[2])
{
	struct output_file file;

	RETURN_IF_ERROR(output_file_create(&file, request->output_path, request->may_replace));
	return output_file_finish(&file, write_difference(request, sides, file.file));
}

static struct error *open_side(struct diff_request *request, const char *path,
			       struct open_profile *opened_ret, struct difference_side *ret)
{
	ret->path = path;
	request->input.open.path = path;
	RETURN_IF_ERROR(input_options_open(&request->input, opened_ret, &ret->event));
	profile_fill_from_samples(opened_ret->profile, ret->event);
	ret->profile = opened_ret->profile;
	return NULL;
}

static struct error *read_text_side(struct folded_difference *difference, bool is_after,
				    struct input_stream *stream)
{
	struct strange_lines strange;

	RETURN_IF_ERROR(folded_difference_read(difference, is_after, stream, &strange));
	open_profile_warn_lines(input_stream_name(stream), &strange);
	return NULL;
}

/** Folded stacks to folded stacks: text that is left as it is. */
static struct error *compare_text(const struct diff_request *request,
				  struct input_stream *const streams[2])
{
	struct folded_difference *difference =
		folded_difference_create(request->how.is_hex_stripped);
	struct error *error = read_text_side(difference, false, streams[0]);

	if (!error)
		error = read_text_side(difference, true, streams[1]);
	if (!error) {
		open_profile_warn_damage(streams[0]);
		open_profile_warn_damage(streams[1]);
		folded_difference_write(difference, request->how.is_normalized, stdout);
	}
	folded_difference_destroy(difference);
	return error;
}

/** @param is_done_ret  False: these are not both folded stacks, or not as they are wanted. */
static struct error *try_text(struct diff_request *request, bool *is_done_ret)
{
	struct input_stream *streams[2] = { NULL, NULL };

	enum input_kind kinds[2] = { INPUT_EMPTY, INPUT_EMPTY };
	struct error *error = NULL;

	*is_done_ret = false;
	if (request->format != FORMAT_FOLDED || request->output_path ||
	    request->table.basis == DIFFERENCE_BY_TIME ||
	    !profile_filter_is_empty(&request->input.filter) ||
	    !profile_fold_is_empty(&request->input.fold))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(streams) && !error; i++) {
		if (strcmp(request->paths[i], "-") == 0 ||
		    open_profile_is_folder(request->paths[i]))
			break;
		error = input_stream_open(request->paths[i], &streams[i]);
		if (!error)
			error = input_kind_of(streams[i], &kinds[i]);
	}
	if (!error && kinds[0] == INPUT_FOLDED && kinds[1] == INPUT_FOLDED) {
		*is_done_ret = true;
		error = compare_text(request, streams);
	}
	input_stream_close(streams[0]);
	input_stream_close(streams[1]);
	return error;
}

static struct error *compare(struct diff_request *request)
{
	struct open_profile before, after;
	struct difference_side sides[2] = { 0 };
	struct error *error;
	bool is_done;

	RETURN_IF_ERROR(try_text(request, &is_done));
	if (is_done)
		return NULL;
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
	int status;

	request.output.percent_limit = 0.1;
	request.setup.output = &request.output;
	terminal_init(false);
	error = parse(command, argc, argv, &request);
	terminal_init(request.is_quiet);
	if (!error)
		error = compare(&request);
	status = terminal_finish(error);
	flamegraph_setup_deinit(&request.setup);
	input_options_deinit(&request.input);
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
		"work there was when both were recorded at one rate; with -n their shares.\n\n"
		"Tables tell which changes are more than chance makes of the numbers of samples "
		"(docs/formats/diff.md); what differs from run to run is compare's business.\n\n"
		"Under the name difffolded.pl (a link) the program is this command, and folded "
		"the default.",
	.options = options,
	.examples = examples,
	.run = run_diff,
};
