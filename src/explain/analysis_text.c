/** analysis.txt: what one should know before opening the flame graph. */

#include "explain/explanation_internal.h"

#include "base/clock.h"
#include "base/count_noun.h"
#include "base/escape.h"
#include "explain/layout_internal.h"
#include "profile/label.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define INDENT              2
#define LABEL_COLUMNS       10
#define FUNCTIONS_SHOWN_MAX 20
#define LIBRARIES_SHOWN_MAX 10
/** Of the numbers before a function and the brackets around its library. */
#define FUNCTION_FIXED_COLUMNS 32
#define LIBRARY_COLUMNS        20
#define CRITERION_COLUMNS      25
/** A longer path loses its middle. */
#define PATH_FRAMES_SHOWN_MAX 14
#define PATH_NAME_COLUMNS     60
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
	layout_write_name(file, info->program ? info->program : "a recording", 60);
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
	_cleanup_free_ char *library =
		layout_shorten(profile_text(profile, profile->objects.items[function->object].name),
			       LIBRARY_COLUMNS);
	double self_share = share_of(function->self_period, explanation);

	profile_format_share(self_share, self);
	profile_format_share(share_of(function->children_period, explanation), children);
	fprintf(file, "  %7s  %5.1f  %8s  ", self,
		explanation_sampling_error(self_share, explanation->quality.n_samples) * 100,
		children);
	layout_write_function(file, profile_text(profile, function->name),
			      LAYOUT_COLUMNS - FUNCTION_FIXED_COLUMNS -
				      (unsigned int)strlen(library));
	fprintf(file, "  (%s)\n", library);
}

static void write_functions(FILE *file, const struct explanation *explanation,
			    const struct profile *profile)
{
	const struct profile_function_vector *functions = &explanation->functions;

	layout_write_heading(file, "Where the time goes");
	layout_write_paragraph(file, INDENT,
			       "self: in the function itself. +-: by how much chance alone moves "
			       "self (95 %). children: with all it calls.");
	fprintf(file, "\n  %7s  %5s  %8s  function  (library)\n", "self", "+-", "children");
	for (size_t i = 0; i < MIN(functions->count, (size_t)FUNCTIONS_SHOWN_MAX); i++) {
		if (functions->items[i].self_count < FUNCTION_SAMPLES_LEAST && i > 0)
			break;
		write_function_row(file, explanation, profile, &functions->items[i]);
	}
}

/** Code without a name is called by its object, as in the flame graph. */
static void write_frame(FILE *file, const struct profile *profile, uint32_t frame_id)
{
	const struct profile_frame *frame = &profile->frames.items[frame_id];
	_cleanup_free_ char *label = NULL;

	if (!(frame->flags & FRAME_IS_UNKNOWN)) {
		layout_write_function(file, profile_text(profile, frame->name), PATH_NAME_COLUMNS);
		return;
	}
	label = profile_label(profile, frame->name, frame->object, frame->flags);
	layout_write_name(file, label, PATH_NAME_COLUMNS);
}

static bool are_written_alike(const struct profile *profile, uint32_t a, uint32_t b)
{
	const struct profile_frame *first = &profile->frames.items[a];
	const struct profile_frame *second = &profile->frames.items[b];

	return first->name == second->name && first->object == second->object;
}

/**
 * Names from the root to the match, one a line, neighbours of one name together, the middle
 * of long paths left out.
 */
static void write_path(FILE *file, const struct profile *profile, uint32_t stack)
{
	struct index_vector frames = { 0 }, lines = { 0 };
	size_t n_hidden = 0;

	profile_expand_stack(profile, stack, &frames);
	for (size_t i = 0; i < frames.count; i++) {
		if (i == 0 || !are_written_alike(profile, frames.items[i - 1], frames.items[i]))
			index_vector_append(&lines, (uint32_t)i);
	}
	if (lines.count > PATH_FRAMES_SHOWN_MAX)
		n_hidden = lines.count - PATH_FRAMES_SHOWN_MAX;
	for (size_t i = 0; i < lines.count; i++) {
		size_t end = i + 1 < lines.count ? lines.items[i + 1] : frames.count;

		if (n_hidden && i == PATH_FRAMES_SHOWN_MAX / 2) {
			fprintf(file, "      ... %zu more ...\n", n_hidden);
			i += n_hidden - 1;
			continue;
		}
		fputs(i == 0 ? "      " : "      > ", file);
		write_frame(file, profile, frames.items[lines.items[i]]);
		if (end - lines.items[i] > 1)
			fprintf(file, " (%zu times)", end - lines.items[i]);
		fputc('\n', file);
	}
	index_vector_deinit(&lines);
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
		layout_write_function(file, profile_text(profile, function->name), 64);
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
	fprintf(file, "  (+- %.1f %%, %" PRIu64 " %s)\n",
		explanation_sampling_error(finding->share, explanation->quality.n_samples) * 100,
		finding->count, count_noun(finding->count, "sample", "samples"));
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

static void write_damaged(FILE *file, const struct explanation *explanation,
			  const struct profile *profile)
{
	struct index_vector damaged = { 0 };

	profile_damaged_of(profile, &explanation->unresolved, &damaged);
	if (damaged.count)
		layout_write_heading(file, "Files read in part");
	for (size_t i = 0; i < MIN(damaged.count, (size_t)LIBRARIES_SHOWN_MAX); i++) {
		const struct profile_object *object = &profile->objects.items[damaged.items[i]];

		fputs("  ", file);
		layout_write_name(file, profile_text(profile, object->path), 76);
		fputc('\n', file);
		layout_write_paragraph(file, 11, profile_text(profile, object->problem));
	}
	if (damaged.count > LIBRARIES_SHOWN_MAX)
		fprintf(file, "  and %zu more\n", damaged.count - LIBRARIES_SHOWN_MAX);
	index_vector_deinit(&damaged);
}

static void write_unresolved(FILE *file, const struct explanation *explanation,
			     const struct profile *profile)
{
	const struct unnamed_object_vector *libraries = &explanation->unresolved;

	if (!libraries->count)
		return;
	layout_write_heading(file, "Code without names");
	for (size_t i = 0; i < MIN(libraries->count, (size_t)LIBRARIES_SHOWN_MAX); i++) {
		const struct unnamed_object *library = &libraries->items[i];
		const struct profile_object *object = &profile->objects.items[library->object];
		char share[LAYOUT_NUMBER_SIZE_BYTES];

		profile_format_share(library->share, share);
		fprintf(file, "  %7s  ", share);
		layout_write_name(file, profile_text(profile, object->path), 68);
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

/** Code in which stacks were cut short because of what is wrong with it. */
static void write_cut_stacks(FILE *file, const struct explanation *explanation,
			     const struct profile *profile)
{
	bool has_heading = false;

	for (size_t i = 0; i < MIN(explanation->cut_stacks.count, (size_t)LIBRARIES_SHOWN_MAX);
	     i++) {
		const struct cut_stacks *cut = &explanation->cut_stacks.items[i];
		const char *reason = profile_cut_stacks_reason(profile, cut);
		char share[LAYOUT_NUMBER_SIZE_BYTES];

		if (!reason)
			continue;
		if (!has_heading)
			layout_write_heading(file, "Code that stacks end in");
		has_heading = true;
		profile_format_share(cut->share, share);
		fprintf(file, "  %7s  ", share);
		layout_write_name(file,
				  profile_text(profile, profile->objects.items[cut->object].path),
				  68);
		fputc('\n', file);
		layout_write_paragraph(file, 11, reason);
	}
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
	for (size_t i = 0; i < explanation->next_commands.count; i++)
		explanation_write_next_command(explanation->next_commands.items[i], LAYOUT_COLUMNS,
					       file);
}

static void write_reading_guide(FILE *file)
{
	static const char *const sentences[] = {
		"Width is time: a box half as wide as the graph had half of the samples.",
		"Height is depth: a box was called by the box below it; colour is the library.",
		"Left to right is not time: callees are sorted by name so that equal ones join.",
		"Wide tops: a box with nothing above it is where the CPU itself was busy.",
		"Click a box to zoom into it, Home shows all, / searches, ? tells the rest.",
	};

	layout_write_heading(file, "How to read the flame graph");
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
		layout_write_paragraph(file, INDENT, sentences[i]);
}

void explanation_write_text(const struct explanation *explanation, const struct profile *profile,
			    FILE *file)
{
	write_head(file, explanation, profile);
	write_kind(file, explanation);
	write_functions(file, explanation, profile);
	write_findings(file, explanation, profile);
	activity_section_write(explanation, profile, file);
	write_unresolved(file, explanation, profile);
	write_cut_stacks(file, explanation, profile);
	write_damaged(file, explanation, profile);
	write_criteria(file, explanation);
	write_next(file, explanation);
	write_reading_guide(file);
}
