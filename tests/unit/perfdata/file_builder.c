#include "file_builder.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

const struct record_layout simple_layout = {
	.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
	.has_sample_id_all = true,
};

struct temporary_file temporary_file_make(struct bytes bytes)
{
	struct temporary_file file = { "/tmp/perf-profile-test-XXXXXX" };
	int descriptor = mkstemp(file.path);
	ssize_t n_written = write(descriptor, bytes.data, bytes.size);

	assert(n_written == (ssize_t)bytes.size);
	close(descriptor);
	return file;
}

void temporary_file_deinit(struct temporary_file *file)
{
	unlink(file->path);
}

void read_back_deinit(struct read_back *read_back)
{
	address_vector_deinit(&read_back->types);
	address_vector_deinit(&read_back->times_ns);
	free(read_back->error);
}

static void keep_error(struct read_back *read_back, struct error *error)
{
	if (error && !read_back->error) {
		read_back->error = memory_duplicate_text(error->message);
		read_back->code = error->code;
	}
	error_destroy(error);
}

struct read_back read_back_path(const char *path)
{
	struct read_back read_back = { 0 };
	enum record_source_state state = RECORD_SOURCE_RECORD;
	struct record_source *source;
	struct error *error = perf_data_reader_open(path, &source);

	keep_error(&read_back, error);
	if (error)
		return read_back;
	while (state == RECORD_SOURCE_RECORD) {
		struct record record;

		error = source->next(source, 0, &record, &state);
		keep_error(&read_back, error);
		if (error || state != RECORD_SOURCE_RECORD)
			continue;
		address_vector_append(&read_back.types, record.type);
		address_vector_append(&read_back.times_ns, record.time_ns);
	}
	source->destroy(source);
	return read_back;
}

struct read_back read_back_bytes(struct bytes bytes)
{
	struct temporary_file file = temporary_file_make(bytes);
	struct read_back read_back = read_back_path(file.path);

	temporary_file_deinit(&file);
	return read_back;
}

size_t read_back_count(const struct read_back *read_back, uint32_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < read_back->types.count; i++)
		count += read_back->types.items[i] == type;
	return count;
}

void append_pipe_header(struct record_builder *builder, uint32_t attr_size_bytes)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = attr_size_bytes,
		.sample_type = simple_layout.sample_type,
		.sample_id_all = 1,
	};

	record_builder_bytes(builder, "PERFILE2", 8);
	record_builder_u64(builder, 16);
	record_builder_begin(builder, RECORD_TYPE_HEADER_ATTR, 0);
	record_builder_bytes(builder, &attr, MIN(attr_size_bytes, (uint32_t)sizeof(attr)));
	for (size_t i = sizeof(attr); i < attr_size_bytes; i++)
		record_builder_u8(builder, 0xaa);
	record_builder_u64(builder, 4711);
	record_builder_end(builder);
}

void append_simple_sample(struct record_builder *builder, uint64_t time_ns)
{
	record_builder_sample(builder, &simple_layout,
			      &(struct record){ .pid = 1, .tid = 1, .time_ns = time_ns });
}
