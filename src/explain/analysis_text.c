/** analysis.txt: what one should know before opening the flame graph. */

#include "explain/explanation_internal.h"

#include "base/clock.h"
#include "base/escape.h"
#include "explain/layout_internal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define INDENT              2
#define LABEL_COLUMNS       10
#define FUNCTIONS_SHOWN_MAX 20
#define LIBRARIES_SHOWN_MAX 10
#define FUNCTION_COLUMNS    46
#define LIBRARY_COLUMNS     20
#define CRITERION_COLUMNS   25
/** A longer path loses its middle. */
#define PATH_FRAMES_SHOWN_MAX 14
/** Rows of the function table need this many samples to be more than noise. */
#define FUNCTION_SAMPLES_LEAST 2

static void write_field(FILE *file, const char *label, const char *text)
{
	layout_write_labelled(file, INDENT, label, LABEL_COLUMNS, text);
}

static void write_machine(FILE *file, const struct profile_info *info)
{
	_cleanup_free_ char *text = NULL, *cpus = NULL;

	if (!info->cpu_model && !info->kernel_release)
		return;
	cpus = info->n_cpus ? memory_format_text(", %u CPUs", info->n_cpus)
			    : memory_duplicate_text("");
	text = memory_format_text("%s%s, Linux %s %s%s%s",
				  info->cpu_model ? info->cpu_model : "unknown CPU", cpus,
				  info->kernel_release ? info->kernel_release : "",
				  info->architecture ? info->architecture : "",
				  info->hostname ? ", " : "", info->hostname ? info->hostname : "");
	write_field(file, "machine", text);
}

/** "2026-11-23 18:31:13 UTC" */
static void format_time(uint64_t realtime_ns, char *text, size_t size_bytes)
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	struct tm broken_down;

	gmtime_r(&seconds, &broken_down);
	strftime(text, size_bytes, "%Y-%m-%d %H:%M:%S UTC", &broken_down);
}

static const char *sides(const struct profile_info *info)
{
	if (info->is_kernel_only)
		return "kernel side only";
	return info->has_kernel_samples ? "kernel and user side" : "user side only";
}

static void write_sampling(FILE *file, const struct profile *profile, uint32_t event_id)
{
	const struct profile_event *event = &profile->events.items[event_id];
	const struct profile_info *info = &profile->info;
	_cleanup_free_ char *text = NULL, *rate = NULL;
	char when[64] = "", wall[LAYOUT_NUMBER_SIZE_BYTES];

	layout_format_duration(info->wall_ns, wall);
	if (info->start_realtime_ns)
		format_time(info->start_realtime_ns, when, sizeof(when));
	if (event->frequency_hz)
		rate = memory_format_text(" at %" PRIu64 " Hz", event->frequency_hz);
	else if (event->period)
		rate = memory_format_text(" every %" PRIu64, event->period);
	else
		rate = memory_duplicate_text("");
	text = memory_format_text("%s%s%s%s%s%s, %s", when, *when ? ", " : "",
				  info->wall_ns ? wall : "", info->wall_ns ? " of " : "",
				  profile_text(profile, event->name), rate, sides(info));
	write_field(file, "recorded", text);
}

static void write_head(FILE *file, const struct explanation *explanation,
		       const struct profile *profile)
{
	const struct profile_info *info = &profile->info;

	fputs("Analysis of ", file);
	layout_write_name(file, info->program ? info->program : "a recording", 80);
	fputs("\n\n  quality   ", file);
	explanation_write_quality_line(explanation, file);
	fputc('\n', file);
	if (info->command)
		write_field(file, "command", info->command);
	write_machine(file, info);
	write_sampling(file, profile, explanation->event);
	if (explanation->ending)
		write_field(file, "ended", explanation->ending);
	for (size_t i = 0; i < info->degradations.count; i++)
		write_field(file, i ? "" : "given up", info->degradations.items[i]);
}

static void write_kind(FILE *file, const struct explanation *explanation)
{
	_cleanup_free_ char *text = memory_format_text(
		"%s. %s", program_kind_description(explanation->kind), explanation->kind_reason);

	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	layout_write_heading(file, "What kind of program");
	layout_write_paragraph(file, INDENT, text);
}

static double share_of(uint64_t period, const struct explanation *explanation)
{
	uint64_t total = explanation->quality.period_total;

	return total ? (double)period / (double)total : 0;
}

static void write_function_row(FILE *file, const struct explanation *explanation,
			       const struct profile *profile,
			       const struct profile_function *function)
{
	char self[LAYOUT_NUMBER_SIZE_BYTES], children[LAYOUT_NUMBER_SIZE_BYTES];
	double self_share = share_of(function->self_period, explanation);

	profile_format_share(self_share, self);
	profile_format_share(share_of(function->children_period, explanation), children);
	fprintf(file, "  %7s  %5.1f  %8s  ", self,
		explanation_sampling_error(self_share, explanation->quality.n_samples) * 100,
		children);
	layout_write_name_padded(file, profile_text(profile, function->name), FUNCTION_COLUMNS);
	fputs("  ", file);
	layout_write_name(file,
			  profile_text(profile, profile->objects.items[function->object].name),
			  LIBRARY_COLUMNS);
	fputc('\n', file);
}

static void write_functions(FILE *file, const struct explanation *explanation,
			    const struct profile *profile)
{
	const struct profile_function_vector *functions = &explanation->functions;

	layout_write_heading(file, "Where the time goes");
	layout_write_paragraph(file, INDENT,
			       "self: in the function itself. +-: by how much chance alone moves "
			       "self (95 %). children: with all it calls.");
	fprintf(file, "\n  %7s  %5s  %8s  %-*s  %s\n", "self", "+-", "children", FUNCTION_COLUMNS,
		"function", "library");
	for (size_t i = 0; i < MIN(functions->count, (size_t)FUNCTIONS_SHOWN_MAX); i++) {
		if (functions->items[i].self_count < FUNCTION_SAMPLES_LEAST && i > 0)
			break;
		write_function_row(file, explanation, profile, &functions->items[i]);
	}
}

/** Names from the root to the match, one a line, the middle of long ones left out. */
static void write_path(FILE *file, const struct profile *profile, uint32_t stack)
{
	struct index_vector frames = { 0 };
	size_t n_hidden = 0, hidden_from = PATH_FRAMES_SHOWN_MAX / 2;

	profile_expand_stack(profile, stack, &frames);
	if (frames.count > PATH_FRAMES_SHOWN_MAX)
		n_hidden = frames.count - PATH_FRAMES_SHOWN_MAX;
	for (size_t i = 0; i < frames.count; i++) {
		const struct profile_frame *frame = &profile->frames.items[frames.items[i]];

		if (n_hidden && i == hidden_from) {
			fprintf(file, "      ... %zu more ...\n", n_hidden);
			i += n_hidden - 1;
			continue;
		}
		fputs(i == 0 ? "      " : "      > ", file);
		layout_write_name(file, profile_text(profile, frame->name), 90);
		fputc('\n', file);
	}
	index_vector_deinit(&frames);
}

static void write_finding_functions(FILE *file, const struct explanation *explanation,
				    const struct profile *profile, const struct finding *finding)
{
	for (size_t i = 0; i < finding->n_functions; i++) {
		const struct finding_function *function = &finding->functions[i];
		char share[LAYOUT_NUMBER_SIZE_BYTES];

		profile_format_share(share_of(function->period, explanation), share);
		fprintf(file, "      %7s  ", share);
		layout_write_name(file, profile_text(profile, function->name), 80);
		fputc('\n', file);
	}
}

static void write_finding(FILE *file, const struct explanation *explanation,
			  const struct profile *profile, const struct finding *finding)
{
	char share[LAYOUT_NUMBER_SIZE_BYTES], path_share[LAYOUT_NUMBER_SIZE_BYTES];

	profile_format_share(finding->share, share);
	profile_format_share(share_of(finding->hottest_stack_period, explanation), path_share);
	fprintf(file, "\n  %s  ", share);
	layout_write_name(file, finding->rule->title, 60);
	fprintf(file, "  (+- %.1f %%, %" PRIu64 " samples)\n",
		explanation_sampling_error(finding->share, explanation->quality.n_samples) * 100,
		finding->count);
	layout_write_paragraph(file, 4, finding->rule->meaning);
	fputs("    functions:\n", file);
	write_finding_functions(file, explanation, profile, finding);
	fprintf(file, "    hottest call path, %s:\n", path_share);
	write_path(file, profile, finding->hottest_stack);
	layout_write_labelled(file, 4, "try: ", 5, finding->rule->advice);
}

static void write_findings(FILE *file, const struct explanation *explanation,
			   const struct profile *profile)
{
	layout_write_heading(file, "Findings");
	if (!explanation->findings.count) {
		layout_write_paragraph(file, INDENT,
				       "None: no rule matched enough samples to be worth a line.");
		return;
	}
	layout_write_paragraph(file, INDENT,
			       "Shares of all samples; a sample may count in several findings.");
	for (size_t i = 0; i < explanation->findings.count; i++)
		write_finding(file, explanation, profile, &explanation->findings.items[i]);
}

static void write_unresolved(FILE *file, const struct explanation *explanation,
			     const struct profile *profile)
{
	const struct unresolved_library_vector *libraries = &explanation->unresolved;

	if (!libraries->count)
		return;
	layout_write_heading(file, "Code without names");
	for (size_t i = 0; i < MIN(libraries->count, (size_t)LIBRARIES_SHOWN_MAX); i++) {
		const struct unresolved_library *library = &libraries->items[i];
		const struct profile_object *object = &profile->objects.items[library->object];
		char share[LAYOUT_NUMBER_SIZE_BYTES];

		profile_format_share(library->share, share);
		fprintf(file, "  %7s  ", share);
		layout_write_name(file, profile_text(profile, object->path), 88);
		fputc('\n', file);
		layout_write_paragraph(file, 11,
				       object->problem ? profile_text(profile, object->problem)
						       : "no symbol covers these addresses");
		if (object->problem_hint)
			layout_write_labelled(file, 11, "mend: ", 6,
					      profile_text(profile, object->problem_hint));
	}
	if (libraries->count > LIBRARIES_SHOWN_MAX)
		fprintf(file, "  and %zu more\n", libraries->count - LIBRARIES_SHOWN_MAX);
}

static void write_criteria(FILE *file, const struct explanation *explanation)
{
	static const char *const marks[] = {
		[CRITERION_MET] = "[ok]  ",
		[CRITERION_WARNING] = "[warn]",
		[CRITERION_FAILED] = "[FAIL]",
	};

	layout_write_heading(file, "Can this profile be trusted");
	for (size_t i = 0; i < explanation->criteria.count; i++) {
		const struct criterion *criterion = &explanation->criteria.items[i];

		_cleanup_free_ char *label =
			memory_format_text("%s %s", marks[criterion->verdict], criterion->name);

		layout_write_labelled(file, INDENT, label, CRITERION_COLUMNS, criterion->detail);
		if (criterion->hint)
			layout_write_labelled(file, INDENT + CRITERION_COLUMNS, "-> ", 3,
					      criterion->hint);
	}
}

static void write_next(FILE *file, const struct explanation *explanation)
{
	if (!explanation->next_commands.count)
		return;
	layout_write_heading(file, "What to run next");
	for (size_t i = 0; i < explanation->next_commands.count; i++) {
		fputs("  ", file);
		escape_write_plain(file, explanation->next_commands.items[i]);
		fputc('\n', file);
	}
}

static void write_reading_guide(FILE *file)
{
	layout_write_heading(file, "How to read the flame graph");
	fputs("  Width is time: a box as wide as half the graph was on the CPU for half the "
	      "samples.\n"
	      "  Height is depth: each box was called by the box below it; colour tells libraries "
	      "apart.\n"
	      "  Left to right is not time: callees are sorted by name so that equal ones join.\n"
	      "  Look for wide tops: a box with nothing above it is where the CPU itself was "
	      "busy.\n"
	      "  Click a box to zoom into it, Home or \"Reset zoom\" shows all again; / searches "
	      "by name.\n",
	      file);
}

void explanation_write_text(const struct explanation *explanation, const struct profile *profile,
			    FILE *file)
{
	write_head(file, explanation, profile);
	write_kind(file, explanation);
	write_functions(file, explanation, profile);
	write_findings(file, explanation, profile);
	write_unresolved(file, explanation, profile);
	write_criteria(file, explanation);
	write_next(file, explanation);
	write_reading_guide(file);
}
