#include "cli/commands.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "base/escape.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "cli/history_entries.h"
#include "cli/terminal.h"
#include "compare/statistics.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SECONDS_PER_DAY 86400

/** Resamples of the interval that `show` prints. */
#define N_RESAMPLES 4000

enum {
	OPTION_METRIC = 1,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_KEEP,
	OPTION_OLDER_THAN,
};

static const struct option_spec options[] = {
	{ OPTION_METRIC, 0, "metric", "METRIC",
	  "plot: time, cpu, user, system, memory, page-faults, instructions and others. Default: "
	  "time.",
	  "time cpu user system memory page-faults context-switches instructions cycles" },
	{ OPTION_OUTPUT, 'o', "output", "FILE", "plot: write an SVG image to FILE.", "FILE" },
	{ OPTION_FORCE, 'f', "force", NULL, "Replace the file given with -o.", NULL },
	{ OPTION_JSON, 0, "json", NULL, "list and show: print JSON.", NULL },
	{ OPTION_KEEP, 0, "keep", "N", "prune: keep the newest N of each name.", NULL },
	{ OPTION_OLDER_THAN, 0, "older-than", "DAYS", "prune: remove what is older.", NULL },
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile compare --save main './program data'", "Measure and keep it." },
	{ "perf-profile compare main -- ./program data", "Compare with the newest entry of main." },
	{ "perf-profile history plot main -o main.svg", "How it went over time." },
	{ "perf-profile history prune --keep 50", "Keep 50 entries of each name." },
	{ NULL, NULL },
};

struct history_request {
	const char *action; /**< "list" when none is given. */
	const char *name;   /**< NULL: none. */
	const char *output_path;
	enum metric metric;
	bool may_replace, is_json;
	bool has_age;
	uint64_t days;
	struct history_prune prune;
};

static struct error *apply_option(void *context, int id, const char *value)
{
	struct history_request *request = context;

	switch (id) {
	case OPTION_METRIC:
		if (!metric_find(value, &request->metric))
			return error_new(ERROR_USAGE, "--metric: there is no metric '%s'", value);
		return NULL;
	case OPTION_OUTPUT:
		request->output_path = value;
		return NULL;
	case OPTION_FORCE:
		request->may_replace = true;
		return NULL;
	case OPTION_JSON:
		request->is_json = true;
		return NULL;
	case OPTION_KEEP:
		request->prune.has_keep = true;
		return option_read_u64("--keep", value, 0, HISTORY_ENTRIES_MAX,
				       &request->prune.n_kept);
	default: /* OPTION_OLDER_THAN */
		request->has_age = true;
		return option_read_u64("--older-than", value, 0, 100000, &request->days);
	}
}

static void write_entry_json(struct json_writer *json, const struct history_entry *entry)
{
	json_begin_object(json, NULL);
	json_i64(json, "id", entry->id);
	json_string(json, "name", entry->name);
	json_i64(json, "time", entry->time_s);
	json_string(json, "command", entry->command);
	json_string(json, "folder", entry->folder);
	json_string(json, "commit", entry->commit);
	json_bool(json, "dirty", entry->is_dirty);
	json_string(json, "hostname", entry->setting.hostname);
	json_string(json, "kernel", entry->setting.kernel_release);
	json_string(json, "cpu", entry->setting.cpu_model);
	json_u64(json, "cpus", entry->setting.n_cpus);
	json_string(json, "governor", entry->setting.governor);
	json_string(json, "version", entry->setting.tool_version);
	json_u64(json, "runs", entry->n_runs);
	json_begin_object(json, "medians");
	for (int i = 0; i < N_METRICS; i++) {
		if (isfinite(entry->medians[i]))
			json_double(json, metrics[i].name, entry->medians[i]);
	}
	json_end_object(json);
	if (entry->runs.count) {
		json_begin_array(json, "times");
		for (size_t i = 0; i < entry->runs.count; i++)
			json_double(json, NULL, entry->runs.items[i].values[METRIC_TIME]);
		json_end_array(json);
	}
	json_end_object(json);
}

static void write_list_json(const struct history_entry_vector *entries)
{
	struct json_writer json = json_writer_make(stdout);

	json_begin_array(&json, NULL);
	for (size_t i = 0; i < entries->count; i++)
		write_entry_json(&json, &entries->items[i]);
	json_end_array(&json);
	putchar('\n');
}

static void write_list(const struct history_entry_vector *entries)
{
	if (entries->count)
		printf("%6s  %-16s  %-20s %12s %5s  %-9s %s\n", "id", "time", "name", "median",
		       "runs", "commit", "command");
	for (size_t i = 0; i < entries->count; i++) {
		const struct history_entry *entry = &entries->items[i];
		_cleanup_free_ char *command = escape_plain(entry->command);
		char time[HISTORY_TIME_SIZE_BYTES], median[METRIC_TEXT_SIZE_BYTES];

		history_format_time(entry->time_s, time);
		metric_format(METRIC_TIME, entry->medians[METRIC_TIME], median);
		printf("%6" PRId64 "  %-16s  %-20s %12s %5" PRIu64 "  %.7s%-2s %s\n", entry->id,
		       time, entry->name, median, entry->n_runs,
		       entry->commit ? entry->commit : "-      ", entry->is_dirty ? "*" : "",
		       command);
	}
	if (!entries->count)
		terminal_print_note("the history is empty; perf-profile compare --save NAME "
				    "COMMAND adds to it");
}

static void write_fact(const char *label, const char *text)
{
	_cleanup_free_ char *safe = escape_plain(text ? text : "unknown");

	printf("  %-17s %s\n", label, safe);
}

static void write_metric(const struct history_entry *entry, enum metric metric)
{
	const struct side side = { .runs = entry->runs };
	_cleanup_free_ double *values = NULL;
	struct series series = side_series(&side, metric, &values);
	struct estimate estimate = statistics_median_estimate(series, 1, N_RESAMPLES);
	char median[METRIC_TEXT_SIZE_BYTES], low[METRIC_TEXT_SIZE_BYTES];
	char high[METRIC_TEXT_SIZE_BYTES];

	if (!series.count)
		return;
	metric_format(metric, estimate.value, median);
	metric_format(metric, estimate.interval.low, low);
	metric_format(metric, estimate.interval.high, high);
	printf("  %-17s %12s  (%s to %s)\n", metrics[metric].label, median, low, high);
}

static void write_entry(const struct history_entry *entry)
{
	_cleanup_free_ char *command = escape_plain(entry->command);
	_cleanup_free_ char *cpus = memory_format_text("%u", entry->setting.n_cpus);
	char time[HISTORY_TIME_SIZE_BYTES];

	history_format_time(entry->time_s, time);
	printf("%s%s%s (%" PRId64 "), %s, %zu %s\n", terminal_begin(stdout, STYLE_BOLD),
	       entry->name, terminal_end(stdout), entry->id, time, entry->runs.count,
	       count_noun(entry->runs.count, "run", "runs"));
	write_fact("command", command);
	write_fact("folder", entry->folder);
	write_fact("commit", entry->commit);
	write_fact("uncommitted", entry->is_dirty ? "yes" : "no");
	write_fact("machine", entry->setting.hostname);
	write_fact("CPU", entry->setting.cpu_model);
	write_fact("CPUs", cpus);
	write_fact("kernel", entry->setting.kernel_release);
	write_fact("governor", entry->setting.governor);
	for (int i = 0; i < N_METRICS; i++)
		write_metric(entry, (enum metric)i);
}

static struct error *list(struct history *history, const struct history_request *request)
{
	struct history_entry_vector entries;

	RETURN_IF_ERROR(history_list(history, request->name, &entries));
	if (request->is_json)
		write_list_json(&entries);
	else
		write_list(&entries);
	history_entries_deinit(&entries);
	return NULL;
}

static struct error *show(struct history *history, const struct history_request *request)
{
	struct history_entry entry;

	RETURN_IF_ERROR(history_find(history, request->name, &entry));
	if (request->is_json) {
		struct json_writer json = json_writer_make(stdout);

		write_entry_json(&json, &entry);
		putchar('\n');
	} else {
		write_entry(&entry);
	}
	history_entry_deinit(&entry);
	return NULL;
}

/** Machines that differ make a curve that says nothing. */
static void warn_of_machines(const struct history_entry_vector *entries)
{
	for (size_t i = 1; i < entries->count; i++) {
		_cleanup_free_ char *difference = history_setting_difference(
			&entries->items[i - 1].setting, &entries->items[i].setting);

		if (!*difference)
			continue;
		terminal_print_warning("entries were measured under different conditions, first at "
				       "%" PRId64 ": %s",
				       entries->items[i].id, difference);
		return;
	}
}

static struct error *plot_entries(const struct history_entry_vector *entries,
				  const struct history_request *request)
{
	struct output_file output;

	if (!request->output_path) {
		history_plot_text(entries, request->metric, stdout);
		return NULL;
	}
	RETURN_IF_ERROR(output_file_create(&output, request->output_path, request->may_replace));
	history_plot_svg(entries, request->metric, output.file);
	return output_file_commit(&output);
}

static struct error *plot(struct history *history, const struct history_request *request)
{
	struct history_entry_vector entries;
	struct error *error;

	RETURN_IF_ERROR(history_list(history, request->name, &entries));
	if (!entries.count)
		error = error_new(ERROR_NOT_FOUND, "there is no '%s' in the history",
				  request->name);
	else
		error = plot_entries(&entries, request);
	warn_of_machines(&entries);
	history_entries_deinit(&entries);
	return error;
}

static struct error *prune(struct history *history, const struct history_request *request)
{
	struct history_prune what = request->prune;
	uint64_t n_removed;

	if (!what.has_keep && !request->has_age)
		return error_new(ERROR_USAGE, "prune needs --keep N or --older-than DAYS");
	what.name = request->name;
	if (request->has_age)
		what.oldest_time_s =
			(int64_t)(clock_realtime_ns() / NS_PER_S - request->days * SECONDS_PER_DAY);
	RETURN_IF_ERROR(history_prune(history, &what, &n_removed));
	printf("%" PRIu64 " %s removed\n", n_removed, count_noun(n_removed, "entry", "entries"));
	return NULL;
}

static const struct {
	const char *name;
	struct error *(*run)(struct history *history, const struct history_request *request);
	bool needs_name;
} actions[] = {
	{ "list", list, false },
	{ "show", show, true },
	{ "plot", plot, true },
	{ "prune", prune, false },
};

static struct error *run_action(const struct history_request *request)
{
	struct history *history;
	struct error *error;
	size_t i = 0;

	while (i < ARRAY_SIZE(actions) && strcmp(actions[i].name, request->action) != 0)
		i++;
	if (i == ARRAY_SIZE(actions))
		return error_with_hint(
			error_new(ERROR_USAGE, "history has no action '%s'", request->action),
			"list, show, plot or prune");
	if (actions[i].needs_name && !request->name)
		return error_new(ERROR_USAGE, "history %s needs the NAME of an entry, or its id",
				 request->action);
	if (!history_is_there() && !actions[i].needs_name) {
		terminal_print_note("there is no history yet; perf-profile compare --save NAME "
				    "COMMAND begins one");
		return NULL;
	}
	RETURN_IF_ERROR(history_open_default(&history));
	error = actions[i].run(history, request);
	history_close(history);
	return error;
}

static struct error *parse(const struct command *command, int argc, char **argv,
			   struct history_request *request)
{
	struct option_parser parser = option_parser_make(command, argc, argv);

	RETURN_IF_ERROR(option_parser_run(&parser, apply_option, request));
	if (parser.index < argc)
		request->action = argv[parser.index++];
	if (parser.index < argc)
		request->name = argv[parser.index++];
	if (parser.index < argc)
		return error_new(ERROR_USAGE, "'%s' is one word too many", argv[parser.index]);
	return NULL;
}

static int cmd_history(const struct command *command, int argc, char **argv)
{
	struct history_request request = { .action = "list", .metric = METRIC_TIME };
	struct error *error = parse(command, argc, argv, &request);

	terminal_init(false);
	if (!error)
		error = run_action(&request);
	return terminal_finish(error);
}

const struct command command_history = {
	.name = "history",
	.summary = "Measurements kept by compare --save",
	.usage = "[OPTIONS] [list [NAME] | show NAME|ID | plot NAME | prune [NAME]]",
	.description =
		"compare --save NAME keeps all runs with the machine, kernel, CPU, governor, git "
		"commit and whether there were uncommitted changes (*). compare NAME -- COMMAND "
		"compares with the newest entry of that name.\n\n"
		"The history is an SQLite database: $XDG_DATA_HOME/perf-profile/history.db, by "
		"default in ~/.local/share. Any number of processes may use it at once.",
	.options = options,
	.examples = examples,
	.run = cmd_history,
};
