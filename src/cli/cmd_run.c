#include "cli/commands.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/program_build.h"
#include "cli/program_search.h"
#include "cli/run.h"
#include "cli/terminal.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPTION_FREQUENCY = 1,
	OPTION_EVENT,
	OPTION_PERIOD,
	OPTION_RING_SIZE,
	OPTION_CALL_GRAPH,
	OPTION_CALL_GRAPH_DEFAULT,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_DURATION,
	OPTION_REPEAT,
	OPTION_PID,
	OPTION_ALL_CPUS,
	OPTION_CPUS,
	OPTION_NO_INHERIT,
	OPTION_USER_ONLY,
	OPTION_KERNEL_ONLY,
	OPTION_NO_INLINE,
	OPTION_NO_DEMANGLE,
	OPTION_RULES,
	OPTION_EXPORT,
	OPTION_NO_CACHE,
	OPTION_BUILD,
	OPTION_TIMINGS,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_FREQUENCY, 'F', "freq", "HZ|max", "Samples per second and CPU. Default: 997.",
	  "997 4999 max" },
	{ OPTION_EVENT, 'e', "event", "EVENT",
	  "What to sample on: cycles, cpu-clock, page-faults, cache-misses, rNNN and others, with "
	  ":u or :k for one side. Default: cycles, or cpu-clock without hardware counters.",
	  "cycles cpu-clock task-clock instructions page-faults minor-faults major-faults "
	  "context-switches cache-misses branch-misses" },
	{ OPTION_PERIOD, 'c', "count", "N", "Take a sample every N events instead of by frequency.",
	  NULL },
	{ OPTION_RING_SIZE, 'm', "mmap-pages", "SIZE",
	  "Ring buffer per CPU: pages, or bytes with K, M or G. Default: what holds 128 ms of "
	  "samples, or as much as allowed.",
	  NULL },
	{ OPTION_CALL_GRAPH, 0, "call-graph", "METHOD",
	  "How stacks are found: dwarf[,BYTES] copies the stack and unwinds it while recording, fp "
	  "follows frame pointers, none. Default: dwarf, as many bytes as fit.",
	  "dwarf fp none" },
	{ OPTION_CALL_GRAPH_DEFAULT, 'g', NULL, NULL, "The same as --call-graph dwarf.", NULL },
	{ OPTION_OUTPUT, 'o', "output", "DIR",
	  "Folder of the deliverables. Default: perf-profile.out/PROGRAM-TIME.", "DIR" },
	{ OPTION_FORCE, 'f', "force", NULL,
	  "Replace the files of an earlier run in the folder given with -o.", NULL },
	{ OPTION_DURATION, 0, "duration", "TIME",
	  "Stop sampling after TIME (seconds, or with ms, s, m), end the command with SIGTERM and "
	  "report.",
	  NULL },
	{ OPTION_REPEAT, 0, "repeat", "N",
	  "Run the command N times into one profile, for more samples.", NULL },
	{ OPTION_PID, 'p', "pid", "PID[,PID...]",
	  "Attach to running processes, all their threads and what they start, until they end, "
	  "--duration, or Ctrl-C. They are left as they are.",
	  NULL },
	{ OPTION_ALL_CPUS, 'a', "all-cpus", NULL,
	  "The whole machine: until the command ends, if one is given, --duration, or Ctrl-C.",
	  NULL },
	{ OPTION_CPUS, 'C', "cpu", "LIST", "Only these CPUs of the machine, such as 0-3,8.", NULL },
	{ OPTION_NO_INHERIT, 'i', "no-inherit", NULL,
	  "Only the command's first thread, no threads and children of it.", NULL },
	{ OPTION_USER_ONLY, 0, "user-only", NULL, "Leave out the kernel side.", NULL },
	{ OPTION_KERNEL_ONLY, 0, "kernel-only", NULL, "Leave out the user side.", NULL },
	{ OPTION_NO_INLINE, 0, "no-inline", NULL,
	  "Do not read debug information: no inlined functions, no file:line.", NULL },
	{ OPTION_NO_DEMANGLE, 0, "no-demangle", NULL, "Show names as the linker has them.", NULL },
	{ OPTION_RULES, 0, "rules", "FILE",
	  "More rules for findings, beside the shipped ones. May be given again.", "FILE" },
	{ OPTION_EXPORT, 0, "export", "FORMAT",
	  "Write the profile in one more format: pprof, speedscope, firefox and others "
	  "(perf-profile export --list). May be given again.",
	  EXPORT_FORMAT_NAMES },
	{ OPTION_NO_CACHE, 0, "no-cache", NULL,
	  "Neither use nor keep what earlier runs found out about programs and libraries.", NULL },
	{ OPTION_BUILD, 0, "build", NULL,
	  "Build the command's program first, with debug information and frame pointers, and "
	  "profile that instead; see perf-profile build.",
	  NULL },
	{ OPTION_TIMINGS, 0, "timings", NULL, "Say where the time of the job itself went.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "Only errors on the terminal.", NULL },
	FLAMEGRAPH_OPTION_SPECS(0, 0),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile ./server --port 8080", "Profile a command until it ends or Ctrl-C." },
	{ "perf-profile -F 4999 --duration 10 -- ./server", "Ten seconds at a higher rate." },
	{ "perf-profile --repeat 20 ./short-program", "Enough samples of a short program." },
	{ NULL, NULL },
};

static struct error *read_frequency(const char *value, struct sampler_options *sampler)
{
	if (strcmp(value, "max") == 0) {
		sampler->is_frequency_max = true;
		sampler->frequency_hz = 1;
		return NULL;
	}
	sampler->is_frequency_max = false;
	return option_read_u64("--freq", value, 1, 1000000, &sampler->frequency_hz);
}

/** perf's -m counts pages; sizes with a unit are bytes. */
static struct error *read_ring_size(const char *value, uint64_t *ret)
{
	bool is_pages = value[0] && strspn(value, "0123456789") == strlen(value);

	RETURN_IF_ERROR(option_read_size("--mmap-pages", value, 1, UINT64_C(1) << 30, ret));
	if (is_pages)
		*ret *= 4096;
	return NULL;
}

static struct error *read_call_graph(const char *value, struct sampler_options *sampler)
{
	uint64_t bytes;

	if (strcmp(value, "fp") == 0) {
		sampler->stack_method = STACK_METHOD_FP;
	} else if (strcmp(value, "none") == 0 || strcmp(value, "no") == 0) {
		sampler->stack_method = STACK_METHOD_NONE;
	} else if (strcmp(value, "dwarf") == 0) {
		sampler->stack_method = STACK_METHOD_DWARF;
	} else if (strncmp(value, "dwarf,", 6) == 0) {
		RETURN_IF_ERROR(
			option_read_size("--call-graph dwarf", value + 6, 512, 65528, &bytes));
		sampler->stack_method = STACK_METHOD_DWARF;
		sampler->stack_copy_bytes = (uint32_t)bytes;
	} else {
		return error_with_hint(
			error_new(ERROR_USAGE, "--call-graph: unknown method '%s'", value),
			"one of: dwarf, dwarf,BYTES (512 to 65528), fp, none");
	}
	return NULL;
}

static struct error *read_export(const char *value, struct format_vector *exports)
{
	const struct output_format *format;

	RETURN_IF_ERROR(export_format_read("--export", value, &format));
	format_vector_append(exports, format);
	return NULL;
}

static struct error *apply_option(struct run_options *run, int id, const char *value)
{
	uint64_t number;
	bool is_known;

	switch (id) {
	case OPTION_FREQUENCY:
		return read_frequency(value, &run->sampler);
	case OPTION_EVENT:
		run->sampler.event = value;
		return NULL;
	case OPTION_PERIOD:
		return option_read_u64("--count", value, 1, UINT64_MAX / 2, &run->sampler.period);
	case OPTION_RING_SIZE:
		return read_ring_size(value, &run->sampler.ring_size_bytes);
	case OPTION_CALL_GRAPH:
		return read_call_graph(value, &run->sampler);
	case OPTION_CALL_GRAPH_DEFAULT:
		run->sampler.stack_method = STACK_METHOD_DWARF;
		return NULL;
	case OPTION_OUTPUT:
		run->folder_path = value;
		return NULL;
	case OPTION_FORCE:
		run->may_replace = true;
		return NULL;
	case OPTION_DURATION:
		return option_read_duration("--duration", value, &run->duration_ns);
	case OPTION_REPEAT:
		RETURN_IF_ERROR(option_read_u64("--repeat", value, 1, 1000000, &number));
		run->n_repeats = (unsigned int)number;
		return NULL;
	case OPTION_PID:
		return run_target_read_pids(&run->target, value);
	case OPTION_ALL_CPUS:
		run->target.is_system = true;
		return NULL;
	case OPTION_CPUS:
		return run_target_read_cpus(&run->target, value);
	case OPTION_NO_INHERIT:
		run->sampler.is_without_inherit = true;
		return NULL;
	case OPTION_USER_ONLY:
		run->sampler.sides = SAMPLED_USER_ONLY;
		return NULL;
	case OPTION_KERNEL_ONLY:
		run->sampler.sides = SAMPLED_KERNEL_ONLY;
		return NULL;
	case OPTION_NO_INLINE:
		run->symbols.is_without_inlines = true;
		run->symbols.is_without_lines = true;
		return NULL;
	case OPTION_NO_DEMANGLE:
		run->symbols.is_mangled = true;
		return NULL;
	case OPTION_RULES:
		string_vector_append(&run->rule_paths, value);
		return NULL;
	case OPTION_EXPORT:
		return read_export(value, &run->exports);
	case OPTION_NO_CACHE:
		run->is_without_cache = true;
		return NULL;
	case OPTION_BUILD:
		run->is_built_first = true;
		return NULL;
	case OPTION_TIMINGS:
		run->shows_timings = true;
		return NULL;
	case OPTION_QUIET:
		run->is_quiet = true;
		return NULL;
	default:
		return flamegraph_setup_apply(&run->graph, id, value, &is_known);
	}
}

static struct error *check_target(const struct run_options *run)
{
	bool has_command = run->command[0] != NULL;

	if (!has_command && !run_target_is_attached(&run->target))
		return error_with_hint(error_new(ERROR_USAGE, "no command given"),
				       "perf-profile [OPTIONS] COMMAND [ARG...], for example: "
				       "perf-profile sleep 1");
	if (run->target.pids.count && (has_command || run->target.is_system))
		return error_with_hint(error_new(ERROR_USAGE, "-p goes without %s",
						 has_command ? "a command" : "-a and -C"),
				       "--duration says how long, Ctrl-C ends it");
	return NULL;
}

static struct error *parse_options(const struct command *command, int argc, char **argv,
				   struct run_options *run, bool *is_help_ret)
{
	struct option_parser parser = option_parser_make(command, argc, argv);
	const char *value;
	int id;

	for (;;) {
		RETURN_IF_ERROR(option_parser_next(&parser, &id, &value));
		if (id == OPTION_ID_END)
			break;
		if (id == OPTION_ID_HELP) {
			*is_help_ret = true;
			return NULL;
		}
		RETURN_IF_ERROR(apply_option(run, id, value));
	}
	run->command = argv + parser.index;
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
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *pattern = NULL;
	struct error *error = NULL;
	glob_t found;

	if (config && config[0] == '/')
		pattern = memory_format_text("%s/perf-profile/rules/*.rules", config);
	else if (home && home[0] == '/')
		pattern = memory_format_text("%s/.config/perf-profile/rules/*.rules", home);
	if (!pattern || glob(pattern, 0, NULL, &found) != 0)
		return NULL;
	for (size_t i = 0; i < found.gl_pathc && !error; i++)
		error = rule_set_read(rules, found.gl_pathv[i]);
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
	struct explanation *explanation;
	struct machine machine;
	struct error *error;

	machine_init(&machine);
	error = recording_finish(recording, run, &machine);
	machine_deinit(&machine);
	if (error)
		return error;
	deliverable_vector_append(&deliverables,
				  (struct deliverable){ "perf.data", "for perf report and others",
							recording->perf_data_error });
	recording->perf_data_error = NULL;
	explanation = explanation_create(analyzer_profile(recording->analyzer), rules, 0);
	deliverables_write(&deliverables, analyzer_profile(recording->analyzer), explanation, run,
			   folder);
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
	struct build_request request = program_build_request(run->command[0], folder);

	RETURN_IF_ERROR(program_build(&request, run->is_quiet, /* is_fresh= */ false, paths));
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
		error = read_rules(run, rules);
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
	struct run_options run = { .output = output_options_default(), .n_repeats = 1 };
	bool is_help = false;
	int status = EXIT_OURS;
	struct error *error;

	run.graph.output = &run.output;
	terminal_init(false);
	error = parse_options(command, argc, argv, &run, &is_help);

	if (is_help) {
		help_write(stdout, command);
		return terminal_finish_output();
	}
	terminal_init(run.is_quiet);
	if (!error && !run.is_without_cache)
		run.symbols.cache = cache_create_default();
	if (!error)
		error = run_job(&run, &status);
	cache_destroy(run.symbols.cache);
	flamegraph_setup_deinit(&run.graph);
	format_vector_deinit(&run.exports);
	string_vector_deinit(&run.rule_paths);
	run_target_deinit(&run.target);
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
	.options = options,
	.examples = examples,
	.takes_command = true,
	.run = cmd_run,
};
