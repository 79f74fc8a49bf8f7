#include "cli/commands.h"

#include "base/memory.h"
#include "base/output_policy.h"
#include "cli/run_signals.h"
#include "cli/stat.h"
#include "cli/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/** Shorter intervals would measure the printing. */
#define INTERVAL_LEAST_MS 10

/** A day. */
#define MILLISECONDS_MAX UINT64_C(86400000)

enum {
	OPTION_EVENT = 1,
	OPTION_DETAIL,
	OPTION_REPEAT,
	OPTION_PID,
	OPTION_TID,
	OPTION_COMM,
	OPTION_USER,
	OPTION_SYSTEM,
	OPTION_CPU,
	OPTION_CGROUP,
	OPTION_NO_INHERIT,
	OPTION_INTERVAL,
	OPTION_TIMEOUT,
	OPTION_SEPARATOR,
	OPTION_JSON,
	OPTION_OUTPUT,
	OPTION_APPEND,
	OPTION_NO_COUNTERS,
	OPTION_NO_BIG_NUMBERS,
};

static const struct option_spec options[] = {
	{ OPTION_EVENT, 'e', "event", "LIST",
	  "What to count, with commas, as perf names it: cycles:u, L1-dcache-load-misses, rNNN, "
	  "pmu/event/, sched:sched_switch; {a,b} are counted at the same times. May be given "
	  "again. Default: what the description lists.",
	  "task-clock cycles instructions branches branch-misses cache-references cache-misses "
	  "page-faults minor-faults major-faults context-switches cpu-migrations "
	  "L1-dcache-load-misses LLC-load-misses dTLB-load-misses iTLB-load-misses" },
	{ OPTION_DETAIL, 'd', "detailed", NULL,
	  "Also the first and last data cache; twice: instruction cache and TLBs too.", NULL },
	{ OPTION_REPEAT, 'r', "repeat", "N",
	  "Run the command N times: mean, its standard error, median and 95 % interval.", NULL },
	{ OPTION_PID, 'p', "pid", "PID[,PID...]",
	  "Count running processes, until they or COMMAND end, or Ctrl-C.", NULL },
	{ OPTION_TID, 't', "tid", "TID[,TID...]", "The same for single threads.", NULL },
	{ OPTION_COMM, 0, "comm", "NAME",
	  "The same for all processes of this name or whose program has it.", NULL },
	{ OPTION_USER, 0, "uid", "USER", "The same for all processes of a user (name or number).",
	  NULL },
	{ OPTION_SYSTEM, 'a', "all-cpus", NULL,
	  "Count the whole machine, until COMMAND ends or Ctrl-C.", NULL },
	{ OPTION_CPU, 'C', "cpu", "LIST", "Count only on these CPUs (0-3,8); the same as -a there.",
	  NULL },
	{ OPTION_CGROUP, 'G', "cgroup", "NAME",
	  "Count only what is in this cgroup, on all CPUs or those of -C.", NULL },
	{ OPTION_NO_INHERIT, 'i', "no-inherit", NULL,
	  "Only the command's first thread, no threads and children of it.", NULL },
	{ OPTION_INTERVAL, 'I', "interval-print", "MS",
	  "Print what came in each MS milliseconds (10 or more), as it comes.", NULL },
	{ OPTION_TIMEOUT, 0, "timeout", "MS",
	  "Stop after MS milliseconds; the command gets SIGTERM.", NULL },
	{ OPTION_SEPARATOR, 'x', "field-separator", "SEP",
	  "Fields of perf stat -x with SEP between them, one event a line.", NULL },
	{ OPTION_JSON, 'j', "json-output", NULL, "One JSON object a line, with perf's keys.",
	  NULL },
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	  "Write there instead of to standard error; - is standard output.", "FILE" },
	{ OPTION_APPEND, 0, "append", NULL, "Add to the file of -o.", NULL },
	{ OPTION_NO_COUNTERS, 'n', "null", NULL, "No events: only times and memory.", NULL },
	{ OPTION_NO_BIG_NUMBERS, 0, "no-big-num", NULL, "No commas between thousands.", NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile stat ./program", "Count one run." },
	{ "perf-profile stat -r 10 -d ./program", "Ten runs, caches too." },
	{ "perf-profile stat -e '{cycles,instructions}:u' -I 1000 -p 1234",
	  "A running process, each second." },
	{ NULL, NULL },
};

static struct error *read_milliseconds(const char *option, const char *value, uint64_t least,
				       uint64_t *ns_ret)
{
	uint64_t milliseconds;

	RETURN_IF_ERROR(option_read_u64(option, value, least, MILLISECONDS_MAX, &milliseconds));
	*ns_ret = milliseconds * 1000000;
	return NULL;
}

static struct error *apply_option(void *context, int id, const char *value)
{
	struct stat_options *stat = context;

	switch (id) {
	case OPTION_EVENT:
		string_vector_append(&stat->event_lists, value);
		return NULL;
	case OPTION_DETAIL:
		stat->detail++;
		return NULL;
	case OPTION_REPEAT:
		return option_read_u64("--repeat", value, 1, STAT_REPEATS_MAX, &stat->n_repeats);
	case OPTION_PID:
		return run_target_read_pids(&stat->target, value);
	case OPTION_TID:
		return run_target_read_tids(&stat->target, value);
	case OPTION_COMM:
		string_vector_append(&stat->target.names, value);
		return NULL;
	case OPTION_USER:
		stat->target.user = value;
		return NULL;
	case OPTION_CGROUP:
		stat->target.cgroup = value;
		stat->target.is_system = true;
		return NULL;
	case OPTION_SYSTEM:
		stat->target.is_system = true;
		return NULL;
	case OPTION_CPU:
		return run_target_read_cpus(&stat->target, value);
	case OPTION_NO_INHERIT:
		stat->is_without_inherit = true;
		return NULL;
	case OPTION_INTERVAL:
		return read_milliseconds("--interval-print", value, INTERVAL_LEAST_MS,
					 &stat->interval_ns);
	case OPTION_TIMEOUT:
		return read_milliseconds("--timeout", value, 1, &stat->timeout_ns);
	case OPTION_SEPARATOR:
		stat->format = STAT_CSV;
		stat->separator = strcmp(value, "\\t") == 0 ? "\t" : value;
		return NULL;
	case OPTION_JSON:
		stat->format = STAT_JSON;
		return NULL;
	case OPTION_OUTPUT:
		stat->output_path = value;
		return NULL;
	case OPTION_APPEND:
		stat->may_append = true;
		return NULL;
	case OPTION_NO_COUNTERS:
		stat->is_without_counters = true;
		return NULL;
	case OPTION_NO_BIG_NUMBERS:
		stat->is_without_big_numbers = true;
		return NULL;
	default:
		return error_new(ERROR_USAGE, "option %d is not handled", id);
	}
}

static struct error *check_options(const struct stat_options *stat)
{
	RETURN_IF_ERROR(run_target_check(&stat->target, /* has_command= */ false));
	if (stat->target.is_system && run_target_has_choice(&stat->target))
		return error_with_hint(
			error_new(ERROR_USAGE, "--comm and -u go without -a, -C and -G"),
			"a count of a whole CPU has no parts; perf-profile -a -u has");
	if (stat->n_repeats > 1 && !stat->command[0])
		return error_new(ERROR_USAGE, "-r needs a command to repeat");
	if (stat->n_repeats > 1 && stat->interval_ns)
		return error_new(ERROR_USAGE, "-r and -I cannot be given together");
	if (!stat->command[0] && !run_target_is_attached(&stat->target))
		return error_with_hint(error_new(ERROR_USAGE, "no command given"),
				       "perf-profile stat [OPTIONS] COMMAND [ARG...], or -p PID, "
				       "or -a");
	return NULL;
}

static struct error *parse_options(const struct command *command, int argc, char **argv,
				   struct stat_options *stat)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, stat));
	stat->command = argv + parser.index;
	return check_options(stat);
}

static struct error *open_output(const struct stat_options *stat, FILE **ret)
{
	FILE *file = stderr;

	if (stat->output_path && strcmp(stat->output_path, "-") == 0)
		file = stdout;
	else if (stat->output_path)
		file = output_policy_open(stat->output_path, stat->may_append);
	if (!file)
		return error_from_errno(errno, "cannot write '%s'", stat->output_path);
	*ret = file;
	return NULL;
}

static struct error *close_output(const struct stat_options *stat, FILE *file)
{
	bool is_bad = fflush(file) != 0 || ferror(file);

	if (file != stderr && file != stdout)
		is_bad |= fclose(file) != 0;
	if (is_bad && file != stderr)
		return error_from_errno(errno ? errno : EIO, "cannot write '%s'",
					stat->output_path);
	return NULL;
}

static void print_result(const struct stat_session *session)
{
	struct stat_table table;

	if (session->options->interval_ns || !session->runs.count)
		return;
	stat_table_init(&table, session, session->runs.items, session->runs.count);
	if (session->options->format == STAT_TEXT)
		stat_print_text(session, &table);
	else
		stat_print_rows(session, &table, NULL);
	stat_table_deinit(&table);
}

static struct error *count_and_print(struct stat_session *session)
{
	struct error *error = open_output(session->options, &session->output);

	if (error)
		return error;
	for (uint64_t run = 0; run < session->options->n_repeats && !error; run++) {
		error = stat_count(session);
		if (session->is_interrupted)
			break;
	}
	if (!error)
		print_result(session);
	if (error) {
		error_destroy(close_output(session->options, session->output));
		return error;
	}
	return close_output(session->options, session->output);
}

static int exit_status(const struct stat_session *session)
{
	if (WIFSIGNALED(session->wait_status))
		return EXIT_SIGNAL_BASE + WTERMSIG(session->wait_status);
	return WEXITSTATUS(session->wait_status);
}

/** @param status_ret  The exit status; on an error set when the command could not be run. */
static struct error *run_job(struct stat_options *stat, int *status_ret)
{
	struct stat_processor processor;
	struct counter_list list = { 0 };
	struct stat_session session = { .options = stat,
					.list = &list,
					.processor = &processor.processor };
	struct error *error;

	stat_processor_init(&processor);
	error = stat_events_choose(stat, &event_places_of_kernel, &processor.processor, &list);
	if (!error)
		error = run_target_resolve(&stat->target);
	if (!error)
		error = count_and_print(&session);
	if (!error)
		*status_ret = exit_status(&session);
	else if (session.has_exec_failed)
		*status_ret = error->errno_value == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	stat_session_deinit(&session);
	counter_list_deinit(&list);
	return error;
}

static int cmd_stat(const struct command *command, int argc, char **argv)
{
	struct stat_options stat = { .n_repeats = 1, .separator = "," };
	int status = EXIT_OURS;
	struct error *error = parse_options(command, argc, argv, &stat);

	terminal_init(false);
	if (!error)
		error = run_job(&stat, &status);
	run_target_deinit(&stat.target);
	string_vector_deinit(&stat.event_lists);
	if (error)
		terminal_print_error(error);
	return status;
}

const struct command command_stat = {
	.name = "stat",
	.summary = "Count what a command costs: cycles, misses, faults, switches, times",
	.usage = "[OPTIONS] [--] COMMAND [ARG...]",
	.description =
		"Runs COMMAND, counts what it and all it starts do, and prints the counts with "
		"the rates that follow from them and what those mean for this processor. "
		"Without -e: task-clock, context-switches, cpu-migrations, page-faults (minor and "
		"major), cycles, instructions, branches, branch-misses, cache-references, "
		"cache-misses, and the four parts of top-down analysis where the kernel offers "
		"them; always the time elapsed, user and system time and the peak memory.\n\n"
		"Counters that had to share the hardware are scaled up; how much of the time they "
		"counted is shown, and below half of it there is no verdict. What cannot be "
		"counted here is listed with the reason. On processors with two kinds of cores "
		"each kind has its own counts.\n\n"
		"Everything goes to standard error, as with perf stat, unless -o is given. The "
		"exit status is the command's, 128+N when signal N killed it, 125 when "
		"perf-profile itself failed, 126 when the command cannot be executed and 127 when "
		"it is not found. Ctrl-C ends the command and prints what was counted.",
	.options = options,
	.examples = examples,
	.takes_command = true,
	.run = cmd_stat,
};
