#include "cli/commands.h"

#include "base/output_file.h"
#include "cli/export.h"
#include "cli/export_format.h"
#include "cli/input_options.h"
#include "cli/terminal.h"

#include <string.h>
#include <unistd.h>

enum {
	OPTION_FORMAT = 1,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_LIST,
	OPTION_TITLE,
};

const struct option_spec export_options[] = {
	{ OPTION_FORMAT, 0, "format", "FORMAT", "What to write; --list shows what there is.",
	  ALL_EXPORT_FORMAT_NAMES },
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	  "Where to write; '-' is standard output. Default: standard output.", "FILE" },
	{ OPTION_FORCE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_LIST, 0, "list", NULL, "List the formats.", NULL },
	{ OPTION_TITLE, 0, "title", "TEXT",
	  "Name of the profile in the file. Default: the recorded command.", NULL },
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read; '-' is standard input. Default: the last recording.", "FILE" },
	{ OPTION_INPUT_EVENT, 'e', "event", "EVENT",
	  "Which event, of several. Default: the one with the most samples.", NULL },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS('c', 0, 'S', 'C'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile export --format pprof -o profile.pb.gz",
	  "The last recording for go tool pprof." },
	{ "perf-profile export --format firefox -o profile.json perf.data",
	  "A perf.data file of any recorder for profiler.firefox.com." },
	{ NULL, NULL },
};

struct export_request {
	struct input_options input;
	struct output_options output;
	const struct output_format *format; /**< NULL: none chosen. */
	const struct output_format *default_format;
	const char *path; /**< NULL or "-": standard output. */
	bool may_replace;
	bool is_list;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct export_request *export = context;
	bool is_known;

	switch (id) {
	case OPTION_FORMAT:
		return export_format_read("--format", value, explained_formats, &export->format);
	case OPTION_OUTPUT:
		export->path = value;
		return NULL;
	case OPTION_FORCE:
		export->may_replace = true;
		return NULL;
	case OPTION_LIST:
		export->is_list = true;
		return NULL;
	case OPTION_TITLE:
		export->output.title = value;
		return NULL;
	default:
		return input_options_apply(&export->input, id, value, &is_known);
	}
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct export_request *export)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, export));
	if (!export->format)
		export->format = export->default_format;
	if (!export->is_list && !export->format)
		return error_with_hint(error_new(ERROR_USAGE, "no format given"),
				       "--format FORMAT; --list shows what there is");
	return input_options_take_operand(&export->input, &parser);
}

static void write_list(const struct output_format *const *formats)
{
	for (const struct output_format *const *format = formats; *format; format++)
		printf("%-12s %s\n", (*format)->name, (*format)->description);
}

/** A terminal shows bytes as noise at best. */
static struct error *refuse_terminal(const struct output_format *format)
{
	if (!format->is_binary || !isatty(STDOUT_FILENO))
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "%s is not for a terminal", format->name),
			       "-o %s writes a file", format->file_name);
}

static struct error *write_file(struct export_request *export, const struct profile *profile)
{
	struct output_file output;

	RETURN_IF_ERROR(output_file_create(&output, export->path, export->may_replace));
	return output_file_finish(&output,
				  export->format->write(profile, &export->output, output.file));
}

static struct error *write_export(struct export_request *export)
{
	struct open_profile opened;
	struct error *error;

	if (output_path_is_stdout(export->path))
		RETURN_IF_ERROR(refuse_terminal(export->format));
	RETURN_IF_ERROR(input_options_open(&export->input, &opened, &export->output.event));
	if (export_format_is_explained(export->format))
		profile_fill_from_samples(opened.profile, export->output.event);
	error = write_file(export, opened.profile);
	open_profile_close(&opened);
	return error;
}

int export_run(const struct command *command, int argc, char **argv,
	       const struct output_format *default_format)
{
	struct export_request export = { .output = output_options_default(),
					 .default_format = default_format };
	struct error *error = parse(command, argc, argv, &export);
	int status;

	if (!error && !export.is_list)
		error = write_export(&export);
	else if (!error) {
		write_list(output_formats);
		write_list(explained_formats);
	}
	status = terminal_finish(error);
	input_options_deinit(&export.input);
	return status;
}

static int run_export(const struct command *command, int argc, char **argv)
{
	return export_run(command, argc, argv, NULL);
}

const struct command command_export = {
	.name = "export",
	.summary = "Write a profile in the format of another program",
	.usage = "--format FORMAT [-o FILE] [INPUT]",
	.description = "INPUT is " INPUT_KINDS_TEXT ". Without it, the last recording.",
	.options = export_options,
	.examples = examples,
	.run = run_export,
};
