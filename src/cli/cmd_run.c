#include "cli/commands.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/program_build.h"
#include "cli/program_search.h"
#include "cli/run.h"
#include "cli/run_options.h"
#include "cli/terminal.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct option_spec graph_options[] = {
	FLAMEGRAPH_OPTION_SPECS(0, 0),
	OPTION_END,
};

static struct error *apply_graph(void *context, int id, const char *value, bool *is_known_ret)
{
	struct run_options *run = context;

	return flamegraph_setup_apply(&run->graph, id, value, is_known_ret);
}

static const struct option_topic graph_topic = {
	.heading = "The flame graph",
	.options = graph_options,
	.apply = apply_graph,
};

static const struct option_topic *const topics[] = {
	&run_options_target,  &run_options_sampling,
	&run_options_waiting, &run_options_control,
	&run_options_keeping, &run_options_result,
	&run_options_symbols, &run_options_access,
	&graph_topic,         NULL,
};

static const struct command_example examples[] = {
	{ "perf-profile ./server --port 8080", "Profile a command until it ends or Ctrl-C." },
	{ "perf-profile -F 4999 --duration 10 -- ./server", "Ten seconds at a higher rate." },
	{ "perf-profile --repeat 20 ./short-program", "Enough samples of a short program." },
	{ NULL, NULL },
};

static struct error *check_target(const struct run_options *run)
{
	bool has_command = run->command[0] != NULL;

	if (!has_command && !run_target_is_attached(&run->target))
		return error_with_hint(error_new(ERROR_USAGE, "no command given"),
				       "perf-profile [OPTIONS] COMMAND [ARG...], for example: "
				       "perf-profile sleep 1");
	return run_target_check(&run->target, has_command);
}

static struct error *parse_options(const struct command *command, int argc, char **argv,
				   struct run_options *run)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	bool is_known;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		RETURN_IF_ERROR(command_topics_apply(command, run, id, value, &is_known));
	}
	run->command = argv + parser.index;
	RETURN_IF_ERROR(run_options_waiting_check(run));
	RETURN_IF_ERROR(run_options_keeping_check(run));
	RETURN_IF_ERROR(run_options_control_check(run));
	return check_target(run);
}

/** Fail before anything is written or started when the command cannot run anyway. */
static struct error *check_command(const char *program)
{
	struct stat status;
	struct error *error;

	if (program_search(program, NULL))
		return NULL;
	if (stat(program, &status) == 0 && S_ISDIR(status.st_mode) && strchr(program, '/'))
		return error_with_hint(error_from_errno(EISDIR, "cannot run '%s'", program),
				       "name the program in that folder");
	if (strchr(program, '/') && access(program, F_OK) == 0) {
		error = error_from_errno(EACCES, "cannot run '%s'", program);
		return error_with_hint(error, "is it a program, and executable? chmod +x '%s'",
				       program);
	}
	error = error_from_errno(ENOENT, "cannot run '%s'", program);
	return error_with_hint(error, strchr(program, '/')
					      ? "check the path"
					      : "it is not on PATH; a program in this folder needs "
						"'./' before its name");
}

/** As env(1) and timeout(1) have it. */
static int exit_status_of_exec(const struct error *error)
{
	return error->errno_value == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

static int exit_status_of_wait(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return EXIT_SIGNAL_BASE + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/** $XDG_CONFIG_HOME/perf-profile/rules/NAME.rules, in the order of their names. */
static struct error *read_own_rules(struct rule_set *rules)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
	_cleanup_free_ char *pattern = NULL;
	struct error *error = NULL;
	glob_t found;

	if (config && config[0] == '/')
		pattern = memory_format_text("%s/perf-profile/rules/*.rules", config);
	else if (home && home[0] == '/')
		pattern = memory_format_text("%s/.config/perf-profile/rules/*.rules", home);
	if (!pattern || glob(pattern, 0, NULL, &found) != 0)
		return NULL;
	for (size_t i = 0; i < found.gl_pathc && !error; i++) {
		error = rule_set_read(rules, found.gl_pathv[i]);
		/* Another user's, and we are root: nobody asked for it by name. */
		if (error && error->code == ERROR_PERMISSION) {
			terminal_print_warning("%s", error->message);
			error_destroy(error);
			error = NULL;
		}
	}
	globfree(&found);
	return error;
}

static struct error *read_rules(const struct run_options *run, struct rule_set *rules)
{
	RETURN_IF_ERROR(rule_set_read_default(rules));
	RETURN_IF_ERROR(read_own_rules(rules));
	for (size_t i = 0; i < run->rule_paths.count; i++)
		RETURN_IF_ERROR(rule_set_read(rules, run->rule_paths.items[i]));
	return NULL;
}

static struct error *report(struct recording *recording, const struct run_options *run,
			    const struct rule_set *rules, const struct output_folder *folder)
{
	struct deliverable_vector deliverables = { 0 };
	struct run_options shown = *run;
	struct explanation *explanation;
	struct error *error;

	deliverables_note_too_large(recording, run, folder);
	error = recording_finish(recording, run);
	if (error)
		return error;
	deliverable_vector_append(&deliverables,
				  (struct deliverable){ "perf.data", "for perf report and others",
							recording->perf_data.error });
	recording->perf_data.error = NULL;
	if (recording->perf_data.part_paths.count)
		deliverable_vector_append(&deliverables,
					  (struct deliverable){ .name = "perf.data.TIME",
								.purpose = "what came before" });
	shown.output.event = run_shown_event(recording, run);
	explanation = explanation_create(analyzer_profile(recording->analyzer), rules,
					 shown.output.event);
	deliverables_write(&deliverables, analyzer_profile(recording->analyzer), explanation,
			   &shown, folder);
	error = flamegraph_setup_finish(&run->graph);
	if (error) {
		terminal_print_warning("%s", error->message);
		error_destroy(error);
	}
	recording->timings.written_ns = clock_monotonic_ns();
	error = output_folder_publish(folder);
	if (error) {
		terminal_print_warning("%s", error->message);
		error_destroy(error);
		error = NULL;
	}
	run_report_print(recording, explanation, &deliverables, folder, run);
	analyzer_keep(recording->analyzer);
	recording->timings.kept_ns = clock_monotonic_ns();
	if (run->shows_timings)
		run_timings_print(recording, run->symbols.cache);
	for (size_t i = 0; i < deliverables.count && !error; i++) {
		error = deliverables.items[i].error;
		deliverables.items[i].error = NULL;
	}
	deliverable_vector_destroy_items(&deliverables);
	explanation_destroy(explanation);
	return error;
}

/**
 * Put what was built in the place of the command's program.
 *
 * @param paths  Holds the path of the program as long as the command is used.
 */
static struct error *build_command(struct run_options *run, struct text_vector *paths)
{
	_cleanup_free_ char *folder = getcwd(NULL, 0);

	if (!folder)
		return error_from_errno(errno, "cannot tell the current folder");
	const struct program_build_options options = { .is_quiet = run->is_quiet };
	struct build_request request = program_build_request(run->command[0], folder);

	RETURN_IF_ERROR(program_build(&request, &options, paths));
	run->command[0] = paths->items[0];
	return NULL;
}

/** Build it if asked to, and see that it can be run. */
static struct error *prepare_command(struct run_options *run, struct text_vector *paths,
				     int *status_ret)
{
	struct error *error;

	if (!run->command[0])
		return run->is_built_first
			       ? error_new(ERROR_USAGE, "--build needs a command to build")
			       : NULL;
	if (run->is_built_first)
		return build_command(run, paths);
	error = check_command(run->command[0]);
	if (error)
		*status_ret = exit_status_of_exec(error);
	else
		program_build_suggest(run->command[0]);
	return error;
}

/**
 * The whole job.
 *
 * @param status_ret  The exit status; on an error left alone unless the command could not be run.
 */
static struct error *run_job(struct run_options *run, int *status_ret)
{
	struct recording recording = { .timings.start_ns = clock_monotonic_ns() };
	struct output_folder folder = { 0 };
	struct rule_set *rules = rule_set_create();
	struct text_vector built_paths = { 0 };
	struct error *error = prepare_command(run, &built_paths, status_ret);

	if (!error)
		error = run_target_resolve(&run->target);
	if (!error)
		error = run_spans_resolve(&run->spans, &run->target, run->command);
	if (!error)
		error = read_rules(run, rules);
	run->rules = rules;
	if (!error)
		error = output_folder_create(run->folder_path,
					     run->target.name ? run->target.name : run->command[0],
					     run->may_replace, &folder);
	if (!error)
		error = recording_run(&recording, run, &folder);
	if (error && recording.has_exec_failed)
		*status_ret = exit_status_of_exec(error);
	if (!error && recording.is_aborted) {
		*status_ret = EXIT_SIGNAL_BASE + SIGINT;
	} else if (!error) {
		error = report(&recording, run, rules, &folder);
		if (!error)
			*status_ret = exit_status_of_wait(recording.wait_status);
	}
	recording_deinit(&recording);
	output_folder_discard_if_empty(&folder);
	output_folder_deinit(&folder);
	rule_set_destroy(rules);
	if (built_paths.count)
		run->command[0] = NULL;
	text_vector_destroy_items(&built_paths);
	return error;
}

static int cmd_run(const struct command *command, int argc, char **argv)
{
	struct run_options run = { .output = output_options_default(),
				   .output_policy = output_policy_get(),
				   .n_repeats = 1,
				   .script_size_max_bytes = SCRIPT_SIZE_MAX_DEFAULT_BYTES };
	int status = EXIT_OURS;
	struct error *error;

	run.graph.output = &run.output;
	terminal_init(false);
	error = parse_options(command, argc, argv, &run);
	terminal_init(run.is_quiet);
	output_policy_set(&run.output_policy);
	if (!error)
		error = symbol_search_start(&run.search);
	run.symbols.cache = run.search.cache;
	if (!error)
		error = run_job(&run, &status);
	symbol_search_finish(&run.search);
	symbol_search_deinit(&run.search);
	flamegraph_setup_deinit(&run.graph);
	format_vector_deinit(&run.exports);
	string_vector_deinit(&run.rule_paths);
	for (size_t i = 0; i < run.events.count; i++)
		free((char *)run.events.items[i].name);
	sampled_event_vector_deinit(&run.events);
	run_target_deinit(&run.target);
	run_spans_deinit(&run.spans);
	run_user_deinit(&run.user);
	if (error)
		terminal_print_error(error);
	return status;
}

const struct command command_run = {
	.name = "run",
	.summary = "Profile a command and write the six deliverables",
	.usage = "[OPTIONS] [--] COMMAND [ARG...]",
	.description =
		"Runs COMMAND, samples it with all its threads and children from its first "
		"instruction on, unwinds their stacks while it runs, and writes perf.data, "
		"perf-report.txt, perf-script.txt, perf-collapsed.txt, flamegraph.svg, "
		"analysis.txt "
		"and summary.json into a folder of their own. The word run may be left out.\n\n"
		"The command's standard streams, signals and terminal are its own; everything "
		"perf-profile says goes to standard error. The exit status is the command's, 128+N "
		"when signal N killed it, 125 when perf-profile itself failed, 126 when the "
		"command "
		"cannot be executed and 127 when it is not found. Ctrl-C ends the command and "
		"still "
		"reports; a second Ctrl-C stops at once.",
	.topics = topics,
	.examples = examples,
	.takes_command = true,
	.run = cmd_run,
};
