/*
 * All events of a profile side by side: a row per function, two columns per event, the share of
 * the samples in it and the share of those in what it calls as well.
 */

#include "base/count_noun.h"
#include "base/escape.h"
#include "output/output_formats_internal.h"
#include "profile/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Columns of text before the events' own. */
#define EVENT_WIDTH 18

/** One function's periods of one event, percent. */
struct event_cell {
	double self_percent, children_percent;
};

struct event_table {
	const struct profile *profile;
	struct profile_function_vector rows; /* without weights */
	struct event_cell *cells;            /* n_events per row */
	uint32_t *events;                    /* those with samples */
	size_t n_events;
	uint32_t *order; /* of rows */
};

static struct event_cell *cell(const struct event_table *table, size_t row, size_t column)
{
	return &table->cells[row * table->n_events + column];
}

static size_t find_row(const struct event_table *table, const struct profile_function *function)
{
	for (size_t i = 0; i < table->rows.count; i++) {
		if (table->rows.items[i].name == function->name &&
		    table->rows.items[i].object == function->object)
			return i;
	}
	return table->rows.count;
}

/** Functions that are worth a row because of this event. */
static void add_rows(struct event_table *table, const struct profile_function_vector *functions,
		     double total, double percent_limit)
{
	for (size_t i = 0; i < functions->count; i++) {
		const struct profile_function *function = &functions->items[i];
		double percent = total > 0 ? 100 * (double)function->self_period / total : 0;

		/* Descending: the others have less. */
		if (percent < percent_limit || percent <= 0)
			break;
		if (find_row(table, function) == table->rows.count)
			profile_function_vector_append(&table->rows, *function);
	}
}

static void fill_column(struct event_table *table, size_t column,
			const struct profile_function_vector *functions, double total)
{
	for (size_t i = 0; i < functions->count && total > 0; i++) {
		const struct profile_function *function = &functions->items[i];
		size_t row = find_row(table, function);

		if (row == table->rows.count)
			continue;
		cell(table, row, column)->self_percent =
			100 * (double)function->self_period / total;
		cell(table, row, column)->children_percent =
			100 * (double)function->children_period / total;
	}
}

/** The leftmost event decides, then the next. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct event_table *table = context;
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	for (size_t i = 0; i < table->n_events; i++) {
		double left = cell(table, first, i)->self_percent;
		double right = cell(table, second, i)->self_percent;

		if (left != right)
			return left > right ? -1 : 1;
	}
	return first < second ? -1 : 1;
}

static void table_init(struct event_table *table, const struct profile *profile,
		       double percent_limit)
{
	struct profile_function_vector *functions =
		memory_allocate(profile->events.count, sizeof(*functions));
	double *totals = memory_allocate(profile->events.count, sizeof(*totals));

	*table = (struct event_table){ .profile = profile };
	table->events = memory_allocate(profile->events.count, sizeof(*table->events));
	for (uint32_t event = 0; event < profile->events.count; event++) {
		struct profile_quality quality;
		size_t column = table->n_events;

		profile_quality_of(profile, event, &quality);
		if (!quality.n_samples || !quality.period_total)
			continue;
		totals[column] = (double)quality.period_total;
		profile_functions_of(profile, event, &functions[column]);
		add_rows(table, &functions[column], totals[column], percent_limit);
		table->events[table->n_events++] = event;
	}
	table->cells = memory_allocate(table->rows.count * table->n_events, sizeof(*table->cells));
	table->order = memory_allocate(table->rows.count, sizeof(*table->order));
	for (size_t i = 0; i < table->n_events; i++) {
		fill_column(table, i, &functions[i], totals[i]);
		profile_function_vector_deinit(&functions[i]);
	}
	for (uint32_t i = 0; i < table->rows.count; i++)
		table->order[i] = i;
	if (table->rows.count)
		qsort_r(table->order, table->rows.count, sizeof(*table->order), compare_rows,
			table);
	free(functions);
	free(totals);
}

static void table_deinit(struct event_table *table)
{
	profile_function_vector_deinit(&table->rows);
	free(table->cells);
	free(table->events);
	free(table->order);
}

static void write_head(const struct event_table *table, FILE *file)
{
	const struct profile *profile = table->profile;

	fputs("# Of each event: percent in the function itself, percent with what it calls.\n",
	      file);
	for (size_t i = 0; i < table->n_events; i++) {
		struct profile_quality quality;

		profile_quality_of(profile, table->events[i], &quality);
		fputs("#   ", file);
		escape_write_plain(
			file, profile_text(profile, profile->events.items[table->events[i]].name));
		fprintf(file, ": %" PRIu64 " %s, %" PRIu64 " ", quality.n_samples,
			count_noun(quality.n_samples, "sample", "samples"), quality.period_total);
		escape_write_plain(
			file, profile_text(profile, profile->events.items[table->events[i]].unit));
		fputc('\n', file);
	}
	fputs("#\n#", file);
	for (size_t i = 0; i < table->n_events; i++) {
		const char *name =
			profile_text(profile, profile->events.items[table->events[i]].name);
		_cleanup_free_ char *plain = escape_plain(name);

		fprintf(file, "%*.*s", i ? EVENT_WIDTH : EVENT_WIDTH - 1, EVENT_WIDTH - 2, plain);
	}
	fputs("  function\n", file);
}

static struct error *write(const struct profile *profile, const struct output_options *options,
			   FILE *file)
{
	struct event_table table;

	table_init(&table, profile, options->percent_limit);
	write_head(&table, file);
	for (size_t i = 0; i < table.rows.count; i++) {
		const struct profile_function *function = &table.rows.items[table.order[i]];

		for (size_t column = 0; column < table.n_events; column++) {
			const struct event_cell *shown = cell(&table, table.order[i], column);

			fprintf(file, "%9.2f%9.2f", shown->self_percent, shown->children_percent);
		}
		fputs("  ", file);
		escape_write_plain(file, profile_text(profile, function->name));
		fputs("  (", file);
		escape_write_plain(
			file, profile_text(profile, profile->objects.items[function->object].name));
		fputs(")\n", file);
	}
	table_deinit(&table);
	return NULL;
}

const struct output_format event_columns_format = {
	.name = "events",
	.description = "functions with a column per event",
	.file_name = "events.txt",
	.write = write,
};
