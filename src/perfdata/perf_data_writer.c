#include "perfdata/perf_data_writer.h"

#include "perfdata/perf_data_writer_internal.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

static struct error *write_bytes(struct perf_data_writer *writer, const void *bytes,
				 size_t size_bytes)
{
	if (size_bytes && fwrite(bytes, size_bytes, 1, writer->output->file) != 1)
		return error_from_errno(errno, "cannot write '%s'", writer->output->path);
	writer->offset += size_bytes;
	return NULL;
}

/** Over the provisional header; the position comes back to the end. */
static struct error *rewrite_header(struct perf_data_writer *writer)
{
	FILE *file = writer->output->file;
	struct error *error;

	if (fseeko(file, 0, SEEK_SET) != 0)
		return error_from_errno(errno, "cannot write '%s'", writer->output->path);
	writer->offset = 0;
	error = write_bytes(writer, &writer->header, sizeof(writer->header));
	if (!error && (fseeko(file, 0, SEEK_END) != 0 || fflush(file) != 0))
		error = error_from_errno(errno, "cannot write '%s'", writer->output->path);
	return error;
}

/**
 * The smallest published attr that holds all that is set. A reader refuses attrs
 * larger than the one it was built with, so a large one shuts out older perfs.
 */
static uint32_t attr_size_for_storage(const struct perf_event_attr *attr)
{
	const uint8_t *bytes = (const uint8_t *)attr;
	size_t used = sizeof(*attr);

	while (used > 0 && bytes[used - 1] == 0)
		used--;
	if (used <= PERF_ATTR_SIZE_VER5)
		return PERF_ATTR_SIZE_VER5;
	return used <= PERF_ATTR_SIZE_VER6 ? PERF_ATTR_SIZE_VER6 : PERF_ATTR_SIZE_VER7;
}

static void copy_events(struct perf_data_writer *writer,
			const struct perf_data_writer_options *options)
{
	const struct record_layout_table *layouts = options->layouts;
	uint32_t attr_size_bytes = 0;

	writer->n_events = layouts->n_layouts;
	writer->attrs = memory_allocate(writer->n_events, sizeof(*writer->attrs));
	writer->event_names = memory_allocate(writer->n_events, sizeof(*writer->event_names));
	writer->ids = memory_allocate(writer->n_events, sizeof(*writer->ids));
	for (uint32_t i = 0; i < writer->n_events; i++) {
		record_attr_for_storage(&options->attrs[i], &writer->attrs[i]);
		writer->attrs[i].size = 0;
		attr_size_bytes = MAX(attr_size_bytes, attr_size_for_storage(&writer->attrs[i]));
		writer->event_names[i] = memory_duplicate_text(options->event_names[i]);
	}
	for (uint32_t i = 0; i < writer->n_events; i++)
		writer->attrs[i].size = attr_size_bytes;
	for (uint32_t i = 0; i < layouts->n_ids; i++)
		address_vector_append(&writer->ids[layouts->event_of_id[i]], layouts->ids[i]);
}

static void lay_out_header(struct perf_data_writer *writer)
{
	struct perf_data_file_header *header = &writer->header;
	uint64_t ids_size_bytes = 0;

	for (uint32_t i = 0; i < writer->n_events; i++)
		ids_size_bytes += writer->ids[i].count * sizeof(uint64_t);
	header->magic = PERF_DATA_MAGIC;
	header->size_bytes = sizeof(*header);
	header->attr_size_bytes = writer->attrs[0].size + sizeof(struct perf_data_section);
	header->attrs.offset = sizeof(*header) + ids_size_bytes;
	header->attrs.size_bytes = writer->n_events * header->attr_size_bytes;
	header->data.offset = header->attrs.offset + header->attrs.size_bytes;
}

static struct error *write_events(struct perf_data_writer *writer)
{
	struct perf_data_section ids = { .offset = writer->offset };

	for (uint32_t i = 0; i < writer->n_events; i++)
		RETURN_IF_ERROR(write_bytes(writer, writer->ids[i].items,
					    writer->ids[i].count * sizeof(uint64_t)));
	for (uint32_t i = 0; i < writer->n_events; i++) {
		ids.size_bytes = writer->ids[i].count * sizeof(uint64_t);
		RETURN_IF_ERROR(write_bytes(writer, &writer->attrs[i], writer->attrs[i].size));
		RETURN_IF_ERROR(write_bytes(writer, &ids, sizeof(ids)));
		ids.offset += ids.size_bytes;
	}
	return NULL;
}

/**
 * How the data is compressed is a feature section, which a killed writer does not come to: a
 * HEADER_FEATURE record before the data says it as well.
 */
static struct error *write_compression(struct perf_data_writer *writer)
{
	struct {
		struct perf_event_header header;
		uint64_t feature;
	} record = {
		.header = { .type = RECORD_TYPE_HEADER_FEATURE },
		.feature = PERF_DATA_FEATURE_COMPRESSED,
	};
	struct byte_vector body = { 0 };
	struct error *error;

	if (!writer->compressor)
		return NULL;
	perf_data_compressor_describe(writer->compressor, &body);
	/* Records are of whole words. */
	while (body.count % sizeof(uint64_t))
		byte_vector_append(&body, 0);
	record.header.size = (uint16_t)(sizeof(record) + body.count);
	error = write_bytes(writer, &record, sizeof(record));
	if (!error)
		error = write_bytes(writer, body.items, body.count);
	byte_vector_deinit(&body);
	return error;
}

static struct error *write_preamble(struct perf_data_writer *writer)
{
	lay_out_header(writer);
	RETURN_IF_ERROR(write_bytes(writer, &writer->header, sizeof(writer->header)));
	RETURN_IF_ERROR(write_events(writer));
	assert(writer->offset == writer->header.data.offset);
	RETURN_IF_ERROR(write_compression(writer));
	/* On disk at once: from here on a killed writer leaves a readable file. */
	if (fflush(writer->output->file) != 0)
		return error_from_errno(errno, "cannot write '%s'", writer->output->path);
	return NULL;
}

struct error *perf_data_writer_create(struct output_file *output,
				      const struct perf_data_writer_options *options,
				      struct perf_data_writer **ret)
{
	struct perf_data_writer *writer = memory_allocate(1, sizeof(*writer));
	struct error *error;

	assert(options->layouts->n_layouts > 0);
	writer->output = output;
	copy_events(writer, options);
	error = options->compression_level ? perf_data_compressor_create(options->compression_level,
									 &writer->compressor)
					   : NULL;
	if (!error)
		error = write_preamble(writer);
	if (error) {
		perf_data_writer_destroy(writer);
		return error;
	}
	*ret = writer;
	return NULL;
}

static struct error *write_compressed(struct perf_data_writer *writer)
{
	RETURN_IF_ERROR(write_bytes(writer, writer->compressed.items, writer->compressed.count));
	byte_vector_clear(&writer->compressed);
	return NULL;
}

struct error *perf_data_writer_append(struct perf_data_writer *writer, struct bytes record)
{
	assert(record.size >= sizeof(struct perf_event_header));
	if (!writer->compressor)
		return write_bytes(writer, record.data, record.size);
	RETURN_IF_ERROR(
		perf_data_compressor_append(writer->compressor, record, &writer->compressed));
	return write_compressed(writer);
}

/** All that was appended is in the file's buffer now. */
static struct error *flush_records(struct perf_data_writer *writer)
{
	if (!writer->compressor)
		return NULL;
	RETURN_IF_ERROR(perf_data_compressor_flush(writer->compressor, &writer->compressed));
	return write_compressed(writer);
}

/**
 * Say in the header on disk how far the data goes, so that perf reads the file of a
 * killed writer up to here (it refuses data of size 0).
 */
static struct error *checkpoint(struct perf_data_writer *writer)
{
	const uint64_t data_size_bytes = writer->offset - writer->header.data.offset;
	const off_t field = offsetof(struct perf_data_file_header, data.size_bytes);
	FILE *file = writer->output->file;

	if (fflush(file) != 0 || pwrite(fileno(file), &data_size_bytes, sizeof(data_size_bytes),
					field) != (ssize_t)sizeof(data_size_bytes))
		return error_from_errno(errno, "cannot write '%s'", writer->output->path);
	return NULL;
}

struct error *perf_data_writer_finish_round(struct perf_data_writer *writer)
{
	const struct perf_event_header round = {
		.type = RECORD_TYPE_FINISHED_ROUND,
		.size = sizeof(round),
	};

	RETURN_IF_ERROR(flush_records(writer));
	RETURN_IF_ERROR(write_bytes(writer, &round, sizeof(round)));
	return checkpoint(writer);
}

struct error *perf_data_writer_finish(struct perf_data_writer *writer,
				      const struct perf_data_features *features)
{
	struct byte_vector sections = { 0 };
	struct error *error;

	RETURN_IF_ERROR(flush_records(writer));
	writer->header.data.size_bytes = writer->offset - writer->header.data.offset;
	perf_data_features_format(writer, features, writer->offset, &sections,
				  writer->header.feature_bits);
	error = write_bytes(writer, sections.items, sections.count);
	byte_vector_deinit(&sections);
	if (error)
		return error;
	return rewrite_header(writer);
}

void perf_data_writer_destroy(struct perf_data_writer *writer)
{
	if (!writer)
		return;
	for (uint32_t i = 0; i < writer->n_events; i++) {
		free(writer->event_names[i]);
		address_vector_deinit(&writer->ids[i]);
	}
	free(writer->event_names);
	free(writer->ids);
	free(writer->attrs);
	perf_data_compressor_destroy(writer->compressor);
	byte_vector_deinit(&writer->compressed);
	free(writer);
}
