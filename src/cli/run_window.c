#include "cli/run_window.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cli/run.h"
#include "perfdata/perf_data_writer.h"

#include <inttypes.h>

struct run_window {
	struct record_window records;

	/** As it was when the oldest record came. Its objects are names only, never opened. */
	struct process_table *processes;
	struct object_registry *objects;
};

static void apply_leaving(void *context, const struct record *record)
{
	struct run_window *window = context;

	process_table_apply(window->processes, record);
}

struct run_window *run_window_create(const struct record_layout_table *layouts,
				     const struct record_window_limits *limits)
{
	struct run_window *window = memory_allocate(1, sizeof(*window));

	window->objects = object_registry_create(NULL);
	/* Old news of a process are no reason to look at the one that has its id now. */
	object_registry_set_trust(window->objects, OBJECTS_BY_PATH);
	window->processes = process_table_create(window->objects);
	record_window_init(&window->records, layouts, limits, apply_leaving, window);
	return window;
}

void run_window_destroy(struct run_window *window)
{
	if (!window)
		return;
	record_window_deinit(&window->records);
	process_table_destroy(window->processes);
	object_registry_destroy(window->objects);
	free(window);
}

void run_window_append(struct run_window *window, struct bytes record)
{
	record_window_append(&window->records, record);
}

static struct error *write_records(const struct run_window *window, struct perf_data_writer *writer)
{
	struct record_window_cursor cursor = { 0 };
	struct bytes record;

	while ((record = record_window_next(&window->records, &cursor)).size)
		RETURN_IF_ERROR(perf_data_writer_append(writer, record));
	return NULL;
}

struct error *run_window_write(struct recording *recording, const struct run_options *options)
{
	struct run_perf_data *data = &recording->perf_data;
	struct perf_data_writer *writer = NULL;
	struct error *error;

	error = run_perf_data_begin_file(data, data->window->processes, &writer);
	if (!error)
		error = write_records(data->window, writer);
	if (!error)
		error = run_perf_data_complete_file(&data->file, writer, recording, options,
						    &data->times);
	perf_data_writer_destroy(writer);
	return error;
}

static struct error *apply_told(void *context, const struct record *record)
{
	return analyzer_apply(context, record);
}

/** @p times  Of the samples. @p n_samples_ret  How many. */
static struct error *analyze_records(const struct run_window *window, struct analyzer *analyzer,
				     struct run_sample_times *times, uint64_t *n_samples_ret)
{
	struct record_window_cursor cursor = { 0 };
	struct record record;
	struct bytes bytes;

	*times = (struct run_sample_times){ 0 };
	*n_samples_ret = 0;
	while ((bytes = record_window_next(&window->records, &cursor)).size) {
		RETURN_IF_ERROR(
			record_decode(window->records.layouts, bytes, "kept records", 0, &record));
		RETURN_IF_ERROR(analyzer_apply(analyzer, &record));
		if (record.type != PERF_RECORD_SAMPLE)
			continue;
		++*n_samples_ret;
		if (!times->first_ns)
			times->first_ns = record.time_ns;
		times->last_ns = MAX(times->last_ns, record.time_ns);
	}
	return NULL;
}

static void note_what_left(struct recording *recording, uint64_t whole_ns)
{
	const struct record_window *records = &recording->perf_data.window->records;
	char kept[32], whole[32];

	format_duration(recording->wall_ns, kept);
	format_duration(whole_ns, whole);
	string_vector_append(&recording->degradations,
			     memory_format_text("all but the last %s of %s (--overwrite): %" PRIu64
						" older samples were dropped",
						kept, whole, records->n_samples_left));
}

/** Figures of the recording are those of the window from here on. */
static void narrow(struct recording *recording)
{
	const struct record_window *records = &recording->perf_data.window->records;
	const uint64_t end_ns = recording->timings.drained_ns ? recording->timings.drained_ns
							      : clock_monotonic_ns();
	const uint64_t kept_ns = end_ns - MIN(records->left_time_ns, end_ns);
	const uint64_t whole_ns = recording->wall_ns;

	if (!records->n_samples_left)
		return;
	recording->wall_ns = MIN(whole_ns, kept_ns);
	recording->machine_busy_ns = 0;
	note_what_left(recording, whole_ns);
}

struct error *run_window_analyze(struct recording *recording, const struct run_options *options)
{
	struct run_perf_data *data = &recording->perf_data;
	const struct run_storage *storage = &data->storage;
	const struct record_source source = {
		.name = "kept records",
		.layouts = &storage->table,
		.attrs = storage->attrs,
		.event_names = storage->event_names,
	};
	const struct analyzer_options analyzer_options = run_analyzer_options(options);
	struct analyzer *analyzer = analyzer_create(&source, &analyzer_options);
	struct error *error = process_table_tell(data->window->processes, apply_told, analyzer);
	uint64_t n_samples;

	if (!error)
		error = analyze_records(data->window, analyzer, &data->times, &n_samples);
	if (error) {
		analyzer_destroy(analyzer);
		return error;
	}
	analyzer_destroy(recording->analyzer);
	recording->analyzer = analyzer;
	recording->n_samples = n_samples;
	narrow(recording);
	return NULL;
}
