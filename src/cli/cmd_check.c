#include "cli/commands.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/vector.h"
#include "check/check.h"
#include "cli/check_stacks.h"
#include "cli/program_search.h"
#include "cli/terminal.h"

#include <string.h>

enum {
	OPTION_JSON = 1,
	OPTION_VERBOSE,
	OPTION_STACKS,
};

static const struct option_spec options[] = {
	{ OPTION_JSON, 0, "json", NULL, "Print one JSON object.", NULL },
	{ OPTION_VERBOSE, 'v', "verbose", NULL,
	  "Also print the name of each check, and what good facts mean.", NULL },
	{ OPTION_STACKS, 0, "stacks", NULL,
	  "Run COMMAND under the sampler and say how good its stacks and names are, where stacks "
	  "are cut short, which libraries lack names, and what mends it. With --json: "
	  "summary.json.",
	  NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile check",
	  "What can be profiled on this machine, and how to mend what is lost." },
	{ "perf-profile check ./server", "Also debug information and frame pointers of ./server." },
	{ "perf-profile check --stacks ./server --once",
	  "Run it: are its stacks whole, and what would make them so?" },
	{ NULL, NULL },
};

/** A check that had something to say. */
struct outcome {
	const struct check *check;
	struct check_result result;
};

DEFINE_VECTOR(outcome_vector, struct outcome)

struct check_request {
	bool is_json;
	bool is_verbose;
	bool is_about_stacks;
	char **argv;        /**< The program and its arguments; NULL at the end. */
	char *program_path; /**< Owned; NULL: only the machine. */
};

static const struct {
	const char *name; /**< Stable word, for --json. */
	const char *mark; /**< All of one width. */
	enum terminal_style style;
} verdicts[] = {
	[CHECK_GOOD] = { "good", "good ", STYLE_GOOD },
	[CHECK_NOTE] = { "note", "note ", STYLE_DIM },
	[CHECK_WARNING] = { "warning", "warn ", STYLE_WARNING },
	[CHECK_BAD] = { "bad", "BAD  ", STYLE_BAD },
};

static void run_checks(const char *program_path, struct outcome_vector *ret)
{
	const struct check_context context = {
		.proc_path = "/proc",
		.sys_path = "/sys",
		.command = program_path,
	};

	for (const struct check *const *check = checks; *check; check++) {
		struct outcome outcome = { .check = *check };

		if ((*check)->run(&context, &outcome.result))
			outcome_vector_append(ret, outcome);
		else
			check_result_deinit(&outcome.result);
	}
}

static size_t count_verdict(const struct outcome_vector *outcomes, enum check_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < outcomes->count; i++)
		count += outcomes->items[i].result.verdict == verdict;
	return count;
}

static void write_detail(FILE *file, const char *label, const char *text)
{
	if (!text)
		return;
	fprintf(file, "       %s ", label);
	escape_write_plain(file, text);
	fputc('\n', file);
}

static void write_outcome(FILE *file, const struct outcome *outcome, bool is_verbose)
{
	const struct check_result *result = &outcome->result;
	bool is_loss = result->verdict == CHECK_WARNING || result->verdict == CHECK_BAD;

	fprintf(file, "%s%s%s  ", terminal_begin(file, verdicts[result->verdict].style),
		verdicts[result->verdict].mark, terminal_end(file));
	if (is_verbose)
		fprintf(file, "%s: ", outcome->check->name);
	escape_write_plain(file, result->fact);
	fputc('\n', file);
	if (is_loss || is_verbose) {
		write_detail(file, "lost:", result->loss);
		write_detail(file, "mend:", result->mend);
	}
}

static void write_text(FILE *file, const struct outcome_vector *outcomes, bool is_verbose)
{
	size_t n_bad = count_verdict(outcomes, CHECK_BAD);
	size_t n_warnings = count_verdict(outcomes, CHECK_WARNING);

	for (size_t i = 0; i < outcomes->count; i++)
		write_outcome(file, &outcomes->items[i], is_verbose);
	fputc('\n', file);
	if (n_bad > 0)
		fputs("Profiling cannot work here before what is marked BAD is mended.\n", file);
	else if (n_warnings > 0)
		fprintf(file, "Profiling works here, with %zu %s lost.\n", n_warnings,
			count_noun(n_warnings, "thing", "things"));
	else
		fputs("Profiling works here.\n", file);
}

static void write_json(FILE *file, const struct outcome_vector *outcomes)
{
	struct json_writer json = json_writer_make(file);

	json_begin_object(&json, NULL);
	json_bool(&json, "works", count_verdict(outcomes, CHECK_BAD) == 0);
	json_begin_array(&json, "checks");
	for (size_t i = 0; i < outcomes->count; i++) {
		const struct check_result *result = &outcomes->items[i].result;

		json_begin_object(&json, NULL);
		json_string(&json, "name", outcomes->items[i].check->name);
		json_string(&json, "verdict", verdicts[result->verdict].name);
		json_string(&json, "fact", result->fact);
		json_string(&json, "loss", result->loss);
		json_string(&json, "mend", result->mend);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
}

static struct error *find_program(const char *name, char **path_ret)
{
	struct error *error;

	if (program_search(name, path_ret))
		return NULL;
	error = error_new(ERROR_NOT_FOUND, "program '%s' not found or not executable", name);
	if (strchr(name, '/'))
		return error;
	return error_with_hint(error, "if it is in this folder, write ./%s", name);
}

static struct error *read_request(const struct command *command, int argc, char **argv,
				  struct check_request *ret)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		ret->is_json |= id == OPTION_JSON;
		ret->is_verbose |= id == OPTION_VERBOSE;
		ret->is_about_stacks |= id == OPTION_STACKS;
	}
	ret->argv = argv + parser.index;
	if (ret->is_about_stacks && parser.index >= argc)
		return error_with_hint(error_new(ERROR_USAGE, "--stacks: no command given"),
				       "perf-profile check --stacks COMMAND [ARG...]");
	/* Arguments of the program say nothing about the machine and are left alone. */
	if (parser.index < argc)
		return find_program(argv[parser.index], &ret->program_path);
	return NULL;
}

/** 0: profiling works; 1: something is bad; EXIT_OURS: the answer could not be written. */
static int report_checks(const struct check_request *request)
{
	struct outcome_vector outcomes = { 0 };
	int status;

	run_checks(request->program_path, &outcomes);
	if (request->is_json)
		write_json(stdout, &outcomes);
	else
		write_text(stdout, &outcomes, request->is_verbose);
	status = terminal_finish_output();
	if (status == EXIT_SUCCESS && count_verdict(&outcomes, CHECK_BAD) > 0)
		status = EXIT_FAILURE;
	for (size_t i = 0; i < outcomes.count; i++)
		check_result_deinit(&outcomes.items[i].result);
	outcome_vector_deinit(&outcomes);
	return status;
}

static int report_stacks(const struct check_request *request)
{
	int status = EXIT_OURS;
	struct error *error = check_stacks(request->argv, request->is_json, &status);

	if (error) {
		terminal_print_error(error);
		return status == EXIT_SUCCESS ? EXIT_OURS : status;
	}
	return terminal_finish_output() == EXIT_SUCCESS ? status : EXIT_OURS;
}

static int run_check(const struct command *command, int argc, char **argv)
{
	struct check_request request = { 0 };
	struct error *error = read_request(command, argc, argv, &request);
	int status;

	if (error) {
		status = error->code == ERROR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_OURS;
		terminal_print_error(error);
		return status;
	}
	if (request.is_about_stacks)
		status = report_stacks(&request);
	else
		status = report_checks(&request);
	free(request.program_path);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "Say what can be profiled on this machine and how to mend the rest",
	.usage = "[OPTIONS] [COMMAND [ARG...]]",
	.description =
		"Prints one line for each fact that decides what a profile will show: good, "
		"note, warn (something is lost) or BAD (profiling cannot work). Below a loss "
		"stand what it costs and the command that mends it. Nothing is changed.\n\n"
		"The exit status is 0 when profiling works, if only in part, and 1 when "
		"something is BAD. With --stacks it is 0 when nothing can be improved, else 1.",
	.options = options,
	.examples = examples,
	.takes_command = true,
	.run = run_check,
};
