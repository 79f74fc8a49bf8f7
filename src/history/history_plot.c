#include "history/history.h"

#include "base/escape.h"
#include "base/memory.h"

#include <math.h>
#include <time.h>

#define BAR_WIDTH 40

/* The picture, in pixels. */
#define IMAGE_WIDTH   900
#define IMAGE_HEIGHT  400
#define MARGIN_LEFT   90
#define MARGIN_RIGHT  20
#define MARGIN_TOP    50
#define MARGIN_BOTTOM 50
#define GRID_LINES    5

void history_format_time(int64_t time_s, char text[HISTORY_TIME_SIZE_BYTES])
{
	time_t time = (time_t)time_s;
	struct tm parts;

	if (!localtime_r(&time, &parts) ||
	    !strftime(text, HISTORY_TIME_SIZE_BYTES, "%Y-%m-%d %H:%M", &parts))
		snprintf(text, HISTORY_TIME_SIZE_BYTES, "?");
}

static double largest(const struct history_entry_vector *entries, enum metric metric)
{
	double most = 0;

	for (size_t i = 0; i < entries->count; i++) {
		if (isfinite(entries->items[i].medians[metric]))
			most = fmax(most, entries->items[i].medians[metric]);
	}
	return most;
}

/** Eighths of a character, so that small changes show. */
static void write_bar(double share, FILE *file)
{
	static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int n_eighths = (int)lround(share * BAR_WIDTH * 8);

	for (int i = 0; i < n_eighths / 8; i++)
		fputs("█", file);
	fputs(parts[n_eighths % 8], file);
}

void history_plot_text(const struct history_entry_vector *entries, enum metric metric, FILE *file)
{
	double most = largest(entries, metric);

	for (size_t i = 0; i < entries->count; i++) {
		const struct history_entry *entry = &entries->items[i];
		char time[HISTORY_TIME_SIZE_BYTES], value[METRIC_TEXT_SIZE_BYTES];

		history_format_time(entry->time_s, time);
		metric_format(metric, entry->medians[metric], value);
		fprintf(file, "%s  %-8.7s%s %12s  ", time, entry->commit ? entry->commit : "-",
			entry->is_dirty ? "*" : " ", value);
		/* Whoever writes into the database may write negative times. */
		if (isfinite(entry->medians[metric]) && entry->medians[metric] > 0)
			write_bar(entry->medians[metric] / most, file);
		fputc('\n', file);
	}
}

struct scale {
	int64_t start_s, end_s;
	double most;
};

static double x_of(const struct scale *scale, int64_t time_s)
{
	double width = IMAGE_WIDTH - MARGIN_LEFT - MARGIN_RIGHT;
	double start_s = (double)scale->start_s, span = (double)scale->end_s - start_s;

	return MARGIN_LEFT +
	       (span > 0 ? width * ((double)time_s - start_s) / span : width / 2);
}

static double y_of(const struct scale *scale, double value)
{
	double height = IMAGE_HEIGHT - MARGIN_TOP - MARGIN_BOTTOM;

	return IMAGE_HEIGHT - MARGIN_BOTTOM - height * value / scale->most;
}

static void write_grid(const struct scale *scale, enum metric metric, FILE *file)
{
	char time[HISTORY_TIME_SIZE_BYTES];

	for (int i = 0; i <= GRID_LINES; i++) {
		double value = scale->most * i / GRID_LINES, y = y_of(scale, value);
		char text[METRIC_TEXT_SIZE_BYTES];

		metric_format(metric, value, text);
		fprintf(file,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			MARGIN_LEFT, IMAGE_WIDTH - MARGIN_RIGHT, y, y, MARGIN_LEFT - 8, y + 4,
			text);
	}
	history_format_time(scale->start_s, time);
	fprintf(file, "<text x=\"%d\" y=\"%d\">%s</text>\n", MARGIN_LEFT, IMAGE_HEIGHT - 20, time);
	history_format_time(scale->end_s, time);
	fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
		IMAGE_WIDTH - MARGIN_RIGHT, IMAGE_HEIGHT - 20, time);
}

static void write_points(const struct history_entry_vector *entries, const struct scale *scale,
			 enum metric metric, FILE *file)
{
	fputs("<polyline class=\"line\" points=\"", file);
	for (size_t i = 0; i < entries->count; i++) {
		double value = entries->items[i].medians[metric];

		if (isfinite(value))
			fprintf(file, "%.1f,%.1f ", x_of(scale, entries->items[i].time_s),
				y_of(scale, value));
	}
	fputs("\"/>\n", file);
	for (size_t i = 0; i < entries->count; i++) {
		const struct history_entry *entry = &entries->items[i];
		double value = entry->medians[metric];
		char time[HISTORY_TIME_SIZE_BYTES], text[METRIC_TEXT_SIZE_BYTES];

		if (!isfinite(value))
			continue;
		history_format_time(entry->time_s, time);
		metric_format(metric, value, text);
		fprintf(file, "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>",
			x_of(scale, entry->time_s), y_of(scale, value));
		fprintf(file, "%s  %s  ", text, time);
		escape_write_xml(file, entry->commit ? entry->commit : "");
		fprintf(file, "%s</title></circle>\n",
			entry->is_dirty ? " with uncommitted changes" : "");
	}
}

void history_plot_svg(const struct history_entry_vector *entries, enum metric metric, FILE *file)
{
	struct scale scale = { .most = largest(entries, metric) * 1.05 };

	if (scale.most <= 0)
		scale.most = 1;
	if (entries->count) {
		scale.start_s = entries->items[0].time_s;
		scale.end_s = entries->items[entries->count - 1].time_s;
	}
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n"
		"<style>svg{background:#fff;font:12px sans-serif}text{fill:#333}"
		".grid{stroke:#ddd}.line{fill:none;stroke:#1f6feb;stroke-width:2}"
		".point{fill:#1f6feb}"
		"@media (prefers-color-scheme:dark){svg{background:#16191d}text{fill:#ddd}"
		".grid{stroke:#3a3f46}}</style>\n",
		IMAGE_WIDTH, IMAGE_HEIGHT, IMAGE_WIDTH, IMAGE_HEIGHT);
	fprintf(file, "<text x=\"%d\" y=\"28\" font-size=\"16\" font-weight=\"bold\">",
		MARGIN_LEFT);
	escape_write_xml(file, entries->count ? entries->items[0].name : "");
	fprintf(file, ": %s</text>\n", metrics[metric].label);
	write_grid(&scale, metric, file);
	write_points(entries, &scale, metric, file);
	fputs("</svg>\n", file);
}
