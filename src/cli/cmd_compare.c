#include "cli/commands.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "cli/compare.h"
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

/** Values of one --parameter-scan; more is a slip. */
#define PARAMETER_VALUES_MAX 1000

enum {
	OPTION_WARMUP = 1,
	OPTION_RUNS,
	OPTION_RUNS_LEAST,
	OPTION_RUNS_MOST,
	OPTION_PRECISION,
	OPTION_BUDGET,
	OPTION_SEED,
	OPTION_TIMEOUT,
	OPTION_SETUP,
	OPTION_PREPARE,
	OPTION_CONCLUDE,
	OPTION_CLEANUP,
	OPTION_IGNORE_FAILURE,
	OPTION_NAME,
	OPTION_SHELL,
	OPTION_NO_SHELL,
	OPTION_PARAMETER_LIST,
	OPTION_PARAMETER_SCAN,
	OPTION_PARAMETER_STEP,
	OPTION_SHOW_OUTPUT,
	OPTION_OUTPUT,
	OPTION_FAIL_IF,
	OPTION_NO_PROFILE,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_EXPORT_JSON, /* In the order of comparison_exports. */
	OPTION_EXPORT_MARKDOWN,
	OPTION_EXPORT_CSV,
	OPTION_EXPORT_ASCIIDOC,
	OPTION_EXPORT_JUNIT,
};

static const struct option_spec options[] = {
	{ OPTION_WARMUP, 'w', "warmup", "N", "Runs of each command before timing. Default: 1.",
	  NULL },
	{ OPTION_RUNS, 'r', "runs", "N", "Exactly N timed runs of each command.", NULL },
	{ OPTION_RUNS_LEAST, 'm', "min-runs", "N", "At least N timed runs. Default: 10.", NULL },
	{ OPTION_RUNS_MOST, 'M', "max-runs", "N", "At most N timed runs. Default: 10000.", NULL },
	{ OPTION_PRECISION, 0, "precision", "PERCENT",
	  "Stop when the interval of the ratio is this narrow on each side. Default: 1.", NULL },
	{ OPTION_BUDGET, 0, "budget", "TIME",
	  "Stop timing after TIME even if it is not (seconds, or with ms, s, m). Default: 60.",
	  NULL },
	{ OPTION_SEED, 0, "seed", "N",
	  "Seed of the order of runs and of the resampling. Default: another one each time.",
	  NULL },
	{ OPTION_TIMEOUT, 0, "timeout", "TIME", "Kill a run that takes longer; it has failed.",
	  NULL },
	{ OPTION_SETUP, 's', "setup", "SCRIPT", "Run before the first run of each command.", NULL },
	{ OPTION_PREPARE, 'p', "prepare", "SCRIPT",
	  "Run before each run; once for all commands, or given once for each.", NULL },
	{ OPTION_CONCLUDE, 'C', "conclude", "SCRIPT",
	  "Run after each run; once for all commands, or given once for each.", NULL },
	{ OPTION_CLEANUP, 'c', "cleanup", "SCRIPT", "Run after the last run of each command.",
	  NULL },
	{ OPTION_IGNORE_FAILURE, 'i', "ignore-failure", NULL,
	  "Go on when a command ends with a status other than 0; failures are counted.", NULL },
	{ OPTION_NAME, 'n', "command-name", "NAME", "Name of the first command, the second, ...",
	  NULL },
	{ OPTION_SHELL, 'S', "shell", "SHELL|default|none",
	  "Run all commands by SHELL -c, or by /bin/sh -c, or none by a shell. Default: /bin/sh if "
	  "any command has syntax of a shell, else none. The time a shell needs to start is "
	  "measured and taken off.",
	  "default none" },
	{ OPTION_NO_SHELL, 'N', NULL, NULL, "The same as --shell none.", NULL },
	{ OPTION_PARAMETER_LIST, 'L', "parameter-list", "VAR VALUES",
	  "Compare with {VAR} replaced by each of the comma-separated VALUES. May be given again.",
	  NULL },
	{ OPTION_PARAMETER_SCAN, 'P', "parameter-scan", "VAR MIN MAX",
	  "Compare with {VAR} replaced by the numbers from MIN to MAX.", NULL },
	{ OPTION_PARAMETER_STEP, 'D', "parameter-step-size", "STEP",
	  "Step of the --parameter-scan that follows. Default: 1.", NULL },
	{ OPTION_SHOW_OUTPUT, 0, "show-output", NULL,
	  "Let the commands write to the terminal; else what they print is thrown away.", NULL },
	{ OPTION_OUTPUT, 0, "output", "FILE", "Append what the commands print to FILE.", "FILE" },
	{ OPTION_FAIL_IF, 0, "fail-if", "METRIC>PERCENT%",
	  "Exit with status 1 if the whole interval of a metric is above the limit: time, user, "
	  "system, memory, task-clock, page-faults, instructions and others. May be given again.",
	  NULL },
	{ OPTION_NO_PROFILE, 0, "no-profile", NULL,
	  "Only time; do not profile the commands afterwards to find the functions that changed.",
	  NULL },
	{ OPTION_JSON, 0, "json", NULL, "Print the JSON export instead of the report.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No progress.", NULL },
	{ OPTION_EXPORT_JSON, 0, "export-json", "FILE",
	  "Write all runs, medians, intervals and verdicts as JSON (results has hyperfine's "
	  "fields).",
	  "FILE" },
	{ OPTION_EXPORT_MARKDOWN, 0, "export-markdown", "FILE", "Write a table in Markdown.",
	  "FILE" },
	{ OPTION_EXPORT_CSV, 0, "export-csv", "FILE", "Write a table as CSV.", "FILE" },
	{ OPTION_EXPORT_ASCIIDOC, 0, "export-asciidoc", "FILE", "Write a table in AsciiDoc.",
	  "FILE" },
	{ OPTION_EXPORT_JUNIT, 0, "export-junit", "FILE",
	  "Write a JUnit report with one test for each --fail-if.", "FILE" },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile compare './sort-old data' './sort-new data'", "Is the new one faster?" },
	{ "perf-profile compare ./old ./new -- --input data",
	  "Two programs, the same arguments, no shell." },
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
	arena_deinit(&request->texts);
}

/** One more word of an option that has several. */
static struct error *take_word(struct option_parser *parser, const char *option, const char **ret)
{
	if (parser->index >= parser->argc - parser->n_operands)
		return error_new(ERROR_USAGE, "option '%s' needs more values", option);
	*ret = parser->argv[parser->index++];
	return NULL;
}

static struct error *read_parameter_list(struct option_parser *parser, const char *name,
					 struct compare_request *request)
{
	struct parameter_range *range = parameter_range_vector_append_new(&request->parameters);
	const char *values = "";

	range->name = name;
	RETURN_IF_ERROR(take_word(parser, "--parameter-list", &values));
	for (;;) {
		size_t length = strcspn(values, ",");

		string_vector_append(&range->values,
				     arena_duplicate_text(&request->texts, values, length));
		if (!values[length])
			return NULL;
		values += length + 1;
	}
}

static struct error *read_parameter_scan(struct option_parser *parser, const char *name,
					 double step, struct compare_request *request)
{
	struct parameter_range *range = parameter_range_vector_append_new(&request->parameters);
	const char *low_text = "", *high_text = "";
	double low, high;

	range->name = name;
	RETURN_IF_ERROR(take_word(parser, "--parameter-scan", &low_text));
	RETURN_IF_ERROR(take_word(parser, "--parameter-scan", &high_text));
	RETURN_IF_ERROR(option_read_double("--parameter-scan", low_text, -1e15, 1e15, &low));
	RETURN_IF_ERROR(option_read_double("--parameter-scan", high_text, low, 1e15, &high));
	if ((high - low) / step >= PARAMETER_VALUES_MAX)
		return error_new(ERROR_USAGE, "--parameter-scan: more than %d values",
				 PARAMETER_VALUES_MAX);
	/* Counted, not added up: 0.1 ten times is not 1. */
	for (int i = 0; low + i * step <= high + step * 1e-9; i++) {
		char text[64];
		int length = snprintf(text, sizeof(text), "%.15g", low + i * step);

		string_vector_append(&range->values,
				     arena_duplicate_text(&request->texts, text, (size_t)length));
	}
	return NULL;
}

static struct error *read_runs(const char *option, const char *value, uint32_t *ret)
{
	uint64_t number;

	RETURN_IF_ERROR(option_read_u64(option, value, 2, COMPARISON_RUNS_MAX, &number));
	*ret = (uint32_t)number;
	return NULL;
}

static struct error *read_precision(const char *value, double *ret)
{
	double percent;

	RETURN_IF_ERROR(option_read_double("--precision", value, 0.001, 100, &percent));
	*ret = percent / 100;
	return NULL;
}

static void read_shell(const char *value, struct shell_choice *shell)
{
	shell->use = strcmp(value, "none") == 0 ? SHELL_NEVER : SHELL_ALWAYS;
	shell->path = strcmp(value, "none") && strcmp(value, "default") ? value : NULL;
}

static struct error *read_gate(const char *value, struct gate_vector *gates)
{
	struct gate gate;

	RETURN_IF_ERROR(gate_parse(value, &gate));
	gate_vector_append(gates, gate);
	return NULL;
}

/** How often, and around what. */
static struct error *apply_run_option(struct compare_request *request, int id, const char *value)
{
	struct comparison_options *runs = &request->options;
	uint64_t number;

	switch (id) {
	case OPTION_WARMUP:
		RETURN_IF_ERROR(
			option_read_u64("--warmup", value, 0, COMPARISON_RUNS_MAX, &number));
		runs->n_warmups = (uint32_t)number;
		return NULL;
	case OPTION_RUNS:
		return read_runs("--runs", value, &runs->n_runs_exact);
	case OPTION_RUNS_LEAST:
		return read_runs("--min-runs", value, &runs->n_runs_least);
	case OPTION_RUNS_MOST:
		return read_runs("--max-runs", value, &runs->n_runs_most);
	case OPTION_PRECISION:
		return read_precision(value, &runs->precision);
	case OPTION_BUDGET:
		return option_read_duration("--budget", value, &runs->budget_ns);
	case OPTION_SEED:
		return option_read_u64("--seed", value, 0, UINT64_MAX, &runs->seed);
	case OPTION_TIMEOUT:
		return option_read_duration("--timeout", value, &runs->timeout_ns);
	case OPTION_SETUP:
		request->setup = value;
		return NULL;
	case OPTION_PREPARE:
		string_vector_append(&request->prepares, value);
		return NULL;
	case OPTION_CONCLUDE:
		string_vector_append(&request->conclusions, value);
		return NULL;
	case OPTION_CLEANUP:
		request->cleanup = value;
		return NULL;
	case OPTION_IGNORE_FAILURE:
		runs->accepts_failure = true;
		return NULL;
	default:
		return error_new(ERROR_USAGE, "option %d is not handled", id);
	}
}

static struct error *apply_option(struct compare_request *request, int id, const char *value)
{
	if (id >= OPTION_EXPORT_JSON) {
		struct export_request export = { &comparison_exports[id - OPTION_EXPORT_JSON],
						 value };

		export_request_vector_append(&request->exports, export);
		return NULL;
	}
	switch (id) {
	case OPTION_NAME:
		string_vector_append(&request->names, value);
		return NULL;
	case OPTION_SHELL:
		read_shell(value, &request->options.shell);
		return NULL;
	case OPTION_NO_SHELL:
		request->options.shell = (struct shell_choice){ .use = SHELL_NEVER };
		return NULL;
	case OPTION_SHOW_OUTPUT:
		request->shows_output = true;
		return NULL;
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_FAIL_IF:
		return read_gate(value, &request->gates);
	case OPTION_NO_PROFILE:
		request->is_without_profile = true;
		return NULL;
	case OPTION_JSON:
		request->is_json = true;
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	default:
		return apply_run_option(request, id, value);
	}
}

static struct error *read_options(struct option_parser *parser, struct compare_request *request,
				  bool *is_help_ret)
{
	double step = 1;
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(parser, &id, &value));
		if (id == OPTION_ID_END || id == OPTION_ID_HELP)
			break;
		if (id == OPTION_PARAMETER_LIST)
			RETURN_IF_ERROR(read_parameter_list(parser, value, request));
		else if (id == OPTION_PARAMETER_SCAN)
			RETURN_IF_ERROR(read_parameter_scan(parser, value, step, request));
		else if (id == OPTION_PARAMETER_STEP)
			RETURN_IF_ERROR(option_read_double("--parameter-step-size", value, 1e-9,
							   1e15, &step));
		else
			RETURN_IF_ERROR(apply_option(request, id, value));
	}
	*is_help_ret = id == OPTION_ID_HELP;
	return NULL;
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
				   struct compare_request *request, bool *is_help_ret)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	int n_behind = count_words_behind(argc, argv), n_operands;

	RETURN_IF_ERROR(read_options(&parser, request, is_help_ret));
	if (*is_help_ret)
		return NULL;
	n_operands = argc - parser.index;
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
	request->operands = memory_allocate((size_t)n_operands + 1, sizeof(char *));
	memcpy(request->operands, argv + parser.index, (size_t)n_operands * sizeof(char *));
	request->n_operands = (size_t)n_operands;
	return NULL;
}

static void set_running(void *context, pid_t pid)
{
	(void)context;
	if (pid)
		run_signals_watch(pid);
	else
		run_signals_release();
}

static bool is_stopped(void *context)
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
	if (request->is_json)
		export_json_write(comparison, &request->gates, stdout);
	else
		compare_report_write(comparison, &request->gates, stdout);
	*status_ret = terminal_finish_output();
	if (*status_ret == EXIT_SUCCESS && comparison->end == COMPARISON_STOPPED)
		*status_ret = EXIT_SIGNAL_BASE + run_signals_state().ending_signal;
	else if (*status_ret == EXIT_SUCCESS && has_regression(request, comparison))
		*status_ret = EXIT_REGRESSION;
	return NULL;
}

/** Times are worth reporting also without a cause. */
static void find_causes(struct comparison *comparison)
{
	struct error *error = compare_find_causes(comparison);

	if (error)
		terminal_print_warning("the cause was not looked for: %s", error->message);
	error_destroy(error);
}

static struct error *compare(struct compare_request *request, int *status_ret)
{
	const struct comparison_watch watch = {
		.run = { .set_running = set_running, .is_stopped = is_stopped },
		.show_progress = show_progress,
	};
	struct comparison comparison;
	struct error *error;

	comparison_init(&comparison, &request->options);
	error = compare_add_sides(request, &comparison);
	if (!error)
		error = open_streams(request, &request->options);
	if (!error)
		error = comparison_run(&comparison, &watch);
	if (!error && !request->is_without_profile && comparison.sides.count > 1 &&
	    comparison.end != COMPARISON_STOPPED)
		find_causes(&comparison);
	terminal_set_status(NULL);
	if (!error && comparison.sides.items[0].runs.count == 0)
		*status_ret = EXIT_SIGNAL_BASE + run_signals_state().ending_signal;
	else if (!error)
		error = report(request, &comparison, status_ret);
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
	};
	bool is_help = false;
	int status = EXIT_OURS;
	struct error *error = parse_options(command, argc, argv, &request, &is_help);

	if (is_help) {
		compare_request_deinit(&request);
		help_write(stdout, command);
		return terminal_finish_output();
	}
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
	.usage = "[OPTIONS] COMMAND... | PROGRAM... -- ARGUMENTS...",
	.description =
		"Runs the commands in turns, in blocks of a random order and its reverse, until "
		"the "
		"95 % interval of the ratio of their median times is narrow enough or the budget "
		"is spent, and says what that proves. The first command is what the others are "
		"compared with. Each COMMAND is one argument, as for hyperfine; they run without "
		"a shell unless one of them has something that only a shell understands. With --, "
		"each "
		"PROGRAM runs with the same ARGUMENTS, or where {} stands in them.\n\n"
		"A difference is claimed only when the bootstrap interval excludes 1 and the rank "
		"test of Mann and Whitney agrees (p < 0.05). No run is ever left out; outliers and "
		"drift are reported. Input of the commands is /dev/null.\n\n"
		"The exit status is 0, 1 when a --fail-if found a regression, 125 when a command "
		"or "
		"perf-profile failed, and 128+N after signal N.",
	.options = options,
	.examples = examples,
	.run = cmd_compare,
};
