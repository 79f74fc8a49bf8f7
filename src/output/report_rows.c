#include "base/escape.h"
#include "output/report_internal.h"

#include <inttypes.h>
#include <string.h>

/** Wider columns are not aligned. */
#define COLUMN_WIDTH_MAX 40

/** Of the columns whose width follows what is in them; 0: the report has no such column. */
struct column_widths {
	int label, object;
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

static const char *entry_label(const struct report *report, const struct report_entry *entry)
{
	return string_table_text(&report->labels, entry->label);
}

static bool has_key(const struct report *report, uint32_t keys)
{
	return report->options->keys & keys;
}

/** Of the column that tells threads apart; NULL: there is none. */
static const char *label_heading(const struct report *report)
{
	if (has_key(report, REPORT_BY_PID) && has_key(report, REPORT_BY_TID))
		return "    Pid:    Tid:Command";
	if (has_key(report, REPORT_BY_PID))
		return "    Pid:Command";
	if (has_key(report, REPORT_BY_TID))
		return "    Tid:Command";
	if (has_key(report, REPORT_BY_CPU))
		return has_key(report, REPORT_BY_COMM) ? "CPU Command" : "CPU";
	return has_key(report, REPORT_BY_COMM) ? "Command" : NULL;
}

static bool has_source(const struct report *report)
{
	return has_key(report, REPORT_BY_SOURCE_LINE | REPORT_BY_SOURCE_FILE);
}

static bool is_shown(const struct report *report, const struct report_entry *entry)
{
	return report_entry_weight(report, entry) >= report->limit;
}

static struct column_widths measure_columns(const struct report *report)
{
	const char *heading = label_heading(report);
	struct column_widths widths = { 0 };

	if (heading)
		widths.label = (int)strlen(heading);
	if (has_key(report, REPORT_BY_OBJECT))
		widths.object = (int)strlen("Shared Object");
	for (size_t i = 0; i < report->entries.count; i++) {
		const struct report_entry *entry = &report->entries.items[i];

		if (!is_shown(report, entry))
			break;
		if (widths.label)
			widths.label = MAX(widths.label, text_width(entry_label(report, entry)));
		if (widths.object)
			widths.object =
				MAX(widths.object, text_width(entry_object_name(report, entry)));
	}
	widths.label = MIN(widths.label, COLUMN_WIDTH_MAX);
	widths.object = MIN(widths.object, COLUMN_WIDTH_MAX);
	return widths;
}

static void write_dots(FILE *file, int count)
{
	while (count-- > 0)
		fputc('.', file);
}

static void write_headings(const struct report *report, struct column_widths widths, FILE *file)
{
	fputs(report->options->is_by_self ? "# Overhead  " : "# Children      Self  ", file);
	if (report->options->has_counts)
		fputs("     Samples  ", file);
	if (report->options->has_periods)
		fputs("          Period  ", file);
	if (widths.label)
		write_padded(file, label_heading(report), widths.label + 2);
	if (widths.object)
		write_padded(file, "Shared Object", widths.object + 2);
	if (has_key(report, REPORT_BY_SYMBOL))
		fputs("Symbol", file);
	else if (has_source(report))
		fputs("Source", file);
	fputc('\n', file);
}

static void write_rules(const struct report *report, struct column_widths widths, FILE *file)
{
	fputs(report->options->is_by_self ? "# ........  " : "# ........  ........  ", file);
	if (report->options->has_counts)
		fputs("............  ", file);
	if (report->options->has_periods)
		fputs("................  ", file);
	if (widths.label) {
		write_dots(file, widths.label);
		fputs("  ", file);
	}
	if (widths.object) {
		write_dots(file, widths.object);
		fputs("  ", file);
	}
	if (has_key(report, REPORT_BY_SYMBOL) || has_source(report))
		fputs("..........................", file);
	fputs("\n#\n", file);
}

/** Behind a symbol, if both are asked for. */
static void write_source(const struct report *report, const struct report_function *function,
			 FILE *file)
{
	if (!has_source(report) || !function->file)
		return;
	fputs("  ", file);
	escape_write_plain(file, profile_text(report->profile, function->file));
	if (has_key(report, REPORT_BY_SOURCE_LINE))
		fprintf(file, ":%" PRIu32, function->line);
}

static void write_entry(const struct report *report, const struct report_entry *entry,
			struct column_widths widths, FILE *file)
{
	const struct report_function *function = &report->functions.items[entry->function];
	_cleanup_free_ char *label = escape_plain(entry_label(report, entry));
	_cleanup_free_ char *object = escape_plain(entry_object_name(report, entry));

	if (!report->options->is_by_self)
		fprintf(file, "  %7.2f%%", report_percent(report, entry->children));
	fprintf(file, "  %7.2f%%  ", report_percent(report, entry->self));
	if (report->options->has_counts)
		fprintf(file, "%12" PRIu64 "  ", entry->self_count);
	if (report->options->has_periods)
		fprintf(file, "%16" PRIu64 "  ", entry->self);
	if (widths.label)
		write_padded(file, label, widths.label + 2);
	if (widths.object)
		write_padded(file, object, widths.object + 2);
	if (has_key(report, REPORT_BY_SYMBOL)) {
		fprintf(file, "[%c] %s", function->flags & FRAME_IS_KERNEL ? 'k' : '.',
			report->function_names[entry->function]);
		write_source(report, function, file);
	} else if (has_source(report)) {
		fputs(report->function_names[entry->function], file);
	}
	fputc('\n', file);
}

void report_write_rows(const struct report *report, FILE *file)
{
	struct column_widths widths = measure_columns(report);
	size_t n_shown = 0;

	write_headings(report, widths, file);
	write_rules(report, widths, file);
	for (; n_shown < report->entries.count; n_shown++) {
		const struct report_entry *entry = &report->entries.items[n_shown];

		if (!is_shown(report, entry))
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
