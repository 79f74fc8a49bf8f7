#include "cli/commands.h"

#include "base/escape.h"
#include "base/memory.h"
#include "cli/input_options.h"
#include "cli/pager.h"
#include "cli/terminal.h"
#include "output/output_format.h"

#include <inttypes.h>
#include <string.h>

enum {
	OPTION_STDIO = 1,
	OPTION_SORT,
	OPTION_FIELDS,
	OPTION_CHILDREN,
	OPTION_NO_CHILDREN,
	OPTION_GRAPH,
	OPTION_PERCENT_LIMIT,
	OPTION_COUNTS,
	OPTION_HEADER,
	OPTION_HEADER_ONLY,
	OPTION_STATS,
	OPTION_FORCE,
	OPTION_QUIET,
};

static const struct option_spec options[] = {
	{ OPTION_INPUT, 'i', "input", "FILE",
	  "What to read; '-' is standard input. Default: the last recording.", "FILE" },
	{ OPTION_INPUT_EVENT, 'e', "event", "EVENT",
	  "Which event of several. Default: the one with the most samples.", NULL },
	{ OPTION_SORT, 's', "sort", "KEYS",
	  "What makes a row: some of comm,pid,tid,cpu,dso,symbol,srcline,srcfile. "
	  "Default: comm,dso,symbol.",
	  "comm pid tid cpu dso symbol srcline srcfile" },
	{ OPTION_FIELDS, 'F', "fields", "FIELDS",
	  "Which columns, in the report's own order: overhead, overhead_children, sample, period "
	  "and the keys of --sort. Without overhead_children rows are by their own share.",
	  "overhead overhead_children sample period comm pid tid cpu dso symbol srcline srcfile" },
	{ OPTION_CHILDREN, 0, "children", NULL,
	  "Rows by their share with all they call. This is the default.", NULL },
	{ OPTION_NO_CHILDREN, 0, "no-children", NULL, "Rows by their own share.", NULL },
	{ OPTION_GRAPH, 'g', "call-graph", "[ TYPE]",
	  "What stands under a row: graph draws trees, flat lists whole stacks, folded the same on "
	  "one line each, none. Default: graph.",
	  "graph flat folded none" },
	{ OPTION_PERCENT_LIMIT, 0, "percent-limit", "PERCENT",
	  "Leave out what is below. Default: 0.5.", NULL },
	{ OPTION_COUNTS, 'n', "show-nr-samples", NULL, "Also the number of samples.", NULL },
	{ OPTION_HEADER, 0, "header", NULL,
	  "What was recorded where. This is the default; for scripts made for perf.", NULL },
	{ OPTION_HEADER_ONLY, 0, "header-only", NULL, "Only what was recorded where.", NULL },
	{ OPTION_STATS, 0, "stats", NULL, "Only how many records of each kind there are.", NULL },
	{ OPTION_STDIO, 0, "stdio", NULL, "Text. This is all there is; for scripts made for perf.",
	  NULL },
	{ OPTION_FORCE, 'f', "force", NULL, "Nothing to force; for scripts made for perf.", NULL },
	{ OPTION_QUIET, 'q', "quiet", NULL, "No warnings.", NULL },
	SYMBOL_OPTION_SPECS,
	FILTER_OPTION_SPECS('c', 'd', 'S', 'C'),
	OPTION_END,
};

static const struct command_example examples[] = {
	{ "perf-profile report", "The last recording." },
	{ "perf-profile report -i perf.data --no-children -g none",
	  "What was hot, one line each." },
	{ "perf script | perf-profile report -s dso -", "Shares of programs and libraries." },
	{ NULL, NULL },
};

struct report_request {
	struct input_options input;
	struct output_options output;
	bool is_header_only;
	bool is_stats;
	bool is_quiet;
};

static const struct {
	const char *name;
	uint32_t key;
} sort_keys[] = {
	{ "comm", REPORT_BY_COMM },
	{ "pid", REPORT_BY_PID },
	{ "tid", REPORT_BY_TID },
	{ "cpu", REPORT_BY_CPU },
	{ "dso", REPORT_BY_OBJECT },
	{ "symbol", REPORT_BY_SYMBOL },
	{ "sym", REPORT_BY_SYMBOL },
	{ "srcline", REPORT_BY_SOURCE_LINE },
	{ "srcfile", REPORT_BY_SOURCE_FILE },
};

/** 0: unknown. */
static uint32_t find_sort_key(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(sort_keys); i++) {
		if (strcmp(word, sort_keys[i].name) == 0)
			return sort_keys[i].key;
	}
	return 0;
}

static struct error *read_sort_keys(const char *value, uint32_t *ret)
{
	_cleanup_free_ char *text = memory_duplicate_text(value);
	char *rest = text;
	uint32_t keys = 0;

	for (char *word; (word = strsep(&rest, ","));) {
		uint32_t key = find_sort_key(word);

		if (!key)
			return error_with_hint(
				error_new(ERROR_USAGE, "--sort: unknown key '%s'", word),
				"known: comm, pid, tid, cpu, dso, symbol, srcline, "
				"srcfile");
		keys |= key;
	}
	*ret = keys;
	return NULL;
}

/** perf report's -F. Each column is there or not; overhead always is. */
static struct error *read_fields(const char *value, struct report_options *ret)
{
	_cleanup_free_ char *text = memory_duplicate_text(value);
	struct report_options chosen = *ret;
	char *rest = text;

	chosen.keys = 0;
	chosen.is_by_self = true;
	for (char *word; (word = strsep(&rest, ","));) {
		uint32_t key = find_sort_key(word);

		chosen.keys |= key;
		if (key || strcmp(word, "overhead") == 0)
			continue;
		if (strcmp(word, "overhead_children") == 0)
			chosen.is_by_self = false;
		else if (strcmp(word, "sample") == 0)
			chosen.has_counts = true;
		else if (strcmp(word, "period") == 0)
			chosen.has_periods = true;
		else
			return error_with_hint(
				error_new(ERROR_USAGE, "--fields: unknown field '%s'", word),
				"known: overhead, overhead_children, sample, period, comm, pid, "
				"tid, cpu, dso, symbol, srcline, srcfile");
	}
	if (!chosen.keys)
		chosen.keys = ret->keys;
	*ret = chosen;
	return NULL;
}

/** perf's TYPE may be followed by ",LIMIT,..."; the type is what decides. */
static struct error *read_graph(const char *value, enum report_trees *ret)
{
	static const struct {
		const char *name;
		enum report_trees trees;
	} types[] = {
		{ "graph", REPORT_TREES_GRAPH },  { "fractal", REPORT_TREES_GRAPH },
		{ "caller", REPORT_TREES_GRAPH }, { "callee", REPORT_TREES_GRAPH },
		{ "flat", REPORT_TREES_FLAT },    { "folded", REPORT_TREES_FOLDED },
		{ "none", REPORT_TREES_NONE },
	};

	size_t length = strcspn(value, ",");

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) == length && memcmp(types[i].name, value, length) == 0) {
			*ret = types[i].trees;
			return NULL;
		}
	}
	return error_with_hint(error_new(ERROR_USAGE, "--call-graph: unknown type '%s'", value),
			       "one of: graph, flat, folded, none");
}

static struct error *apply_option(void *context, int id, const char *value)
{
	struct report_request *request = context;
	struct report_options *report = &request->output.report;
	bool is_known;

	switch (id) {
	case OPTION_SORT:
		return read_sort_keys(value, &report->keys);
	case OPTION_FIELDS:
		return read_fields(value, report);
	case OPTION_CHILDREN:
		report->is_by_self = false;
		return NULL;
	case OPTION_NO_CHILDREN:
		report->is_by_self = true;
		return NULL;
	case OPTION_GRAPH:
		return read_graph(value ? value : "graph", &report->trees);
	case OPTION_PERCENT_LIMIT:
		return option_read_double("--percent-limit", value, 0, 100,
					  &request->output.percent_limit);
	case OPTION_COUNTS:
		report->has_counts = true;
		return NULL;
	case OPTION_HEADER_ONLY:
		request->is_header_only = true;
		return NULL;
	case OPTION_STATS:
		request->is_stats = true;
		return NULL;
	case OPTION_QUIET:
		request->is_quiet = true;
		return NULL;
	default:
		return input_options_apply(&request->input, id, value, &is_known);
	}
}

/** Kernel names of record types (linux/perf_event.h; tools/perf/util/event.h from 64 on). */
static const char *const record_type_names[RECORD_TYPES_MAX] = {
	[PERF_RECORD_MMAP] = "MMAP",
	[PERF_RECORD_LOST] = "LOST",
	[PERF_RECORD_COMM] = "COMM",
	[PERF_RECORD_EXIT] = "EXIT",
	[PERF_RECORD_THROTTLE] = "THROTTLE",
	[PERF_RECORD_UNTHROTTLE] = "UNTHROTTLE",
	[PERF_RECORD_FORK] = "FORK",
	[PERF_RECORD_READ] = "READ",
	[PERF_RECORD_SAMPLE] = "SAMPLE",
	[PERF_RECORD_MMAP2] = "MMAP2",
	[PERF_RECORD_AUX] = "AUX",
	[PERF_RECORD_ITRACE_START] = "ITRACE_START",
	[PERF_RECORD_LOST_SAMPLES] = "LOST_SAMPLES",
	[PERF_RECORD_SWITCH] = "SWITCH",
	[PERF_RECORD_SWITCH_CPU_WIDE] = "SWITCH_CPU_WIDE",
	[PERF_RECORD_NAMESPACES] = "NAMESPACES",
	[PERF_RECORD_KSYMBOL] = "KSYMBOL",
	[PERF_RECORD_BPF_EVENT] = "BPF_EVENT",
	[PERF_RECORD_CGROUP] = "CGROUP",
	[PERF_RECORD_TEXT_POKE] = "TEXT_POKE",
	[PERF_RECORD_AUX_OUTPUT_HW_ID] = "AUX_OUTPUT_HW_ID",
	[RECORD_TYPE_HEADER_BUILD_ID] = "BUILD_ID",
};

static struct error *write_stats(const struct open_profile *opened, FILE *file)
{
	uint64_t total = 0;

	if (opened->kind != INPUT_PERF_DATA)
		return error_new(ERROR_UNSUPPORTED, "%s has no records: --stats is for perf.data",
				 opened->path);
	for (size_t i = 0; i < RECORD_TYPES_MAX; i++)
		total += opened->n_records[i];
	fputs("Aggregated stats:\n", file);
	fprintf(file, "%20s events: %10" PRIu64 "\n", "TOTAL", total);
	for (size_t i = 0; i < RECORD_TYPES_MAX; i++) {
		if (!opened->n_records[i])
			continue;
		if (record_type_names[i])
			fprintf(file, "%20s events: %10" PRIu64 "\n", record_type_names[i],
				opened->n_records[i]);
		else
			fprintf(file, "%15s %4zu events: %10" PRIu64 "\n", "record type", i,
				opened->n_records[i]);
	}
	for (size_t i = 0; i < opened->profile->events.count; i++) {
		uint64_t count = 0;

		for (size_t s = 0; s < opened->profile->samples.count; s++) {
			if (opened->profile->samples.items[s].event == i)
				count += opened->profile->samples.items[s].count;
		}
		fputc('\n', file);
		escape_write_plain(
			file, profile_text(opened->profile, opened->profile->events.items[i].name));
		fprintf(file, " stats:\n%20s events: %10" PRIu64 "\n", "SAMPLE", count);
	}
	return NULL;
}

static struct error *write_report(struct report_request *request)
{
	struct open_profile opened;
	struct error *error;

	request->input.open.is_without_ticks = true;
	if (request->output.report.keys & REPORT_BY_CPU)
		request->input.filter.grouping =
			request->output.report.keys &
					(REPORT_BY_COMM | REPORT_BY_PID | REPORT_BY_TID)
				? PROFILE_BY_CPU_AND_COMM
				: PROFILE_BY_CPU;
	RETURN_IF_ERROR(input_options_open(&request->input, &opened, &request->output.event));
	pager_begin();
	request->output.report.is_header_only = request->is_header_only;
	error = request->is_stats ? write_stats(&opened, stdout)
				  : output_format_find("report")->write(opened.profile,
									&request->output, stdout);
	open_profile_close(&opened);
	return error;
}

static int run_report(const struct command *command, int argc, char **argv)
{
	struct report_request request = { .output = output_options_default() };
	struct error *error =
		input_options_parse(&request.input, command, argc, argv, apply_option, &request);
	int status;

	terminal_init(request.is_quiet);
	if (!error)
		error = write_report(&request);
	status = terminal_finish(error);
	pager_end();
	input_options_deinit(&request.input);
	return status;
}

const struct command command_report = {
	.name = "report",
	.summary = "Show a profile as text: functions with their callees and callers",
	.usage = "[OPTIONS] [FILE]",
	.description = "FILE is " INPUT_KINDS_TEXT ". Without it the last recording is shown: "
		       "perf-profile.out/latest, else perf.data. On a terminal the text goes "
		       "through a pager (PERF_PROFILE_PAGER, PAGER).",
	.options = options,
	.examples = examples,
	.run = run_report,
};
