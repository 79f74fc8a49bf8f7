#include "cli/run.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/function_name.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "cli/run_children.h"
#include "cli/terminal.h"
#include "cli/text_wrap.h"

#include <ctype.h>
#include <math.h>
#include <inttypes.h>
#include <string.h>

#define TOP_FUNCTIONS 10
/** Standard errors to each side (normal distribution). */
#define SURE_95 1.96

#define TOP_FINDINGS 5
#define TOP_WAITS    6

void format_duration(uint64_t duration_ns, char *text)
{
	double seconds = (double)duration_ns / NS_PER_S;

	if (seconds < 1e-3)
		snprintf(text, 32, "%.0f us", seconds * 1e6);
	else if (seconds < 1)
		snprintf(text, 32, "%.1f ms", seconds * 1e3);
	else
		snprintf(text, 32, "%.2f s", seconds);
}

static void print_heading(const char *text)
{
	fprintf(stderr, "\n%s%s%s\n", terminal_begin(stderr, STYLE_BOLD), text,
		terminal_end(stderr));
}

/** Foreign text, cut to @p size_max bytes at a character's start. Free with free(). */
static char *cut_text(const char *text, size_t size_max)
{
	char *plain = escape_plain(text);
	size_t length = strlen(plain);

	if (length > size_max && size_max > 3) {
		length = size_max - 3;
		while (length > 0 && ((unsigned char)plain[length] & 0xc0) == 0x80)
			length--;
		memcpy(plain + length, "...", sizeof("..."));
	}
	return plain;
}

static void print_cut(const char *text, size_t size_max)
{
	_cleanup_free_ char *plain = cut_text(text, size_max);

	fputs(plain, stderr);
}

/** Longer lines are hard to read even where they fit. */
#define WIDTH_MAX_COLUMNS 100
#define WIDTH_MIN_COLUMNS 40

static size_t report_width_columns(void)
{
	size_t width = terminal_width_columns();

	return MAX(MIN(width, (size_t)WIDTH_MAX_COLUMNS), (size_t)WIDTH_MIN_COLUMNS);
}

/** Foreign text in lines that fit; the cursor is at column @p indent, where all of them start. */
static void print_wrapped(const char *text, size_t indent)
{
	_cleanup_free_ char *plain = escape_plain(text);

	text_wrap_write_columns(stderr, plain, indent, indent, report_width_columns());
}

/** "LABEL: text", coloured label, lines after the first under the text. */
static void print_labelled(enum terminal_style style, const char *label, const char *text)
{
	fprintf(stderr, "%s%s%s ", terminal_begin(stderr, style), label, terminal_end(stderr));
	print_wrapped(text, strlen(label) + 1);
}

static double share_percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/** Of the numbers before a function and the brackets around its library. */
#define FUNCTION_FIXED_COLUMNS 23
#define LIBRARY_COLUMNS        24

/** A function's name and library in one line, the name in short when it is long. */
static void print_function(const char *name, const char *library)
{
	size_t library_columns = MIN(strlen(library), (size_t)LIBRARY_COLUMNS);
	size_t name_columns = report_width_columns() - FUNCTION_FIXED_COLUMNS;
	_cleanup_free_ char *in_short = NULL;

	name_columns -= MIN(library_columns, name_columns - 10);
	if (strlen(name) > name_columns)
		in_short = function_name_shorten(name, "...");
	print_cut(in_short ? in_short : name, name_columns);
	fprintf(stderr, "%s  (", terminal_begin(stderr, STYLE_DIM));
	print_cut(library, LIBRARY_COLUMNS);
	fprintf(stderr, ")%s\n", terminal_end(stderr));
}

static void print_functions(const struct explanation *explanation, const struct profile *profile)
{
	if (explanation->functions.count == 0)
		return;
	print_heading("   SELF  CHILDREN  FUNCTION");
	for (size_t i = 0; i < MIN(explanation->functions.count, (size_t)TOP_FUNCTIONS); i++) {
		const struct profile_function *function = &explanation->functions.items[i];
		const struct profile_object *object = &profile->objects.items[function->object];

		fprintf(stderr, "%6.1f%%   %6.1f%%  ",
			share_percent(function->self_period, explanation->quality.period_total),
			share_percent(function->children_period,
				      explanation->quality.period_total));
		print_function(profile_text(profile, function->name),
			       profile_text(profile, object->name));
	}
}

#define FINDING_NAME_BYTES 60

/** "Sorting: qsort, compare". Free with free(). */
static char *finding_text(const struct finding *finding, const struct profile *profile)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *file = text_stream_open(&text, &size_bytes);

	fputs(finding->rule->title, file);
	for (size_t i = 0; i < MIN(finding->n_functions, (size_t)3); i++) {
		const char *name = profile_text(profile, finding->functions[i].name);
		_cleanup_free_ char *in_short = function_name_shorten(name, "...");
		_cleanup_free_ char *cut = cut_text(in_short, FINDING_NAME_BYTES);

		fprintf(file, "%s%s", i == 0 ? ": " : ", ", cut);
	}
	text_stream_close(file, &text);
	return text;
}

/** What threads waited for; where and who is in analysis.txt. */
static void print_waits(const struct explanation *explanation, const struct profile *profile)
{
	const struct waits *waits = &explanation->waits;

	if (!waits->count)
		return;
	print_heading("Waiting    TIME     WAITS  FOR");
	for (size_t i = 0; i < MIN(waits->by_reason.count, (size_t)TOP_WAITS); i++) {
		const struct wait_total *wait = &waits->by_reason.items[i];
		char time[32], reason[WAIT_NAME_SIZE_BYTES];

		format_duration(wait->period_ns, time);
		wait_name(profile, wait->reason, reason);
		fprintf(stderr, "%6.1f%% %9s %9" PRIu64 "  %s\n",
			share_percent(wait->period_ns, waits->period_ns), time, wait->count,
			reason);
	}
}

static void print_findings(const struct explanation *explanation, const struct profile *profile)
{
	if (explanation->findings.count == 0)
		return;
	print_heading("Findings");
	for (size_t i = 0; i < MIN(explanation->findings.count, (size_t)TOP_FINDINGS); i++) {
		const struct finding *finding = &explanation->findings.items[i];

		_cleanup_free_ char *text = finding_text(finding, profile);

		fprintf(stderr, "%6.1f%%  ", 100 * finding->share);
		print_wrapped(text, 9);
	}
	if (explanation->findings.count > TOP_FINDINGS)
		fprintf(stderr, "         and %zu more in analysis.txt\n",
			explanation->findings.count - TOP_FINDINGS);
}

static void print_criteria(const struct explanation *explanation)
{
	static const struct {
		const char *mark;
		enum terminal_style style;
	} marks[] = {
		[CRITERION_MET] = { "ok  ", STYLE_GOOD },
		[CRITERION_WARNING] = { "warn", STYLE_WARNING },
		[CRITERION_FAILED] = { "FAIL", STYLE_BAD },
	};

	print_heading("Checklist");
	for (size_t i = 0; i < explanation->criteria.count; i++) {
		const struct criterion *criterion = &explanation->criteria.items[i];

		_cleanup_free_ char *text = memory_format_text(
			"%s: %s", criterion->name, criterion->detail ? criterion->detail : "");

		fprintf(stderr, "  %s%s%s  ",
			terminal_begin(stderr, marks[criterion->verdict].style),
			marks[criterion->verdict].mark, terminal_end(stderr));
		print_wrapped(text, 8);
		if (criterion->hint) {
			fputs("        ", stderr);
			print_wrapped(criterion->hint, 8);
		}
	}
}

/** Of the list of files; exports may have longer names. */
#define FILE_NAME_WIDTH 20

static void print_files(const struct deliverable_vector *deliverables,
			const struct output_folder *folder)
{
	_cleanup_free_ char *path = escape_plain(folder->path);
	int width = FILE_NAME_WIDTH;

	for (size_t i = 0; i < deliverables->count; i++)
		width = MAX(width, (int)strlen(deliverables->items[i].name));
	fprintf(stderr, "\n%sFiles in %s/%s\n", terminal_begin(stderr, STYLE_BOLD), path,
		terminal_end(stderr));
	for (size_t i = 0; i < deliverables->count; i++) {
		const struct deliverable *deliverable = &deliverables->items[i];

		if (deliverable->error)
			fprintf(stderr, "  %s%-*s NOT WRITTEN: %s%s\n",
				terminal_begin(stderr, STYLE_BAD), width, deliverable->name,
				deliverable->error->message, terminal_end(stderr));
		else
			fprintf(stderr, "  %-*s %s\n", width, deliverable->name,
				deliverable->purpose);
	}
}

static void print_next(const struct explanation *explanation)
{
	if (explanation->next_commands.count == 0)
		return;
	print_heading("Next");
	for (size_t i = 0; i < explanation->next_commands.count; i++)
		explanation_write_next_command(explanation->next_commands.items[i],
					       report_width_columns(), stderr);
}

static void print_event(const struct sampled_event_facts *event, const char *separator)
{
	fprintf(stderr, "%s%s", separator, event->name);
	if (event->frequency_hz)
		fprintf(stderr, " at %" PRIu64 " Hz", event->frequency_hz);
	else if (event->period == 1)
		fputs(" each time", stderr);
	else
		fprintf(stderr, " every %" PRIu64 " %s", event->period, event->unit);
}

/** What merging runs has come to. */
static void print_runs(const struct recording *recording, const struct explanation *explanation)
{
	double n_samples = (double)explanation->quality.n_samples;
	_cleanup_free_ char *text = NULL;

	if (recording->n_runs < 2 || n_samples < 1)
		return;
	text = memory_format_text(
		"%u runs in one profile. What has 10 %% of the samples has between "
		"%.1f and %.1f %% of the time (95 %% sure)",
		recording->n_runs, MAX(10 - 100 * SURE_95 * sqrt(0.1 * 0.9 / n_samples), 0.0),
		10 + 100 * SURE_95 * sqrt(0.1 * 0.9 / n_samples));
	print_wrapped(text, 0);
}

/** Daemons and others that the command has not waited for. */
static void print_left_behind(const struct recording *recording)
{
	_cleanup_free_ char *ids = NULL;
	_cleanup_free_ char *names = run_children_describe(&recording->children, &ids);
	_cleanup_free_ char *text = NULL;

	if (!names)
		return;
	text = memory_format_text("%s, started by the command, and not recorded since it ended: "
				  "perf-profile -p %s goes on with them",
				  names, ids);
	print_labelled(STYLE_WARNING, "Still running:", text);
}

void run_degradations_print(struct recording *recording)
{
	const struct string_vector *degradations = &recording->degradations;

	for (; recording->n_degradations_said < degradations->count;
	     recording->n_degradations_said++)
		print_labelled(STYLE_WARNING,
			       "given up:", degradations->items[recording->n_degradations_said]);
}

static void print_quality(struct recording *recording, const struct explanation *explanation)
{
	const struct sampler_facts *facts = &recording->facts;
	char wall[32];

	format_duration(recording->wall_ns, wall);
	fprintf(stderr, "%s", terminal_begin(stderr, STYLE_BOLD));
	explanation_write_quality_line(explanation, stderr);
	fprintf(stderr, "%s\n", terminal_end(stderr));
	fprintf(stderr, "%s of wall time, sampled on ", wall);
	for (size_t i = 0; i < facts->n_events; i++)
		print_event(&facts->events[i], i ? ", " : "");
	fprintf(stderr, ", %s\n",
		!facts->has_kernel ? "user side only"
		: !facts->has_user ? "kernel side only"
				   : "user and kernel");
	run_degradations_print(recording);
	if (explanation->kind_reason) {
		const char *kind = program_kind_description(explanation->kind);
		_cleanup_free_ char *text =
			memory_format_text("%c%s. %s", toupper((unsigned char)kind[0]), kind + 1,
					   explanation->kind_reason);

		print_wrapped(text, 0);
	}
	if (explanation->ending)
		print_labelled(STYLE_BAD, "Ended:", explanation->ending);
	print_runs(recording, explanation);
	print_left_behind(recording);
}

void run_report_print(struct recording *recording, const struct explanation *explanation,
		      const struct deliverable_vector *deliverables,
		      const struct output_folder *folder, const struct run_options *options)
{
	const struct profile *profile = analyzer_profile(recording->analyzer);

	if (options->is_quiet)
		return;
	fputc('\n', stderr);
	print_quality(recording, explanation);
	print_functions(explanation, profile);
	print_waits(explanation, profile);
	print_findings(explanation, profile);
	run_counters_print(recording->counters);
	print_criteria(explanation);
	print_files(deliverables, folder);
	print_next(explanation);
}

static void print_stage(const char *name, uint64_t duration_ns)
{
	char text[32];

	format_duration(duration_ns, text);
	fprintf(stderr, "  %-34s %10s\n", name, text);
}

static void print_cache(const struct recording *recording, const struct cache *cache)
{
	const struct cache_statistics statistics = cache_statistics(cache);
	const char *problem = cache_problem(cache);

	print_stage("kept for the next run",
		    recording->timings.kept_ns - recording->timings.written_ns);
	fprintf(stderr,
		"  cache: %" PRIu64 " found (%" PRIu64 " KiB), %" PRIu64 " not found, %" PRIu64
		" damaged, %" PRIu64 " stored, %" PRIu64 " not stored",
		statistics.n_hits, statistics.loaded_bytes / 1024, statistics.n_misses,
		statistics.n_damaged, statistics.n_stores, statistics.n_failed_stores);
	if (problem) {
		fputs(": ", stderr);
		print_cut(problem, 200);
	}
	fputc('\n', stderr);
}

void run_timings_print(const struct recording *recording, const struct cache *cache)
{
	const struct run_timings *timings = &recording->timings;
	const struct analyzer_statistics statistics = analyzer_statistics(recording->analyzer);
	struct rusage usage;

	print_heading("Timings");
	print_stage("start to sampling", timings->sampling_ns - timings->start_ns);
	print_stage("command (wall)", recording->wall_ns);
	print_stage("  unwinding in it", statistics.unwind_ns);
	print_stage("  unwind tables built in it", statistics.unwinder.table_build_ns);
	print_stage("symbols", timings->named_ns - timings->drained_ns);
	print_stage("perf.data", timings->perf_data_ns - timings->named_ns);
	print_stage("other deliverables", timings->written_ns - timings->perf_data_ns);
	print_stage("end of command to last deliverable",
		    timings->written_ns - timings->drained_ns);
	fprintf(stderr,
		"  %" PRIu64 " samples, %" PRIu64 " frames, %" PRIu64 " tables of %" PRIu64
		" rows, %u rings of %" PRIu64 " KiB, stack copies of %u bytes\n",
		statistics.n_samples, statistics.n_user_frames, statistics.unwinder.n_tables,
		statistics.unwinder.n_table_rows, recording->facts.n_rings,
		recording->facts.ring_size_bytes / 1024, recording->facts.stack_copy_bytes);
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "  peak memory of perf-profile itself %ld KiB\n", usage.ru_maxrss);
	if (cache)
		print_cache(recording, cache);
}
