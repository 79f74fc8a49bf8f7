#include "cli/run_perf_data.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/output_policy.h"
#include "cli/program_text.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "perfdata/perf_data_writer.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

/** How often perf.data is made good up to there: what a killed run may lose. */
#define ROUND_PERIOD_NS (NS_PER_S / 4)

/** perf.data cannot be written (disk full?): everything else still can, so go on without. */
static void give_up(struct run_perf_data *data, struct error *error)
{
	if (!error)
		return;
	data->error = error;
	perf_data_writer_destroy(data->writer);
	data->writer = NULL;
	output_file_abandon(&data->file);
}

struct error *run_perf_data_create(struct run_perf_data *data, const struct run_keeping *keeping,
				   const char *path, bool may_replace)
{
	struct output_file file;

	RETURN_IF_ERROR(output_file_create(&file, path, may_replace));
	*data = (struct run_perf_data){
		.keeping = keeping,
		.path = memory_duplicate_text(path),
		.may_replace = may_replace,
		.file = file,
	};
	return NULL;
}

static struct error *take(void *context, struct bytes record)
{
	struct run_perf_data *data = context;

	if (data->window) {
		run_window_append(data->window, record);
		return NULL;
	}
	data->is_full |= data->keeping->size_max_bytes &&
			 data->total_size_bytes + record.size > data->keeping->size_max_bytes;
	if (data->is_full)
		return NULL;
	data->size_bytes += record.size;
	data->total_size_bytes += record.size;
	return perf_data_writer_append(data->writer, record);
}

/** Where process_table_tell() tells it. */
struct told_file {
	struct run_storage *storage;
	struct perf_data_writer *writer;
};

static struct error *write_told(void *context, const struct record *record)
{
	const struct told_file *file = context;

	return perf_data_writer_append(file->writer,
				       run_storage_encode_side_band(file->storage, record));
}

struct error *run_perf_data_begin_file(struct run_perf_data *data,
				       const struct process_table *processes,
				       struct perf_data_writer **ret)
{
	const struct perf_data_writer_options options = {
		.attrs = data->storage.attrs,
		.event_names = data->storage.event_names,
		.layouts = &data->storage.table,
		.compression_level = data->keeping->compression_level,
	};
	struct told_file told = { .storage = &data->storage };
	struct error *error;

	RETURN_IF_ERROR(perf_data_writer_create(&data->file, &options, &told.writer));
	error = perf_data_writer_append_kernel_maps(told.writer, "/proc/kallsyms", "/proc/modules");
	if (!error)
		error = process_table_tell(processes, write_told, &told);
	if (error)
		perf_data_writer_destroy(told.writer);
	else
		*ret = told.writer;
	return error;
}

static struct error *begin_part(struct run_perf_data *data, const struct analyzer *analyzer)
{
	data->size_bytes = 0;
	data->begin_ns = clock_monotonic_ns();
	data->times = (struct run_sample_times){ 0 };
	return run_perf_data_begin_file(data, analyzer_processes(analyzer), &data->writer);
}

struct error *run_perf_data_begin(struct run_perf_data *data, const struct record_source *source,
				  struct analyzer *analyzer)
{
	if (!data->file.file || data->writer || data->window)
		return NULL;
	run_storage_init(&data->storage, source, analyzer, take, data);
	if (!data->keeping->is_last_only)
		return begin_part(data, analyzer);
	data->window = run_window_create(&data->storage.table, &data->keeping->last);
	return NULL;
}

void run_perf_data_append(struct run_perf_data *data, struct analyzer *analyzer,
			  const struct record_layout_table *layouts, const struct record *record)
{
	if (!data->writer && !data->window)
		return;
	if (record->type == PERF_RECORD_SAMPLE &&
	    !analyzer_is_off_cpu_source(analyzer, record->event_index)) {
		if (!data->times.first_ns)
			data->times.first_ns = record->time_ns;
		data->times.last_ns = record->time_ns;
	}
	give_up(data, run_storage_append(&data->storage, analyzer, layouts, record));
}

void run_perf_data_append_waits(struct run_perf_data *data, struct analyzer *analyzer)
{
	if (data->writer || data->window)
		give_up(data, run_storage_append_waits(&data->storage, analyzer));
}

void run_perf_data_finish_round(struct run_perf_data *data, uint64_t now_ns)
{
	if (!data->writer || now_ns - data->round_finished_ns < ROUND_PERIOD_NS)
		return;
	data->round_finished_ns = now_ns;
	give_up(data, perf_data_writer_finish_round(data->writer));
}

DEFINE_VECTOR(build_id_record_vector, struct build_id_record)

/** perf finds symbols of an object it has a build id for. */
static void collect_build_ids(struct object_registry *registry, struct build_id_record_vector *ret)
{
	const struct object_vector *objects = object_registry_objects(registry);

	for (size_t i = 0; i < objects->count; i++) {
		const struct object *object = objects->items[i];

		if (object->build_id.size_bytes && !object->is_debug_file)
			build_id_record_vector_append(
				ret, (struct build_id_record){ .pid = -1,
							       .build_id = object->build_id,
							       .path = object->path });
	}
}

struct error *run_perf_data_complete_file(struct output_file *file, struct perf_data_writer *writer,
					  const struct recording *recording,
					  const struct run_options *options,
					  const struct run_sample_times *times)
{
	const struct machine *machine = &recording->machine;
	struct build_id_record_vector build_ids = { 0 };
	struct error *error;

	collect_build_ids(analyzer_objects(recording->analyzer), &build_ids);
	const struct perf_data_features features = {
		.hostname = machine->hostname,
		.os_release = machine->kernel_release,
		.version = PROGRAM_VERSION,
		.arch = machine->architecture,
		.cpu_description = machine->cpu_model,
		.cpu_id = machine->cpu_id,
		.n_cpus_available = machine->n_cpus_available,
		.n_cpus_online = machine->n_cpus_online,
		.total_memory_kib = machine->memory_total_kib,
		.command = options->command,
		.first_sample_time_ns = times->first_ns,
		.last_sample_time_ns = times->last_ns,
		.clock_id = CLOCK_MONOTONIC,
		.build_ids = build_ids.items,
		.n_build_ids = build_ids.count,
	};

	error = perf_data_writer_finish(writer, &features);
	build_id_record_vector_deinit(&build_ids);
	return error ? error : output_file_commit(file);
}

bool run_perf_data_part_is_full(const struct run_perf_data *data, uint64_t now_ns)
{
	const struct run_keeping *keeping = data->keeping;

	if (!data->writer || !keeping->is_in_parts || !data->times.first_ns)
		return false;
	return (keeping->part_size_bytes && data->size_bytes >= keeping->part_size_bytes) ||
	       (keeping->part_span_ns && now_ns - data->begin_ns >= keeping->part_span_ns);
}

/** "perf.data.2026112804035912": perf's own names, to a hundredth of a second. */
static char *part_path(const struct run_perf_data *data)
{
	for (uint64_t now_ns = clock_realtime_ns();; now_ns += NS_PER_S / 100) {
		const time_t seconds = (time_t)(now_ns / NS_PER_S);
		struct tm local;
		char stamp[32];
		char *path;

		localtime_r(&seconds, &local);
		strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &local);
		path = memory_format_text("%s.%s%02u", data->path, stamp,
					  (unsigned int)(now_ns % NS_PER_S / (NS_PER_S / 100)));
		if (access(path, F_OK) != 0)
			return path;
		free(path);
	}
}

/** All but the newest; one that is gone already was taken by who wanted it. */
static void remove_old_parts(struct run_perf_data *data)
{
	size_t n_most = data->keeping->n_parts_max;
	OUTPUT_POLICY_SCOPE(data->path);

	for (size_t i = 0; n_most && i + n_most < data->part_paths.count; i++) {
		if (data->part_paths.items[i])
			unlink(data->part_paths.items[i]);
		free((char *)data->part_paths.items[i]);
		data->part_paths.items[i] = NULL;
	}
}

static struct error *finish_part(struct recording *recording, const struct run_options *options)
{
	struct run_perf_data *data = &recording->perf_data;
	_cleanup_free_ char *path = part_path(data);

	output_file_set_path(&data->file, path);
	RETURN_IF_ERROR(run_perf_data_complete_file(&data->file, data->writer, recording, options,
						    &data->times));
	string_vector_append(&data->part_paths, memory_duplicate_text(path));
	remove_old_parts(data);
	perf_data_writer_destroy(data->writer);
	data->writer = NULL;
	RETURN_IF_ERROR(output_file_create(&data->file, data->path, data->may_replace));
	return begin_part(data, recording->analyzer);
}

void run_perf_data_switch(struct recording *recording, const struct run_options *options)
{
	if (recording->perf_data.writer)
		give_up(&recording->perf_data, finish_part(recording, options));
}

void run_perf_data_finish(struct recording *recording, const struct run_options *options)
{
	struct run_perf_data *data = &recording->perf_data;

	if (data->window)
		give_up(data, run_window_write(recording, options));
	else if (data->writer)
		give_up(data, run_perf_data_complete_file(&data->file, data->writer, recording,
							  options, &data->times));
}

void run_perf_data_deinit(struct run_perf_data *data)
{
	perf_data_writer_destroy(data->writer);
	run_window_destroy(data->window);
	run_storage_deinit(&data->storage);
	output_file_abandon(&data->file);
	error_destroy(data->error);
	string_vector_destroy_items(&data->part_paths);
	free(data->path);
	*data = (struct run_perf_data){ 0 };
}
