#include "perfdata/perf_data_header_internal.h"

#include <byteswap.h>

/** Words of a command line; more are left out. */
#define N_COMMAND_WORDS_MAX 65536

/** The pid that perf before 2010 left out of build ids shows as a name cut by 4 bytes. */
#define NAME_WITHOUT_PID "nel.kallsyms]"

/** Where the path of a build id starts, from its header. */
#define BUILD_ID_PATH_OFFSET 36

void perf_data_facts_deinit(struct perf_data_facts *facts)
{
	error_destroy(facts->features_error);
	arena_deinit(&facts->arena);
	build_id_record_vector_deinit(&facts->build_ids);
}

/** {u32 size; char text[size]}, padded with zeros. */
static struct error *read_string(struct byte_reader *reader, struct bytes *ret)
{
	uint32_t size_bytes;
	struct bytes text;

	RETURN_IF_ERROR(byte_reader_u32(reader, &size_bytes));
	RETURN_IF_ERROR(byte_reader_bytes(reader, size_bytes, &text));
	if (text.size > 0)
		text.size = strnlen((const char *)text.data, text.size);
	*ret = text;
	return NULL;
}

static struct error *add_string(struct perf_data_facts *facts, struct byte_reader *reader,
				const char **ret)
{
	struct bytes text;

	RETURN_IF_ERROR(read_string(reader, &text));
	*ret = arena_duplicate_text(&facts->arena, (const char *)text.data, text.size);
	return NULL;
}

static struct error *add_cpu_counts(struct perf_data_facts *facts, struct byte_reader *reader)
{
	uint32_t n_available, n_online;

	RETURN_IF_ERROR(byte_reader_u32(reader, &n_available));
	RETURN_IF_ERROR(byte_reader_u32(reader, &n_online));
	facts->header.n_cpus_available = n_available;
	facts->header.n_cpus_online = n_online;
	return NULL;
}

static struct error *join_words(struct byte_reader *reader, struct byte_vector *ret)
{
	uint32_t n_words;

	RETURN_IF_ERROR(byte_reader_u32(reader, &n_words));
	for (uint32_t i = 0; i < MIN(n_words, (uint32_t)N_COMMAND_WORDS_MAX); i++) {
		struct bytes word;

		RETURN_IF_ERROR(read_string(reader, &word));
		if (i > 0)
			byte_vector_append(ret, ' ');
		byte_vector_append_bytes(ret, word.data, word.size);
	}
	return NULL;
}

static struct error *add_command_line(struct perf_data_facts *facts, struct byte_reader *reader)
{
	struct byte_vector joined = { 0 };
	struct error *error = join_words(reader, &joined);

	if (!error && joined.count > 0)
		facts->header.command = arena_duplicate_text(
			&facts->arena, (const char *)joined.items, joined.count);
	byte_vector_deinit(&joined);
	return error;
}

/** {u32 n; u32 attr_size; n times {attr; u32 n_ids; string name; u64 ids[n_ids]}} */
static struct error *add_event_names(struct perf_data_events *events, struct byte_reader *reader)
{
	uint32_t n_events, attr_size_bytes;

	RETURN_IF_ERROR(byte_reader_u32(reader, &n_events));
	RETURN_IF_ERROR(byte_reader_u32(reader, &attr_size_bytes));
	for (uint32_t i = 0; i < n_events; i++) {
		struct bytes name;
		uint32_t n_ids;

		RETURN_IF_ERROR(byte_reader_skip(reader, attr_size_bytes));
		RETURN_IF_ERROR(byte_reader_u32(reader, &n_ids));
		RETURN_IF_ERROR(read_string(reader, &name));
		RETURN_IF_ERROR(byte_reader_skip(reader, (size_t)n_ids * sizeof(uint64_t)));
		perf_data_events_set_name(events, i, (const char *)name.data, name.size);
	}
	return NULL;
}

/** The next entry of the section, its header and the rest, as it is in the file. */
static struct error *read_build_id_entry(struct byte_reader *reader, struct bytes *ret)
{
	struct perf_event_header header;
	const size_t begin = reader->position;

	RETURN_IF_ERROR(byte_reader_u32(reader, &header.type));
	RETURN_IF_ERROR(byte_reader_u16(reader, &header.misc));
	RETURN_IF_ERROR(byte_reader_u16(reader, &header.size));
	if (header.size < sizeof(header))
		return byte_reader_error(reader, "build id entry of an impossible size");
	RETURN_IF_ERROR(byte_reader_skip(reader, header.size - sizeof(header)));
	*ret = (struct bytes){ .data = reader->bytes.data + begin, .size = header.size };
	return NULL;
}

static struct error *build_ids_have_pid(struct byte_reader reader, bool *ret)
{
	const size_t name_size = strlen(NAME_WITHOUT_PID);

	*ret = true;
	while (byte_reader_left(&reader) > 0) {
		struct bytes entry;

		RETURN_IF_ERROR(read_build_id_entry(&reader, &entry));
		if (entry.size >= BUILD_ID_PATH_OFFSET + name_size &&
		    memcmp(entry.data + BUILD_ID_PATH_OFFSET, NAME_WITHOUT_PID, name_size) == 0)
			*ret = false;
	}
	return NULL;
}

/** As the record that pipe mode would have: perf leaves the type 0 here. */
static struct error *decode_entry(struct bytes entry, bool is_swapped, bool has_pid,
				  struct byte_vector *scratch, struct record *ret)
{
	const struct record_layout_table no_layouts = { 0 };
	const int32_t kernel_pid = -1;
	struct perf_event_header header;

	memcpy(&header, entry.data, sizeof(header));
	header.type = is_swapped ? bswap_32(RECORD_TYPE_HEADER_BUILD_ID)
				 : (uint32_t)RECORD_TYPE_HEADER_BUILD_ID;
	byte_vector_clear(scratch);
	byte_vector_append_bytes(scratch, &header, sizeof(header));
	if (!has_pid)
		byte_vector_append_bytes(scratch, &kernel_pid, sizeof(kernel_pid));
	byte_vector_append_bytes(scratch, entry.data + sizeof(header), entry.size - sizeof(header));
	if (is_swapped)
		record_swap(&no_layouts, scratch->items, scratch->count);
	memcpy(&header, scratch->items, sizeof(header));
	header.size = (uint16_t)MIN(scratch->count, (size_t)UINT16_MAX);
	memcpy(scratch->items, &header, sizeof(header));
	return record_decode(&no_layouts, (struct bytes){ scratch->items, scratch->count },
			     "build ids", 0, ret);
}

static struct error *add_build_ids(struct perf_data_facts *facts, struct byte_reader *reader)
{
	struct byte_vector scratch = { 0 };
	struct error *error = NULL;
	bool has_pid;

	RETURN_IF_ERROR(build_ids_have_pid(*reader, &has_pid));
	while (byte_reader_left(reader) > 0) {
		struct bytes entry;
		struct record record;

		error = read_build_id_entry(reader, &entry);
		if (!error)
			error = decode_entry(entry, reader->swap, has_pid, &scratch, &record);
		if (error)
			break;
		record.build_id.path = arena_duplicate_text(&facts->arena, record.build_id.path,
							    strlen(record.build_id.path));
		build_id_record_vector_append(&facts->build_ids, record.build_id);
	}
	byte_vector_deinit(&scratch);
	facts->header.build_ids = facts->build_ids.items;
	facts->header.n_build_ids = facts->build_ids.count;
	return error;
}

static struct error *add_feature(struct perf_data_facts *facts, struct perf_data_events *events,
				 uint32_t feature, struct byte_reader *reader)
{
	struct perf_data_header *header = &facts->header;

	switch ((enum perf_data_feature)feature) {
	case PERF_DATA_FEATURE_BUILD_ID:
		return add_build_ids(facts, reader);
	case PERF_DATA_FEATURE_HOSTNAME:
		return add_string(facts, reader, &header->hostname);
	case PERF_DATA_FEATURE_OS_RELEASE:
		return add_string(facts, reader, &header->os_release);
	case PERF_DATA_FEATURE_VERSION:
		return add_string(facts, reader, &header->version);
	case PERF_DATA_FEATURE_ARCH:
		return add_string(facts, reader, &header->arch);
	case PERF_DATA_FEATURE_CPU_DESCRIPTION:
		return add_string(facts, reader, &header->cpu_description);
	case PERF_DATA_FEATURE_CPU_ID:
		return add_string(facts, reader, &header->cpu_id);
	case PERF_DATA_FEATURE_N_CPUS:
		return add_cpu_counts(facts, reader);
	case PERF_DATA_FEATURE_TOTAL_MEMORY:
		return byte_reader_u64(reader, &header->total_memory_kib);
	case PERF_DATA_FEATURE_COMMAND_LINE:
		return add_command_line(facts, reader);
	case PERF_DATA_FEATURE_EVENT_DESCRIPTIONS:
		return add_event_names(events, reader);
	default:
		return NULL;
	}
}

void perf_data_facts_add(struct perf_data_facts *facts, struct perf_data_events *events,
			 uint32_t feature, struct byte_reader body)
{
	error_destroy(add_feature(facts, events, feature, &body));
}
