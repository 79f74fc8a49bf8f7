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

#include <inttypes.h>
#include <string.h>
#include <time.h>

/** Wider columns are not aligned. */
#define COLUMN_WIDTH_MAX 40

/** "Command" and "Shared Object" of the rows shown. */
struct column_widths {
	int comm, object;
};

/** Characters, not bytes; wide ones count as one. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void write_padded(FILE *file, const char *text, int width)
{
	fprintf(file, "%s%*s", text, MAX(width - text_width(text), 0), "");
}

static const char *entry_object_name(const struct report *report, const struct report_entry *entry)
{
	uint32_t object = report->functions.items[entry->function].object;

	return profile_text(report->profile, report->profile->objects.items[object].name);
}

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

static void write_quality(const struct report *report, FILE *file)
{
	fputs("# ", file);
	profile_quality_write(&report->quality, file);
	fputc('\n', file);
	for (int end = 0; end < N_STACK_ENDS; end++) {
		char count[PROFILE_NUMBER_SIZE_BYTES];

		if (end == STACK_END_NONE || stack_end_is_complete(end) ||
		    !report->quality.n_by_end[end])
			continue;
		profile_format_count(report->quality.n_by_end[end], count);
		fprintf(file, "#   %s cut short: %s\n", count, stack_end_description(end));
	}
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
	fputs("# Under each row: what it calls and what calls it, in percent of everything.\n#\n",
	      file);
}

static void write_dots(FILE *file, int count)
{
	while (count-- > 0)
		fputc('.', file);
}

static struct column_widths write_columns(const struct report *report, FILE *file)
{
	struct column_widths widths = { .comm = (int)strlen("Command"),
					.object = (int)strlen("Shared Object") };

	for (size_t i = 0; i < report->entries.count; i++) {
		const struct report_entry *entry = &report->entries.items[i];

		if (entry->children < report->limit)
			break;
		widths.comm =
			MAX(widths.comm, text_width(profile_text(report->profile, entry->comm)));
		widths.object = MAX(widths.object, text_width(entry_object_name(report, entry)));
	}
	widths.comm = MIN(widths.comm, COLUMN_WIDTH_MAX);
	widths.object = MIN(widths.object, COLUMN_WIDTH_MAX);

	fputs("# Children      Self  ", file);
	write_padded(file, "Command", widths.comm + 2);
	write_padded(file, "Shared Object", widths.object + 2);
	fputs("Symbol\n# ........  ........  ", file);
	write_dots(file, widths.comm);
	fputs("  ", file);
	write_dots(file, widths.object);
	fputs("  ..........................\n#\n", file);
	return widths;
}

static void write_entry(const struct report *report, const struct report_entry *entry,
			struct column_widths widths, FILE *file)
{
	_cleanup_free_ char *comm = escape_plain(profile_text(report->profile, entry->comm));
	_cleanup_free_ char *object = escape_plain(entry_object_name(report, entry));
	bool is_kernel = report->functions.items[entry->function].flags & FRAME_IS_KERNEL;

	fprintf(file, "  %7.2f%%  %7.2f%%  ", report_percent(report, entry->children),
		report_percent(report, entry->self));
	write_padded(file, comm, widths.comm);
	fputs("  ", file);
	write_padded(file, object, widths.object);
	fprintf(file, "  [%c] %s\n", is_kernel ? 'k' : '.',
		report->function_names[entry->function]);
}

static void write_entries(const struct report *report, FILE *file)
{
	struct column_widths widths = write_columns(report, file);
	size_t n_shown = 0;

	for (; n_shown < report->entries.count; n_shown++) {
		const struct report_entry *entry = &report->entries.items[n_shown];

		if (entry->children < report->limit)
			break;
		write_entry(report, entry, widths, file);
		report_write_trees(report, entry, file);
	}
	if (n_shown < report->entries.count) {
		char count[PROFILE_NUMBER_SIZE_BYTES];

		profile_format_count(report->entries.count - n_shown, count);
		fprintf(file, "#\n# %s rows below %g %% are left out\n", count,
			report->percent_limit);
	}
}

static struct error *report_write(const struct profile *profile,
				  const struct output_options *options, FILE *file)
{
	struct report report;

	report_init(&report, profile, options);
	write_quality(&report, file);
	write_info(file, &profile->info);
	write_event(&report, file);
	write_entries(&report, file);
	report_write_totals(&report, file);
	report_deinit(&report);
	return NULL;
}

const struct output_format report_format = {
	.name = "report",
	.file_name = "perf-report.txt",
	.description = "functions and their call trees, in the shape of perf report",
	.write = report_write,
};
