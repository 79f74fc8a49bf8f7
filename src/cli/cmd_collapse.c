#include "cli/commands.h"

#include "base/count_noun.h"
#include "cli/inlined_names.h"
#include "cli/input_options.h"
#include "cli/terminal.h"
#include "input/collapse.h"
#include "output/output_format.h"
#include "profile/relabel.h"
#include "profile/rewrite.h"

#include <inttypes.h>
#include <string.h>

enum {
	OPTION_HAS_PIDS = 1,
	OPTION_HAS_TIDS,
	OPTION_MARK_KERNEL,
	OPTION_MARK_JIT,
	OPTION_MARK_ALL,
	OPTION_ADDRESSES,
	OPTION_EVENT_FILTER,
	OPTION_INLINE,
	OPTION_CONTEXT,
	OPTION_SOURCE_LINES,
	OPTION_SKIP_AFTER,
	OPTION_N_THREADS,
	OPTION_QUIET,
	OPTION_VERBOSE,
};

static const struct option_spec options[] = {
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read, as an operand does; '-' is standard input.", "FILE" },
	{ OPTION_HAS_PIDS, 0, "pid", NULL, "Begin stacks with NAME-PID.", NULL },
	{ OPTION_HAS_TIDS, 0, "tid", NULL, "Begin stacks with NAME-PID/TID.", NULL },
	{ OPTION_MARK_KERNEL, 0, "kernel", NULL, "Mark kernel functions with _[k].", NULL },
	{ OPTION_MARK_JIT, 0, "jit", NULL, "Mark functions made at run time with _[j].", NULL },
	{ OPTION_MARK_ALL, 0, "all", NULL, "Both marks.", NULL },
	{ OPTION_ADDRESSES, 0, "addrs", NULL, "Show the address where there is no symbol.", NULL },
	{ OPTION_EVENT_FILTER, 0, "event-filter", "EVENT",
	  "Only samples of this event. Default: the first one met.", NULL },
	{ OPTION_INLINE, 0, "inline", NULL,
	  "Look up functions inlined at the addresses in perf script text, in the debug "
	  "information of the files it names.",
	  NULL },
	{ OPTION_CONTEXT, 0, "context", NULL, "With --inline: also FILE:LINE.", NULL },
	{ OPTION_SOURCE_LINES, 0, "srcline", NULL,
	  "Add FILE:LINE to the functions. Text has to be of perf script -F +srcline.", NULL },
	{ OPTION_SKIP_AFTER, 0, "skip-after", "NAME",
	  "Leave out what called this function. May be given again.", NULL },
	{ OPTION_N_THREADS, 'n', "nthreads", "N",
	  "Taken for compatibility: one thread does it all.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	{ OPTION_VERBOSE, 'v', "verbose", NULL, "Taken for compatibility.", NULL },
	SYMBOL_OPTION_SPECS,
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf script | perf-profile collapse > out.folded", "What flame graph tools read." },
	{ "perf-profile collapse perf.data", "Without perf in between." },
	{ NULL, NULL },
};

struct collapse_request {
	struct collapse_options options;
	struct input_options input;
	struct string_vector paths;
	bool is_inlined, has_context;
	bool is_quiet;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct collapse_request *request = context;
	struct collapse_options *options_ret = &request->options;
	uint64_t n_threads;
	bool is_known;

	switch (id) {
	case OPTION_INPUT:
		string_vector_append(&request->paths, value);
		return NULL;
	case OPTION_HAS_PIDS:
		options_ret->has_pids = true;
		return NULL;
	case OPTION_HAS_TIDS:
		options_ret->has_tids = true;
		return NULL;
	case OPTION_MARK_KERNEL:
		options_ret->marks_kernel = true;
		return NULL;
	case OPTION_MARK_JIT:
		options_ret->marks_jit = true;
		return NULL;
	case OPTION_MARK_ALL:
		options_ret->marks_kernel = options_ret->marks_jit = true;
		return NULL;
	case OPTION_ADDRESSES:
		options_ret->has_addresses = true;
		return NULL;
	case OPTION_EVENT_FILTER:
		options_ret->event = value;
		return NULL;
	case OPTION_INLINE:
		request->is_inlined = true;
		return NULL;
	case OPTION_CONTEXT:
		request->has_context = true;
		return NULL;
	case OPTION_SOURCE_LINES:
		options_ret->has_source_lines = true;
		return NULL;
	case OPTION_SKIP_AFTER:
		string_vector_append(&options_ret->skip_after, value);
		return NULL;
	case OPTION_N_THREADS:
		return option_read_u64("--nthreads", value, 1, 4096, &n_threads);
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	default:
		return input_options_apply(&request->input, id, value, &is_known);
	}
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct collapse_request *request)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, request));
	for (int i = parser.index; i < argc; i++)
		string_vector_append(&request->paths, argv[i]);
	if (request->paths.count == 0)
		string_vector_append(&request->paths, "-");
	return NULL;
}

static void warn_of_losses(const struct collapse *collapse, const char *name)
{
	const struct collapse_losses *losses = collapse_losses(collapse);

	if (losses->n_filtered > 0)
		terminal_print_warning("%s: %" PRIu64 " %s of other events than %s left out, "
				       "such as %s (--event-filter chooses)",
				       name, losses->n_filtered,
				       count_noun(losses->n_filtered, "sample", "samples"),
				       collapse_event(collapse), losses->filtered_event);
	open_profile_warn_lines(name, &losses->unrecognised);
	if (losses->is_cut)
		terminal_print_warning("%s: no empty line ends the last sample: cut off, left out",
				       name);
	if (collapse_n_stacks(collapse) == 0)
		terminal_print_warning("%s: no stacks in it", name);
}

/** --addrs, --srcline and --context, as far as the profile knows. */
static void relabel(const struct collapse_request *request, struct profile *profile,
		    const char *path)
{
	const bool has_lines = request->options.has_source_lines || request->has_context;

	if (request->options.has_addresses && !profile_name_addresses(profile))
		terminal_print_warning("%s: it has no addresses for --addrs to show", path);
	if (has_lines && !profile_name_lines(profile))
		terminal_print_warning("%s: it has no source lines for %s to show", path,
				       request->has_context ? "--context" : "--srcline");
}

/** --skip-after */
static void skip_callers(struct profile *profile, const struct string_vector *names)
{
	_cleanup_free_ bool *is_first = memory_allocate(profile->frames.count, sizeof(*is_first));

	if (names->count == 0)
		return;
	for (size_t i = 0; i < profile->frames.count; i++) {
		const char *name = profile_text(profile, profile->frames.items[i].name);

		for (size_t j = 0; j < names->count; j++)
			is_first[i] |= strcmp(name, names->items[j]) == 0;
	}
	profile_begin_stacks_at(profile, is_first);
}

/** perf.data and folded stacks, through a profile. */
static struct error *collapse_profile(struct collapse_request *request, const char *path,
				      struct input_stream *stream)
{
	struct output_options output = output_options_default();
	struct open_profile opened;
	struct error *error;

	request->input.open.path = path;
	request->input.open.stream = stream;
	request->input.open.is_without_ticks = true;
	request->input.event = request->options.event;
	output.folded = (struct folded_options){
		.has_pids = request->options.has_pids,
		.has_tids = request->options.has_tids,
		.marks_kernel = request->options.marks_kernel,
		.marks_jit = request->options.marks_jit,
	};
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, &output.event));
	relabel(request, opened.profile, path);
	skip_callers(opened.profile, &request->options.skip_after);
	error = output_format_find("collapsed")->write(opened.profile, &output, stdout);
	open_profile_close(&opened);
	return error;
}

static struct error *collapse_stream(struct collapse_request *request, struct collapse *collapse,
				     struct input_stream *stream, bool *is_text_ret)
{
	const char *name = input_stream_name(stream);
	enum input_kind kind;

	RETURN_IF_ERROR(input_kind_of(stream, &kind));
	if (kind == INPUT_SCRIPT || kind == INPUT_EMPTY) {
		*is_text_ret = true;
		RETURN_IF_ERROR(collapse_read(collapse, stream));
		open_profile_warn_damage(stream);
		return NULL;
	}
	if (request->paths.count > 1)
		return error_new(ERROR_USAGE, "%s: of several inputs, all must be perf script text",
				 name);
	return collapse_profile(request, request->paths.items[0], stream);
}

static struct error *collapse_path(struct collapse_request *request, struct collapse *collapse,
				   const char *path, bool *is_text_ret)
{
	struct input_stream *stream;
	struct error *error;

	if (open_profile_is_folder(path))
		return collapse_profile(request, path, NULL);
	RETURN_IF_ERROR(input_stream_open(path, &stream));
	error = collapse_stream(request, collapse, stream, is_text_ret);
	input_stream_close(stream);
	return error;
}

static struct error *collapse_all(struct collapse_request *request)
{
	struct inlined_names *names = NULL;
	struct collapse *collapse;
	struct error *error = NULL;
	bool is_text = false;

	if (request->is_inlined) {
		names = inlined_names_create(request->input.open.symfs_path,
					     &request->input.open.symbols, request->has_context);
		request->options.expand_inlined = inlined_names_expand;
		request->options.expand_context = names;
	}
	collapse = collapse_create(&request->options);
	for (size_t i = 0; i < request->paths.count && !error; i++)
		error = collapse_path(request, collapse, request->paths.items[i], &is_text);
	if (!error && is_text) {
		warn_of_losses(collapse,
			       request->paths.count == 1 ? request->paths.items[0] : "the inputs");
		collapse_write(collapse, stdout);
	}
	collapse_destroy(collapse);
	inlined_names_destroy(names);
	return error;
}

static int run_collapse(const struct command *command, int argc, char **argv)
{
	struct collapse_request request = { 0 };
	struct error *error = parse(command, argc, argv, &request);
	int status;

	terminal_init(request.is_quiet);
	if (!error)
		error = collapse_all(&request);
	status = terminal_finish(error);
	string_vector_deinit(&request.paths);
	string_vector_deinit(&request.options.skip_after);
	input_options_deinit(&request.input);
	return status;
}

const struct command command_collapse = {
	.name = "collapse",
	.summary = "Turn perf script text or perf.data into folded stacks",
	.usage = "[OPTIONS] [FILE...]",
	.description =
		"Prints \"THREAD;OUTERMOST;...;INNERMOST WEIGHT\", one line for each distinct "
		"stack. On perf script text the lines are those of stackcollapse-perf.pl, and "
		"weigh the samples' periods; on perf.data and other profiles they count samples. "
		"Without FILE, or as '-', standard input is read.\n\n"
		"Under the name stackcollapse-perf.pl (a link) the program is this command.",
	.options = options,
	.examples = examples,
	.run = run_collapse,
};
