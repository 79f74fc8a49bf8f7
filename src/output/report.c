/**
 * perf-report.txt: what `perf report --stdio` shows, in its shape: comments with
 * '#', rows of functions by thread name, object and symbol, heaviest first, call
 * trees under each row; then samples by thread and by object. The first line says
 * whether the rest can be trusted.
 */

#include "base/clock.h"
#include "base/escape.h"
#include "output/output_formats_internal.h"
#include "output/report_internal.h"
#include "profile/cut_stacks.h"
#include "profile/unnamed.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void write_field(FILE *file, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(file, "# %-13s : ", name);
	escape_write_plain(file, text);
	fputc('\n', file);
}

/** In UTC: the same recording gives the same text everywhere. */
static void write_start_time(FILE *file, const struct profile_info *info)
{
	time_t seconds = (time_t)(info->start_realtime_ns / NS_PER_S);
	struct tm parts;
	char text[64];

	if (!info->start_realtime_ns || !gmtime_r(&seconds, &parts))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
	write_field(file, "captured on", text);
}

static void write_info(FILE *file, const struct profile_info *info)
{
	char number[64];

	write_start_time(file, info);
	write_field(file, "hostname", info->hostname);
	write_field(file, "os release", info->kernel_release);
	write_field(file, "arch", info->architecture);
	write_field(file, "cpudesc", info->cpu_model);
	if (info->n_cpus) {
		snprintf(number, sizeof(number), "%" PRIu32, info->n_cpus);
		write_field(file, "nrcpus online", number);
	}
	write_field(file, "cmdline", info->command);
	if (info->wall_ns) {
		snprintf(number, sizeof(number), "%.3f s wall, %.3f s user, %.3f s system",
			 (double)info->wall_ns / (double)NS_PER_S,
			 (double)info->user_cpu_ns / (double)NS_PER_S,
			 (double)info->system_cpu_ns / (double)NS_PER_S);
		write_field(file, "time", number);
	}
	for (size_t i = 0; i < info->degradations.count; i++)
		write_field(file, "given up", info->degradations.items[i]);
	fputs("#\n", file);
}

/** Libraries beyond these are left to analysis.txt. */
#define UNNAMED_ROWS_MAX 3

/** What is beyond these is left to summary.json. */
#define CUT_ROWS_MAX 5

/** What has names, but not all that its debug information would tell. */
static void write_damaged(const struct profile *profile,
			  const struct unnamed_object_vector *unnamed, FILE *file)
{
	struct index_vector damaged = { 0 };

	profile_damaged_of(profile, unnamed, &damaged);
	for (size_t i = 0; i < MIN(damaged.count, (size_t)UNNAMED_ROWS_MAX); i++) {
		const struct profile_object *object = &profile->objects.items[damaged.items[i]];

		fputs("#   read in part: ", file);
		escape_write_plain(file, profile_text(profile, object->name));
		fputs(": ", file);
		escape_write_plain(file, profile_text(profile, object->problem));
		fputc('\n', file);
	}
	index_vector_deinit(&damaged);
}

/** What lacks names, why, and what mends it. */
static void write_unnamed(const struct report *report, FILE *file)
{
	const struct profile *profile = report->profile;
	struct unnamed_object_vector unnamed = { 0 };

	profile_unnamed_of(profile, report->event, &unnamed);
	for (size_t i = 0; i < MIN(unnamed.count, (size_t)UNNAMED_ROWS_MAX); i++) {
		const struct profile_object *object =
			&profile->objects.items[unnamed.items[i].object];
		char count[PROFILE_NUMBER_SIZE_BYTES];

		if (!object->problem)
			continue;
		profile_format_count(unnamed.items[i].count, count);
		fprintf(file, "#   %s without a name in ", count);
		escape_write_plain(file, profile_text(profile, object->name));
		fputs(": ", file);
		escape_write_plain(file, profile_text(profile, object->problem));
		fputc('\n', file);
		if (object->problem_hint) {
			fputs("#     mend: ", file);
			escape_write_plain(file, profile_text(profile, object->problem_hint));
			fputc('\n', file);
		}
	}
	write_damaged(profile, &unnamed, file);
	unnamed_object_vector_deinit(&unnamed);
}

/** Code in which stacks were cut short because of what is wrong with it. */
static void write_cut_stacks(const struct report *report, FILE *file)
{
	const struct profile *profile = report->profile;
	struct cut_stacks_vector cuts = { 0 };

	profile_cut_stacks_of(profile, report->event, &cuts);
	for (size_t i = 0; i < MIN(cuts.count, (size_t)CUT_ROWS_MAX); i++) {
		const struct cut_stacks *cut = &cuts.items[i];
		const char *reason = profile_cut_stacks_reason(profile, cut);
		char count[PROFILE_NUMBER_SIZE_BYTES];

		if (!reason)
			continue;
		profile_format_count(cut->count, count);
		fprintf(file, "#   %s cut short in ", count);
		escape_write_plain(file,
				   profile_text(profile, profile->objects.items[cut->object].name));
		fputs(": ", file);
		escape_write_plain(file, reason);
		fputc('\n', file);
	}
	cut_stacks_vector_deinit(&cuts);
}

static void write_quality(const struct report *report, FILE *file)
{
	fputs("# ", file);
	profile_quality_write(&report->quality, file);
	fputc('\n', file);
	if (report->quality.n_by_end[STACK_END_RECOVERED]) {
		char count[PROFILE_NUMBER_SIZE_BYTES];

		profile_format_count(report->quality.n_by_end[STACK_END_RECOVERED], count);
		fprintf(file, "#   %s of the complete ones: %s\n", count,
			stack_end_description(STACK_END_RECOVERED));
	}
	for (int end = 0; end < N_STACK_ENDS; end++) {
		char count[PROFILE_NUMBER_SIZE_BYTES];

		if (end == STACK_END_NONE || stack_end_is_complete(end) ||
		    !report->quality.n_by_end[end])
			continue;
		profile_format_count(report->quality.n_by_end[end], count);
		fprintf(file, "#   %s cut short: %s\n", count, stack_end_description(end));
	}
	write_cut_stacks(report, file);
	write_unnamed(report, file);
	fputs("#\n", file);
}

static void write_event(const struct report *report, FILE *file)
{
	const struct profile *profile = report->profile;

	fprintf(file, "# Total Lost Samples: %" PRIu64 "\n#\n", report->quality.n_lost);
	if (report->event < profile->events.count) {
		fprintf(file, "# Samples: %" PRIu64 "  of event '", report->quality.n_samples);
		escape_write_plain(
			file, profile_text(profile, profile->events.items[report->event].name));
		fputs("'\n", file);
	}
	fprintf(file, "# Event count (approx.): %" PRIu64 "\n#\n", report->quality.period_total);
	if (report->options->trees == REPORT_TREES_GRAPH && !report->options->is_by_self)
		fputs("# Under each row: what it calls and what calls it, in percent of "
		      "everything.\n#\n",
		      file);
}

static struct error *report_write(const struct profile *profile,
				  const struct output_options *options, FILE *file)
{
	struct report report;

	report_init(&report, profile, options);
	write_quality(&report, file);
	write_info(file, &profile->info);
	if (!options->report.is_header_only) {
		write_event(&report, file);
		report_write_rows(&report, file);
		report_write_totals(&report, file);
		report_write_activity(&report, file);
	}
	report_deinit(&report);
	return NULL;
}

const struct output_format report_format = {
	.name = "report",
	.file_name = "perf-report.txt",
	.description = "functions and their call trees, in the shape of perf report",
	.write = report_write,
};
