#include "cli/stat.h"

#include "base/memory.h"

#include <string.h>

/* Names that mean the same; metrics know the second. */
static const struct {
	const char *name, *same_as;
} spellings[] = {
	{ "cpu-cycles", "cycles" },         { "branch-instructions", "branches" },
	{ "faults", "page-faults" },        { "cs", "context-switches" },
	{ "migrations", "cpu-migrations" },
};

char *stat_base_name(const struct counter_request *request)
{
	const char *name = request->name;
	const char *slash = request->event.pmu[0] ? strchr(name, '/') : NULL;
	char *base;

	/* A tracepoint's colon is no modifier's. */
	if (request->event.type == PERF_TYPE_TRACEPOINT)
		return memory_duplicate_text(name);
	if (slash)
		name = slash + 1;
	base = memory_format_text("%.*s", (int)strcspn(name, slash ? "/" : ":"), name);
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		if (strcmp(base, spellings[i].name) == 0) {
			free(base);
			return memory_duplicate_text(spellings[i].same_as);
		}
	}
	return base;
}

static void fill_row(struct stat_row *row, const struct stat_measurement *runs, size_t n_runs,
		     size_t index)
{
	const struct event_selection *event = &row->counter->request->event;
	double *values = memory_allocate(n_runs, sizeof(*values));
	struct counter_reading sum = { 0 };

	for (size_t i = 0; i < n_runs; i++) {
		const struct counter_reading *reading = &runs[i].readings[index];

		values[i] = counter_reading_scaled(reading) * event->scale;
		sum.time_enabled_ns += reading->time_enabled_ns;
		sum.time_running_ns += reading->time_running_ns;
	}
	row->base_name = stat_base_name(row->counter->request);
	row->is_counted = row->counter->state == COUNTER_OPEN && sum.time_running_ns > 0;
	row->has_waited = sum.time_enabled_ns > 0 && sum.time_running_ns == 0;
	row->running_ns = (double)sum.time_running_ns / (double)n_runs;
	row->running_share = counter_reading_running_share(&sum);
	row->figure = stat_figure_make(values, n_runs);
	free(values);
}

/** Which unit's counts may be divided by one another. */
static const char *core_kind(const struct event_selection *event)
{
	return strcmp(event->pmu, "cpu") == 0 ? "" : event->pmu;
}

static void judge(struct stat_table *table, const struct stat_session *session)
{
	struct counter_value *values = memory_allocate(table->n_rows, sizeof(*values));
	struct counter_scene scene = {
		.values = values,
		.n_values = table->n_rows,
		.duration_ns = table->elapsed_s.mean * 1e9,
		.processor = *session->processor,
	};

	for (size_t i = 0; i < table->n_rows; i++) {
		const struct stat_row *row = &table->rows[i];
		const struct event_selection *event = &row->counter->request->event;

		values[i] = (struct counter_value){
			.name = row->base_name,
			.pmu = core_kind(event),
			.is_user_only = event->is_user_only || row->counter->is_kernel_left_out,
			.is_kernel_only = event->is_kernel_only,
			.is_counted = row->is_counted,
			.value = row->figure.mean,
			.running_share = row->running_share,
			.running_ns = row->running_ns,
		};
	}
	counter_metrics_derive(&scene, &table->metrics);
	counter_verdicts_derive(&scene, &table->verdicts);
	for (size_t i = 0; i < table->metrics.count; i++)
		table->rows[table->metrics.items[i].value_index].metric = &table->metrics.items[i];
	free(values);
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double elapsed_of(const struct stat_measurement *run)
{
	return run->duration_ns / 1e9;
}

static double user_of(const struct stat_measurement *run)
{
	return seconds(&run->usage.ru_utime);
}

static double system_of(const struct stat_measurement *run)
{
	return seconds(&run->usage.ru_stime);
}

static double peak_of(const struct stat_measurement *run)
{
	return (double)run->usage.ru_maxrss;
}

static struct stat_figure figure_of(const struct stat_measurement *runs, size_t n_runs,
				    double (*number_of)(const struct stat_measurement *run))
{
	double *values = memory_allocate(n_runs, sizeof(*values));
	struct stat_figure figure;

	for (size_t i = 0; i < n_runs; i++)
		values[i] = number_of(&runs[i]);
	figure = stat_figure_make(values, n_runs);
	free(values);
	return figure;
}

void stat_table_init(struct stat_table *table, const struct stat_session *session,
		     const struct stat_measurement *runs, size_t n_runs)
{
	*table = (struct stat_table){
		.n_rows = session->counters.count,
		.rows = memory_allocate(session->counters.count, sizeof(*table->rows)),
		.elapsed_s = figure_of(runs, n_runs, elapsed_of),
		.user_s = figure_of(runs, n_runs, user_of),
		.system_s = figure_of(runs, n_runs, system_of),
		.peak_kib = figure_of(runs, n_runs, peak_of),
	};
	for (size_t i = 0; i < table->n_rows; i++) {
		table->rows[i].counter = &session->counters.items[i];
		fill_row(&table->rows[i], runs, n_runs, i);
	}
	judge(table, session);
}

void stat_table_deinit(struct stat_table *table)
{
	for (size_t i = 0; i < table->n_rows; i++)
		free(table->rows[i].base_name);
	free(table->rows);
	counter_metric_vector_deinit(&table->metrics);
	counter_verdict_vector_destroy_items(&table->verdicts);
	*table = (struct stat_table){ 0 };
}
