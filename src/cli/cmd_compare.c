#include "cli/commands.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "cli/compare_options.h"
#include "cli/run_signals.h"
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/** --fail-if found a regression. */
#define EXIT_REGRESSION 1

static const struct option_topic *const topics[] = {
	&compare_options_sides,
	&compare_options_runs,
	&compare_options_result,
	NULL,
};

static const struct command_example examples[] = {
	{ "perf-profile compare './sort-old data' './sort-new data'", "Is the new one faster?" },
	{ "perf-profile compare ./old ./new -- --input data",
	  "Two programs, the same arguments, no shell." },
	{ "perf-profile compare v1.0 HEAD WORKTREE -- ./program data",
	  "Git revisions, each built in a tree of its own." },
	{ "perf-profile compare -L n 1,2,4 './solve --threads {n}'", "One command, three ways." },
	{ "perf-profile compare --fail-if 'time>2%' ./main ./branch",
	  "For CI: status 1 if the branch is proven to be more than 2 % slower." },
	{ NULL, NULL },
};

void compare_request_deinit(struct compare_request *request)
{
	string_vector_deinit(&request->names);
	string_vector_deinit(&request->prepares);
	string_vector_deinit(&request->conclusions);
	for (size_t i = 0; i < request->parameters.count; i++)
		string_vector_deinit(&request->parameters.items[i].values);
	parameter_range_vector_deinit(&request->parameters);
	export_request_vector_deinit(&request->exports);
	gate_vector_deinit(&request->gates);
	free(request->operands);
	compare_target_vector_deinit(&request->targets);
	workspace_destroy(&request->workspace);
	arena_deinit(&request->texts);
}

/** Words behind the first "--"; the parser moves operands behind it. */
static int count_words_behind(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argc - i - 1;
	}
	return 0;
}

static struct error *parse_options(const struct command *command, int argc, char **argv,
				   struct compare_request *request)
{
	struct option_parser *parser = &request->parser;
	int n_behind = count_words_behind(argc, argv), n_operands;

	*parser = option_parser_make(command, argc, argv);
	for (;;) {
		const char *value;
		bool is_known;
		int id;

		RETURN_IF_ERROR(option_parser_next(parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		RETURN_IF_ERROR(command_topics_apply(command, request, id, value, &is_known));
	}
	n_operands = argc - parser->index;
	/* Without operands before it, "--" only says that no options follow. */
	if (n_operands > n_behind && n_behind > 0) {
		request->command = argv + argc - n_behind;
		n_operands -= n_behind;
	}
	if (n_operands <= 0)
		return error_with_hint(error_new(ERROR_USAGE, "nothing to compare"),
				       "perf-profile compare 'COMMAND A' 'COMMAND B', or ./old "
				       "./new -- ARGUMENTS");
	if (request->options.n_runs_least > request->options.n_runs_most)
		return error_new(ERROR_USAGE, "--min-runs is more than --max-runs");
	if (request->document_path && !request->document_label)
		return error_new(ERROR_USAGE, "--update-doc needs --doc-line LABEL");
	if (request->flamegraph_path && request->is_without_profile)
		return error_new(ERROR_USAGE, "--export-flamegraph does not go with --no-profile");
	request->operands = memory_allocate((size_t)n_operands + 1, sizeof(char *));
	memcpy(request->operands, argv + parser->index, (size_t)n_operands * sizeof(char *));
	request->n_operands = (size_t)n_operands;
	return NULL;
}

/** Handlers stay: without them a signal would leave trees behind. */
void compare_set_running(void *context, pid_t pid)
{
	(void)context;
	run_signals_watch(pid);
}

bool compare_is_stopped(void *context)
{
	(void)context;
	return run_signals_state().ending_signal != 0;
}

static void show_progress(void *context, const struct comparison *comparison, size_t side,
			  double width)
{
	const struct side *running = &comparison->sides.items[side];
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ double *values = NULL;
	struct series series;
	char median[METRIC_TEXT_SIZE_BYTES] = "-", reached[32] = "";

	(void)context;
	if (!terminal_is_interactive())
		return;
	series = side_series(running, METRIC_TIME, &values);
	if (series.count)
		metric_format_seconds(statistics_median(series), median);
	if (isfinite(width))
		snprintf(reached, sizeof(reached), ", interval ±%.2f %%", 100 * width);
	text = memory_format_text("run %zu%s, %s: median %s", series.count + 1, reached,
				  running->name, median);
	terminal_set_status(text);
}

static struct error *open_streams(const struct compare_request *request,
				  struct comparison_options *runs)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), output = -1;

	if (input < 0)
		return error_from_errno(errno, "cannot open '/dev/null'");
	runs->place.input_fd = runs->hooks_place.input_fd = input;
	if (request->shows_output)
		return NULL;
	if (request->output_path)
		output =
			open(request->output_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	else
		output = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (output < 0)
		return error_from_errno(errno, "cannot open '%s'",
					request->output_path ? request->output_path : "/dev/null");
	runs->place.output_fd = runs->hooks_place.output_fd = output;
	if (!request->output_path)
		runs->place.error_fd = runs->hooks_place.error_fd = output;
	return NULL;
}

static struct error *write_exports(const struct compare_request *request,
				   const struct comparison *comparison)
{
	for (size_t i = 0; i < request->exports.count; i++) {
		const struct export_request *export = &request->exports.items[i];
		struct output_file output;

		RETURN_IF_ERROR(output_file_create(&output, export->path, true));
		export->export->write(comparison, &request->gates, output.file);
		RETURN_IF_ERROR(output_file_commit(&output));
	}
	return NULL;
}

static bool has_regression(const struct compare_request *request,
			   const struct comparison *comparison)
{
	for (size_t side = 1; side < comparison->sides.count; side++) {
		for (size_t i = 0; i < request->gates.count; i++) {
			if (gate_judge(&request->gates.items[i], comparison, side) == GATE_FAILED)
				return true;
		}
	}
	return false;
}

static struct error *report(const struct compare_request *request,
			    const struct comparison *comparison, int *status_ret)
{
	RETURN_IF_ERROR(write_exports(request, comparison));
	if (request->save_name && comparison->end != COMPARISON_STOPPED)
		RETURN_IF_ERROR(compare_save(request, comparison));
	if (request->is_json)
		export_json_write(comparison, &request->gates, stdout);
	else if (request->document_label)
		RETURN_IF_ERROR(compare_write_lines(request, comparison));
	else
		compare_report_write(comparison, &request->gates, stdout);
	if (request->is_for_github)
		RETURN_IF_ERROR(compare_write_github(request, comparison));
	*status_ret = terminal_finish_output();
	if (*status_ret == EXIT_SUCCESS && comparison->end == COMPARISON_STOPPED)
		*status_ret = EXIT_SIGNAL_BASE + run_signals_state().ending_signal;
	else if (*status_ret == EXIT_SUCCESS && has_regression(request, comparison))
		*status_ret = EXIT_REGRESSION;
	return NULL;
}

/** Times are worth reporting also without a cause. */
static void find_causes(const struct compare_request *request, struct comparison *comparison)
{
	struct error *error = compare_find_causes(comparison, request->flamegraph_path);

	if (error)
		terminal_print_warning("the cause was not looked for: %s", error->message);
	error_destroy(error);
}

static struct error *compare(struct compare_request *request, int *status_ret)
{
	const struct comparison_watch watch = {
		.run = { .set_running = compare_set_running, .is_stopped = compare_is_stopped },
		.show_progress = show_progress,
	};
	struct comparison comparison;
	struct error *error;

	comparison_init(&comparison, &request->options);
	error = compare_add_sides(request, &comparison);
	if (!error)
		error = open_streams(request, &request->options);
	/* The budget is for both. */
	if (!request->is_without_profile && comparison.sides.count > 1)
		request->options.budget_ns = (uint64_t)((double)request->options.budget_ns /
							(1 + COMPARE_PROFILING_SHARE));
	if (!error)
		error = comparison_run(&comparison, &watch);
	if (!error && !request->is_without_profile && comparison.sides.count > 1 &&
	    comparison.end != COMPARISON_STOPPED && !comparison_stored_sides(&comparison))
		find_causes(request, &comparison);
	terminal_set_status(NULL);
	if (compare_is_stopped(NULL) && (error || comparison.sides.items[0].runs.count == 0)) {
		error_destroy(error);
		error = NULL;
		*status_ret = EXIT_SIGNAL_BASE + run_signals_state().ending_signal;
	} else if (!error) {
		error = report(request, &comparison, status_ret);
	}
	comparison_deinit(&comparison);
	return error;
}

static int cmd_compare(const struct command *command, int argc, char **argv)
{
	const struct launch_place ours = { .input_fd = -1, .output_fd = -1, .error_fd = -1 };
	struct compare_request request = {
		.options = {
			.precision = 0.01,
			.budget_ns = 60 * NS_PER_S,
			.n_warmups = 1,
			.n_runs_least = 10,
			.n_runs_most = COMPARISON_RUNS_MAX,
			.seed = clock_realtime_ns(),
			.place = ours,
			.hooks_place = ours,
		},
		.parameter_step = 1,
	};
	int status = EXIT_OURS;
	struct error *error = parse_options(command, argc, argv, &request);

	terminal_init(request.is_quiet);
	if (!error)
		error = compare(&request, &status);
	compare_request_deinit(&request);
	terminal_print_error(error);
	return status;
}

const struct command command_compare = {
	.name = "compare",
	.summary = "Which of several commands is faster, and how sure that is",
	.usage = "[OPTIONS] COMMAND... | PROGRAM... -- ARGUMENTS... | REVISION... -- COMMAND | "
		 "NAME -- COMMAND",
	.description =
		"Runs the commands in turns, in blocks of a random order and its reverse, until "
		"the "
		"95 % interval of the ratio of their median times is narrow enough or the budget "
		"is spent, and says what that proves. The first command is what the others are "
		"compared with. Each COMMAND is one argument, as for hyperfine; they run without "
		"a shell unless one of them has something that only a shell understands. With --, "
		"each "
		"PROGRAM runs with the same ARGUMENTS, or where {} stands in them.\n\n"
		"Each git REVISION (a tag, a branch, HEAD~3; WORKTREE is the files as they are, "
		"with "
		"uncommitted changes) is checked out into a temporary tree under $XDG_CACHE_HOME "
		"and COMMAND's program built there as perf-profile build does; COMMAND runs in "
		"that "
		"tree. The repository is only read.\n\n"
		"NAME is an entry that --save has made in the history: COMMAND is compared with "
		"what "
		"was measured then.\n\n"
		"A difference is claimed only when the bootstrap interval excludes 1 and the rank "
		"test of Mann and Whitney agrees (p < 0.05). No run is ever left out; outliers and "
		"drift are reported. Input of the commands is /dev/null.\n\n"
		"The exit status is 0, 1 when a --fail-if found a regression, 125 when a command "
		"or "
		"perf-profile failed, and 128+N after signal N.",
	.topics = topics,
	.examples = examples,
	.run = cmd_compare,
};
