#include "perfdata/perf_data_header_internal.h"

#include <byteswap.h>
#include <inttypes.h>

static bool is_magic(uint64_t magic)
{
	return magic == PERF_DATA_MAGIC || magic == PERF_DATA_MAGIC_OLD;
}

/** A section of the mapped file as a reader of its own. */
static struct error *open_section(const struct perf_data_input *input,
				  const struct perf_data_section *section, const char *what,
				  struct byte_reader *ret)
{
	struct bytes file = input->bytes;

	if (section->offset > file.size || section->size_bytes > file.size - section->offset)
		return error_new(ERROR_FORMAT,
				 "%s: %s at offset %" PRIu64 " (%" PRIu64
				 " bytes) is past the end of the file",
				 input->name, what, section->offset, section->size_bytes);
	*ret = (struct byte_reader){
		.bytes = { .data = file.data + section->offset, .size = section->size_bytes },
		.origin = section->offset,
		.source = input->name,
		.swap = input->is_swapped,
	};
	return NULL;
}

/** One entry: the attr, and in the last 16 bytes where its ids are. */
static struct error *read_event(const struct perf_data_input *input, struct byte_reader *entry,
				struct perf_data_events *events)
{
	struct byte_reader attr = *entry, ids_section = *entry, ids;
	struct perf_data_section section;

	attr.bytes.size -= sizeof(section);
	ids_section.position = attr.bytes.size;
	RETURN_IF_ERROR(byte_reader_u64(&ids_section, &section.offset));
	RETURN_IF_ERROR(byte_reader_u64(&ids_section, &section.size_bytes));
	RETURN_IF_ERROR(open_section(input, &section, "event ids", &ids));
	return perf_data_events_add(events, &attr, &ids);
}

static struct error *read_events(const struct perf_data_input *input,
				 const struct perf_data_file_header *header,
				 struct perf_data_events *events)
{
	struct byte_reader reader;

	if (header->attr_size_bytes < PERF_ATTR_SIZE_VER0 + sizeof(struct perf_data_section))
		return error_new(ERROR_FORMAT, "%s: event descriptions of %" PRIu64 " bytes",
				 input->name, header->attr_size_bytes);
	RETURN_IF_ERROR(open_section(input, &header->attrs, "event descriptions", &reader));
	while (byte_reader_left(&reader) > 0) {
		struct byte_reader entry = reader;

		entry.position = 0;
		entry.origin = reader.origin + reader.position;
		RETURN_IF_ERROR(byte_reader_bytes(&reader, header->attr_size_bytes, &entry.bytes));
		RETURN_IF_ERROR(read_event(input, &entry, events));
	}
	return NULL;
}

static bool has_feature(const struct perf_data_file_header *header, uint32_t feature)
{
	return header->feature_bits[feature / 64] >> (feature % 64) & 1;
}

/** @return where the file is cut; what is broken otherwise is left out. */
static struct error *read_features(const struct perf_data_input *input,
				   const struct perf_data_file_header *header,
				   struct perf_data_events *events, struct perf_data_facts *facts)
{
	const struct perf_data_section after_data = {
		.offset = header->data.offset + header->data.size_bytes,
		.size_bytes = input->bytes.size - (header->data.offset + header->data.size_bytes),
	};
	struct byte_reader table;

	RETURN_IF_ERROR(open_section(input, &after_data, "feature table", &table));
	for (uint32_t i = 0; i < PERF_DATA_N_FEATURES; i++) {
		struct perf_data_section section;
		struct byte_reader body;

		if (!has_feature(header, i))
			continue;
		RETURN_IF_ERROR(byte_reader_u64(&table, &section.offset));
		RETURN_IF_ERROR(byte_reader_u64(&table, &section.size_bytes));
		RETURN_IF_ERROR(open_section(input, &section, "feature", &body));
		perf_data_facts_add(facts, events, i, body);
	}
	return NULL;
}

/** Whether a feature table stands where the data ends: its first body follows the table. */
static bool has_feature_table(const struct perf_data_input *input,
			      const struct perf_data_file_header *header)
{
	const uint64_t table_offset = header->data.offset + header->data.size_bytes;
	struct perf_data_section first = { .offset = table_offset, .size_bytes = sizeof(first) };
	struct byte_reader table;
	struct error *error;
	uint64_t n_features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(header->feature_bits); i++)
		n_features += (uint64_t)__builtin_popcountll(header->feature_bits[i]);
	if (n_features == 0)
		return false;
	error = open_section(input, &first, "feature table", &table);
	if (!error)
		error = byte_reader_u64(&table, &first.offset);
	if (error) {
		error_destroy(error);
		return false;
	}
	return first.offset == table_offset + n_features * sizeof(first);
}

/**
 * The recorder was killed: it left size 0 and no feature table, or (ours) the size of
 * some time before, perhaps of the very end, and no feature bits.
 */
static bool is_unfinished(const struct perf_data_input *input,
			  const struct perf_data_file_header *header)
{
	if (header->data.size_bytes == 0)
		return !has_feature_table(input, header);
	for (size_t i = 0; i < ARRAY_SIZE(header->feature_bits); i++)
		if (header->feature_bits[i])
			return false;
	return header->size_bytes >= sizeof(*header) &&
	       header->data.size_bytes <= input->bytes.size - header->data.offset;
}

static struct error *read_file_header(struct perf_data_input *input,
				      const struct perf_data_file_header *header,
				      struct perf_data_events *events,
				      struct perf_data_facts *facts)
{
	uint64_t left;

	if (header->data.offset > input->bytes.size)
		return error_new(ERROR_FORMAT,
				 "%s: data at offset %" PRIu64 " is past the end of the file",
				 input->name, header->data.offset);
	left = input->bytes.size - header->data.offset;
	input->position = header->data.offset;
	RETURN_IF_ERROR(read_events(input, header, events));
	if (is_unfinished(input, header)) {
		facts->header.is_unfinished = true;
	} else if (header->data.size_bytes > left) {
		facts->n_missing_bytes = header->data.size_bytes - left;
	} else {
		input->end = header->data.offset + header->data.size_bytes;
		facts->features_error = read_features(input, header, events, facts);
	}
	return NULL;
}

/** The words of the header, in our order. Afterwards input->is_swapped says whose they are. */
static struct error *read_words(struct perf_data_input *input, uint64_t *ret, size_t size_bytes)
{
	struct bytes bytes;

	RETURN_IF_ERROR(perf_data_input_peek(input, size_bytes, &bytes));
	memcpy(ret, bytes.data, bytes.size);
	input->is_swapped = is_magic(bswap_64(ret[0]));
	for (size_t i = 0; input->is_swapped && i < size_bytes / sizeof(*ret); i++)
		ret[i] = bswap_64(ret[i]);
	if (!is_magic(ret[0]))
		return error_new(ERROR_FORMAT, "%s: not a perf.data file", input->name);
	if (bytes.size < size_bytes)
		return error_new(ERROR_FORMAT,
				 "%s: cut off inside the file header, after %zu bytes", input->name,
				 bytes.size);
	return NULL;
}

/**
 * Feature bits are an array of unsigned long. Every perf since 2010 sets that of the host's
 * name; if it is not where 64-bit machines have it, a 32-bit machine of the other byte order
 * wrote the file.
 */
static void mend_feature_bits(const struct perf_data_input *input,
			      struct perf_data_file_header *header)
{
	if (!input->is_swapped || has_feature(header, PERF_DATA_FEATURE_HOSTNAME))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(header->feature_bits); i++)
		header->feature_bits[i] =
			header->feature_bits[i] << 32 | header->feature_bits[i] >> 32;
}

struct error *perf_data_header_read(struct perf_data_input *input, struct perf_data_events *events,
				    struct perf_data_facts *facts)
{
	struct perf_data_file_header header = { 0 };

	RETURN_IF_ERROR(read_words(input, &header.magic, PERF_DATA_PIPE_HEADER_SIZE_BYTES));
	if (header.size_bytes == PERF_DATA_PIPE_HEADER_SIZE_BYTES) {
		facts->header.is_pipe_mode = true;
		perf_data_input_advance(input, PERF_DATA_PIPE_HEADER_SIZE_BYTES);
		return NULL;
	}
	if (!input->mapping.data)
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "%s: a perf.data file cannot come through a pipe",
						 input->name),
				       "give its name, or record with 'perf record -o -'");
	if (header.size_bytes < PERF_DATA_OLD_HEADER_SIZE_BYTES)
		return error_new(ERROR_FORMAT, "%s: file header of %" PRIu64 " bytes", input->name,
				 header.size_bytes);
	RETURN_IF_ERROR(read_words(input, &header.magic, MIN(header.size_bytes, sizeof(header))));
	mend_feature_bits(input, &header);
	return read_file_header(input, &header, events, facts);
}
