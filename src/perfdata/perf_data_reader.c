#include "perfdata/perf_data_reader.h"

#include "perfdata/perf_data_header_internal.h"
#include "perfdata/perf_data_queue_internal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/** Files data.N of a perf.data folder: one per CPU. */
#define N_FOLDER_FILES_MAX 16384

/** Without times file order is all there is, and records need not be kept back. */
#define N_UNTIMED_RECORDS_AT_ONCE 4096

DEFINE_VECTOR(input_vector, struct perf_data_input)

struct perf_data_reader {
	struct record_source source; /**< First: this is a record_source. */
	struct input_vector inputs;
	struct perf_data_events events;
	struct perf_data_facts facts;
	struct perf_data_stream *stream;
	struct perf_data_queue queue;
	struct byte_vector swapped; /**< The record at hand, of a file of the other byte order. */
	uint64_t round_limit_ns;    /**< Latest time when the round before this one ended. */
	bool has_times;
	bool is_read;          /**< The stream has given all it has. */
	struct error *pending; /**< Why the stream ended, once the queue is drained. */
};

static void reader_destroy(struct record_source *source)
{
	struct perf_data_reader *reader = (struct perf_data_reader *)source;

	if (!reader)
		return;
	perf_data_queue_deinit(&reader->queue);
	byte_vector_deinit(&reader->swapped);
	perf_data_stream_destroy(reader->stream);
	perf_data_events_deinit(&reader->events);
	perf_data_facts_deinit(&reader->facts);
	for (size_t i = 0; i < reader->inputs.count; i++)
		perf_data_input_close(&reader->inputs.items[i]);
	input_vector_deinit(&reader->inputs);
	error_destroy(reader->pending);
	free(reader);
}

/** HEADER_ATTR: the attr (its size is its second word) and the ids behind it. */
static struct error *add_attr_record(struct perf_data_reader *reader, struct byte_reader *body)
{
	struct byte_reader attr = *body, ids = *body, size_field = *body;
	uint32_t size_bytes;

	if (reader->events.table.n_layouts > 0)
		return byte_reader_error(body, "event description after the first record");
	RETURN_IF_ERROR(byte_reader_skip(&size_field, sizeof(uint32_t)));
	RETURN_IF_ERROR(byte_reader_u32(&size_field, &size_bytes));
	if (size_bytes == 0)
		size_bytes = PERF_ATTR_SIZE_VER0;
	RETURN_IF_ERROR(byte_reader_skip(&ids, size_bytes));
	attr.bytes.size = attr.position + size_bytes;
	return perf_data_events_add(&reader->events, &attr, &ids);
}

/** HEADER_EVENT_TYPE of perf before 3.11: {u64 config; char name[64]}. */
static struct error *add_event_type_record(struct perf_data_reader *reader,
					   struct byte_reader *body)
{
	struct bytes name;
	uint64_t config;

	RETURN_IF_ERROR(byte_reader_u64(body, &config));
	RETURN_IF_ERROR(byte_reader_bytes(body, byte_reader_left(body), &name));
	for (size_t i = 0; i < reader->events.attrs.count; i++)
		if (reader->events.attrs.items[i].config == config)
			perf_data_events_set_name(&reader->events, i, (const char *)name.data,
						  name.size);
	return NULL;
}

/** EVENT_UPDATE: {u64 what; u64 id; ...}; of its kinds only the name matters here. */
static struct error *add_event_update_record(struct perf_data_reader *reader,
					     struct byte_reader *body)
{
	const uint64_t update_name = 2;
	uint32_t event_index;
	uint64_t what, id;
	struct bytes name;

	RETURN_IF_ERROR(byte_reader_u64(body, &what));
	RETURN_IF_ERROR(byte_reader_u64(body, &id));
	RETURN_IF_ERROR(byte_reader_bytes(body, byte_reader_left(body), &name));
	if (what == update_name && perf_data_events_find(&reader->events, id, &event_index))
		perf_data_events_set_name(&reader->events, event_index, (const char *)name.data,
					  name.size);
	return NULL;
}

/** HEADER_FEATURE: {u64 feature; body}. Build ids and events come as records of their own. */
static struct error *add_feature_record(struct perf_data_reader *reader, struct byte_reader *body)
{
	uint64_t feature;

	RETURN_IF_ERROR(byte_reader_u64(body, &feature));
	if (feature < PERF_DATA_N_FEATURES)
		perf_data_facts_add(&reader->facts, &reader->events, (uint32_t)feature, *body);
	return NULL;
}

static void finish_round(struct perf_data_reader *reader)
{
	/* Folder files have rounds of their own, which say nothing about each other. */
	if (reader->inputs.count > 1)
		return;
	perf_data_queue_release(&reader->queue, reader->round_limit_ns);
	reader->round_limit_ns = reader->queue.time_max_ns;
}

/** The record as it is, or turned around in a copy: what is queued is all of our byte order. */
static struct raw_record in_our_order(struct perf_data_reader *reader, const struct raw_record *raw)
{
	struct raw_record ours = *raw;

	if (!reader->inputs.items[0].is_swapped)
		return ours;
	byte_vector_clear(&reader->swapped);
	byte_vector_append_bytes(&reader->swapped, raw->bytes.data, raw->bytes.size);
	record_swap(&reader->events.table, reader->swapped.items, reader->swapped.count);
	ours.bytes.data = reader->swapped.items;
	ours.is_stable = false;
	return ours;
}

/** perf's own records. */
static struct error *accept_perf_record(struct perf_data_reader *reader,
					const struct raw_record *raw)
{
	struct byte_reader body = {
		.bytes = raw->bytes,
		.position = sizeof(struct perf_event_header),
		.origin = raw->offset,
		.source = perf_data_stream_name(reader->stream),
		.swap = reader->inputs.items[0].is_swapped,
	};
	struct raw_record ours;

	switch (raw->type) {
	case RECORD_TYPE_HEADER_ATTR:
		return add_attr_record(reader, &body);
	case RECORD_TYPE_HEADER_EVENT_TYPE:
		return add_event_type_record(reader, &body);
	case RECORD_TYPE_EVENT_UPDATE:
		return add_event_update_record(reader, &body);
	case RECORD_TYPE_HEADER_FEATURE:
		return add_feature_record(reader, &body);
	case RECORD_TYPE_HEADER_BUILD_ID:
		ours = in_our_order(reader, raw);
		perf_data_queue_append(&reader->queue, &ours, 0);
		return NULL;
	case RECORD_TYPE_FINISHED_ROUND:
		finish_round(reader);
		return NULL;
	default:
		return NULL;
	}
}

static struct error *prepare_events(struct perf_data_reader *reader)
{
	RETURN_IF_ERROR(perf_data_events_finish(&reader->events, reader->inputs.items[0].name));
	for (size_t i = 0; i < reader->events.layouts.count; i++)
		if (reader->events.layouts.items[i].sample_type & PERF_SAMPLE_TIME)
			reader->has_times = true;
	reader->source.layouts = &reader->events.table;
	reader->source.attrs = reader->events.attrs.items;
	reader->source.event_names = reader->events.names.items;
	return NULL;
}

static struct error *accept_record(struct perf_data_reader *reader, const struct raw_record *raw)
{
	struct raw_record ours;
	size_t size_bytes;
	uint64_t time_ns;

	if (raw->type >= RECORD_TYPE_HEADER_ATTR)
		return accept_perf_record(reader, raw);
	ours = in_our_order(reader, raw);
	RETURN_IF_ERROR(record_decode_time(&reader->events.table, ours.bytes,
					   perf_data_stream_name(reader->stream), ours.offset,
					   &time_ns, &size_bytes));
	perf_data_queue_append(&reader->queue, &ours, time_ns);
	return NULL;
}

/** The first of several is told, at the end. */
static void note_problem(struct perf_data_reader *reader, struct error *error)
{
	if (!reader->pending)
		reader->pending = error;
	else
		error_destroy(error);
}

/** The end of the stream, good or bad: everything that waits is ready now. */
static void end_stream(struct perf_data_reader *reader, struct error *error)
{
	reader->is_read = true;
	note_problem(reader, error);
	if (perf_data_stream_was_cut(reader->stream))
		reader->facts.header.is_unfinished = true;
	if (!reader->pending && reader->facts.n_missing_bytes > 0)
		reader->pending = error_new(
			ERROR_FORMAT, "%s: the last %" PRIu64 " bytes of the data are missing",
			reader->inputs.items[0].name, reader->facts.n_missing_bytes);
	note_problem(reader, reader->facts.features_error);
	reader->facts.features_error = NULL;
	perf_data_queue_release(&reader->queue, UINT64_MAX);
}

static bool must_release(const struct perf_data_reader *reader)
{
	return !reader->has_times && reader->queue.n_entries >= N_UNTIMED_RECORDS_AT_ONCE;
}

/** Read on until something is ready or all is read. */
static void fill_queue(struct perf_data_reader *reader)
{
	while (perf_data_queue_is_drained(&reader->queue) && !reader->is_read) {
		struct raw_record raw;
		struct error *error;
		bool is_end;

		error = perf_data_stream_next(reader->stream, &raw, &is_end);
		if (!error && !is_end)
			error = accept_record(reader, &raw);
		if (error || is_end)
			end_stream(reader, error);
		else if (must_release(reader))
			perf_data_queue_release(&reader->queue, UINT64_MAX);
		else if (perf_data_queue_is_full(&reader->queue))
			perf_data_queue_release_half(&reader->queue);
	}
}

static struct error *reader_next(struct record_source *source, uint64_t timeout_ns,
				 struct record *ret, enum record_source_state *state_ret)
{
	struct perf_data_reader *reader = (struct perf_data_reader *)source;
	struct queued_record queued;
	struct error *error;

	fill_queue(reader);
	if (!perf_data_queue_take(&reader->queue, &queued)) {
		error = reader->pending;
		reader->pending = NULL;
		if (!error)
			*state_ret = RECORD_SOURCE_END;
		return error;
	}
	RETURN_IF_ERROR(record_decode(&reader->events.table,
				      (struct bytes){ queued.bytes, queued.size_bytes },
				      source->name, queued.offset, ret));
	*state_ret = RECORD_SOURCE_RECORD;
	return NULL;
}

/** Pipe mode: descriptions come first; the first record of another kind is already queued. */
static struct error *read_leading_records(struct perf_data_reader *reader)
{
	while (!reader->source.layouts) {
		struct raw_record raw;
		bool is_end;

		RETURN_IF_ERROR(perf_data_stream_next(reader->stream, &raw, &is_end));
		if (is_end)
			return prepare_events(reader);
		if (raw.type < RECORD_TYPE_HEADER_ATTR || raw.type == RECORD_TYPE_FINISHED_ROUND)
			RETURN_IF_ERROR(prepare_events(reader));
		RETURN_IF_ERROR(accept_record(reader, &raw));
	}
	return NULL;
}

/** @param name  As messages call it; NULL: by its path. */
static struct error *add_input(struct perf_data_reader *reader, const char *path, const char *name)
{
	struct perf_data_input input;

	RETURN_IF_ERROR(perf_data_input_open(path, &input));
	if (name) {
		free(input.name);
		input.name = memory_duplicate_text(name);
	}
	input_vector_append(&reader->inputs, input);
	return NULL;
}

/** How many files data.N there should be: one more than the highest number. */
static struct error *count_folder_files(const char *folder, unsigned int *ret)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	unsigned int number;
	int end;

	if (!directory)
		return error_from_errno(errno, "cannot open '%s'", folder);
	*ret = 0;
	while ((entry = readdir(directory))) {
		if (sscanf(entry->d_name, "data.%5u%n", &number, &end) == 1 &&
		    entry->d_name[end] == 0 && number < N_FOLDER_FILES_MAX)
			*ret = MAX(*ret, number + 1);
	}
	closedir(directory);
	return NULL;
}

/**
 * data.0, data.1, ... behind data, which holds the header: they have records only. One that is
 * missing is told after all that the others have.
 */
static struct error *add_folder_inputs(struct perf_data_reader *reader, const char *folder)
{
	unsigned int n_files = 0;

	RETURN_IF_ERROR(count_folder_files(folder, &n_files));
	for (unsigned int i = 0; i < n_files; i++) {
		_cleanup_free_ char *path = memory_format_text("%s/data.%u", folder, i);
		struct stat status;

		if (stat(path, &status) == 0 && status.st_size == 0)
			continue;
		note_problem(reader, add_input(reader, path, NULL));
	}
	return NULL;
}

static struct error *open_inputs(struct perf_data_reader *reader, const char *path,
				 const char *name)
{
	struct stat status;

	if (strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		_cleanup_free_ char *data_path = memory_format_text("%s/data", path);

		RETURN_IF_ERROR(add_input(reader, data_path, NULL));
		return add_folder_inputs(reader, path);
	}
	return add_input(reader, path, name);
}

static struct error *reader_open(struct perf_data_reader *reader, const char *path,
				 const char *name)
{
	struct perf_data_header *header = &reader->facts.header;
	struct error *error;

	RETURN_IF_ERROR(open_inputs(reader, path, name));
	reader->source.name = reader->inputs.items[0].name;
	RETURN_IF_ERROR(
		perf_data_header_read(&reader->inputs.items[0], &reader->events, &reader->facts));
	reader->stream = perf_data_stream_create(reader->inputs.items, reader->inputs.count);
	if (!header->is_pipe_mode)
		return prepare_events(reader);
	error = read_leading_records(reader);
	if (error && reader->source.layouts) {
		end_stream(reader, error);
		return NULL;
	}
	return error;
}

struct error *perf_data_reader_open_as(const char *path, const char *name,
				       struct record_source **ret)
{
	struct perf_data_reader *reader = memory_allocate(1, sizeof(*reader));
	struct error *error;

	reader->source.next = reader_next;
	reader->source.destroy = reader_destroy;
	error = reader_open(reader, path, name);
	if (error) {
		reader_destroy(&reader->source);
		return error;
	}
	*ret = &reader->source;
	return NULL;
}

struct error *perf_data_reader_open(const char *path, struct record_source **ret)
{
	return perf_data_reader_open_as(path, NULL, ret);
}

const struct perf_data_header *perf_data_reader_header(const struct record_source *source)
{
	assert(source->next == reader_next);
	return &((const struct perf_data_reader *)source)->facts.header;
}
