#include "record/record.h"

#include "base/memory.h"
#include "record/record_internal.h"

#include <inttypes.h>
#include <sys/mman.h>

/** misc bit of HEADER_BUILD_ID: the size byte is valid (perf 5.9 and later). */
#define MISC_BUILD_ID_SIZE (1 << 15)

struct record_layout record_layout_of(const struct perf_event_attr *attr)
{
	return (struct record_layout){
		.sample_type = attr->sample_type,
		.read_format = attr->read_format,
		.user_registers_mask = attr->sample_regs_user,
		.interrupt_registers_mask = attr->sample_regs_intr,
		.branch_sample_type = attr->branch_sample_type,
		.has_sample_id_all = attr->sample_id_all,
	};
}

/** A reader over exactly one record, positioned after its header. */
static struct error *record_open(struct bytes bytes, const char *source, uint64_t offset,
				 struct perf_event_header *header_ret,
				 struct byte_reader *reader_ret)
{
	struct byte_reader reader = {
		.bytes = bytes,
		.origin = offset,
		.source = source,
	};
	struct perf_event_header header;

	if (bytes.size < sizeof(header))
		return byte_reader_past_end(&reader, sizeof(header));
	memcpy(&header, bytes.data, sizeof(header));
	if (header.size < sizeof(header))
		return error_new(ERROR_FORMAT,
				 "%s: record of type %u with the impossible size %u "
				 "at offset %" PRIu64,
				 source, header.type, header.size, offset);
	if (header.size > bytes.size)
		return byte_reader_past_end(&reader, header.size);
	reader.bytes.size = header.size;
	reader.position = sizeof(header);
	*header_ret = header;
	*reader_ret = reader;
	return NULL;
}

static inline size_t trailer_size_bytes(const struct record_layout *layout)
{
	return layout->has_sample_id_all ? fields_size_bytes(layout->sample_type & TRAILER_FIELDS)
					 : 0;
}

struct id_entry {
	uint64_t id;
	uint32_t event_index;
};

static int compare_ids(const void *left, const void *right)
{
	const struct id_entry *a = left, *b = right;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->event_index > b->event_index) - (a->event_index < b->event_index);
}

void record_ids_sort(uint64_t *ids, uint32_t *event_of_id, size_t n_ids)
{
	_cleanup_free_ struct id_entry *entries = memory_allocate(n_ids, sizeof(*entries));

	for (size_t i = 0; i < n_ids; i++)
		entries[i] = (struct id_entry){ ids[i], event_of_id[i] };
	if (n_ids)
		qsort(entries, n_ids, sizeof(*entries), compare_ids);
	for (size_t i = 0; i < n_ids; i++) {
		ids[i] = entries[i].id;
		event_of_id[i] = entries[i].event_index;
	}
}

static bool find_ascending(const struct record_layout_table *table, uint64_t id, uint32_t *ret)
{
	uint32_t low = 0, high = table->n_ids;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->n_ids || table->ids[low] != id)
		return false;
	*ret = table->event_of_id[low];
	return true;
}

static bool find_event(const struct record_layout_table *table, uint64_t id, uint32_t *ret)
{
	if (table->has_ascending_ids)
		return find_ascending(table, id, ret);
	for (uint32_t i = 0; i < table->n_ids; i++) {
		if (table->ids[i] != id)
			continue;
		*ret = table->event_of_id[i];
		return true;
	}
	return false;
}

uint32_t record_layout_index_of_id(const struct record_layout_table *table, uint64_t id)
{
	uint32_t index = 0;

	if (table->n_layouts > 1)
		find_event(table, id, &index);
	return index;
}

size_t sample_id_offset(uint64_t sample_type)
{
	const uint64_t fields_before_id =
		PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;

	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		return sizeof(struct perf_event_header);
	if (sample_type & PERF_SAMPLE_ID)
		return sizeof(struct perf_event_header) +
		       fields_size_bytes(sample_type & fields_before_id);
	return 0;
}

/**
 * Which event the sample belongs to. The id has the same place in all layouts,
 * or the records could not be told apart by anyone (perf refuses such a set).
 */
static struct error *sample_event_index(const struct record_layout_table *table,
					const struct byte_reader *reader, uint32_t *ret)
{
	size_t id_offset;
	const uint8_t *cursor;

	*ret = 0;
	if (table->n_layouts == 1)
		return NULL;
	if (table->n_layouts == 0)
		return byte_reader_error(reader, "sample before any event description");
	id_offset = sample_id_offset(table->layouts[0].sample_type);
	if (id_offset == 0)
		return NULL;
	if (reader->bytes.size < id_offset + sizeof(uint64_t))
		return byte_reader_past_end(reader, id_offset + sizeof(uint64_t));
	cursor = reader->bytes.data + id_offset;
	if (!find_event(table, load_u64(&cursor), ret))
		return byte_reader_error(reader, "sample of an unknown event");
	return NULL;
}

/** Offset of the sample_id trailer's time from the record's end; 0: it has none. */
static inline size_t trailer_time_distance(const struct record_layout *layout)
{
	if (!layout->has_sample_id_all || !(layout->sample_type & PERF_SAMPLE_TIME))
		return 0;
	return fields_size_bytes(layout->sample_type & (TRAILER_FIELDS & ~PERF_SAMPLE_TID));
}

/**
 * The event whose trailer the record has. IDENTIFIER, its last word, says so whatever
 * else the trailer holds. Records that perf made up itself (existing processes) have
 * id 0 and the first event's layout; so have those without IDENTIFIER (all alike then).
 */
static uint32_t trailer_event_index(const struct record_layout_table *table,
				    const struct byte_reader *reader)
{
	const struct record_layout *first = &table->layouts[0];
	uint32_t event_index = 0;
	const uint8_t *cursor;

	if (table->n_layouts == 1 || !first->has_sample_id_all ||
	    !(first->sample_type & PERF_SAMPLE_IDENTIFIER) ||
	    byte_reader_left(reader) < sizeof(uint64_t))
		return 0;
	cursor = reader->bytes.data + reader->bytes.size - sizeof(uint64_t);
	find_event(table, load_u64(&cursor), &event_index);
	return event_index;
}

static void decode_trailer(const struct record_layout_table *table, const uint8_t *cursor,
			   struct record *ret)
{
	uint64_t sample_type = table->layouts[ret->event_index].sample_type;

	if (sample_type & PERF_SAMPLE_TID) {
		ret->pid = load_u32(&cursor);
		ret->tid = load_u32(&cursor);
	}
	if (sample_type & PERF_SAMPLE_TIME)
		ret->time_ns = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_ID)
		ret->id = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_STREAM_ID)
		cursor += sizeof(uint64_t);
	if (sample_type & PERF_SAMPLE_CPU) {
		ret->cpu = load_u32(&cursor);
		cursor += sizeof(uint32_t);
	}
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		ret->id = load_u64(&cursor);
	if (table->n_layouts > 1)
		find_event(table, ret->id, &ret->event_index);
}

/** Take the trailer off the reader's end, so that bodies are bounded by their own bytes. */
static struct error *split_trailer(const struct record_layout_table *table,
				   struct byte_reader *reader, struct record *ret)
{
	size_t size_bytes;

	if (table->n_layouts == 0 || ret->type >= FIRST_PERF_TYPE)
		return NULL;
	ret->event_index = trailer_event_index(table, reader);
	size_bytes = trailer_size_bytes(&table->layouts[ret->event_index]);
	if (size_bytes == 0)
		return NULL;
	if (byte_reader_left(reader) < size_bytes)
		return byte_reader_past_end(reader, size_bytes);
	reader->bytes.size -= size_bytes;
	decode_trailer(table, reader->bytes.data + reader->bytes.size, ret);
	return NULL;
}

static struct error *decode_pid_tid(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->pid));
	return byte_reader_u32(reader, &ret->tid);
}

static struct error *decode_mapping_range(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(decode_pid_tid(reader, ret));
	RETURN_IF_ERROR(byte_reader_u64(reader, &ret->mapping.start));
	RETURN_IF_ERROR(byte_reader_u64(reader, &ret->mapping.size_bytes));
	return byte_reader_u64(reader, &ret->mapping.file_offset);
}

static struct error *decode_mmap(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(decode_mapping_range(reader, ret));
	if (!(ret->misc & PERF_RECORD_MISC_MMAP_DATA))
		ret->mapping.protection = PROT_EXEC;
	return byte_reader_text(reader, &ret->mapping.path);
}

/** The 24 bytes in MMAP2 that hold either the file's identity or its build id. */
static struct error *decode_file_identity(struct byte_reader *reader, struct record *ret)
{
	struct mapping_record *mapping = &ret->mapping;
	struct bytes bytes;

	if (!(ret->misc & PERF_RECORD_MISC_MMAP_BUILD_ID)) {
		RETURN_IF_ERROR(byte_reader_u32(reader, &mapping->device_major));
		RETURN_IF_ERROR(byte_reader_u32(reader, &mapping->device_minor));
		RETURN_IF_ERROR(byte_reader_u64(reader, &mapping->inode));
		return byte_reader_u64(reader, &mapping->inode_generation);
	}
	RETURN_IF_ERROR(byte_reader_u8(reader, &mapping->build_id.size_bytes));
	RETURN_IF_ERROR(byte_reader_skip(reader, 3));
	RETURN_IF_ERROR(byte_reader_bytes(reader, BUILD_ID_SIZE_MAX_BYTES, &bytes));
	if (mapping->build_id.size_bytes > BUILD_ID_SIZE_MAX_BYTES)
		return byte_reader_error(reader, "build id longer than 20 bytes");
	memcpy(mapping->build_id.bytes, bytes.data, mapping->build_id.size_bytes);
	return NULL;
}

static struct error *decode_mmap2(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(decode_mapping_range(reader, ret));
	RETURN_IF_ERROR(decode_file_identity(reader, ret));
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->mapping.protection));
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->mapping.flags));
	return byte_reader_text(reader, &ret->mapping.path);
}

static struct error *decode_comm(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(decode_pid_tid(reader, ret));
	ret->comm.is_exec = ret->misc & PERF_RECORD_MISC_COMM_EXEC;
	return byte_reader_text(reader, &ret->comm.name);
}

static struct error *decode_task(struct byte_reader *reader, struct record *ret)
{
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->pid));
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->task.parent_pid));
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->tid));
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->task.parent_tid));
	ret->task.pid = ret->pid;
	ret->task.tid = ret->tid;
	return byte_reader_u64(reader, &ret->task.time_ns);
}

static struct error *decode_lost(struct byte_reader *reader, struct record *ret)
{
	if (ret->type == PERF_RECORD_LOST)
		RETURN_IF_ERROR(byte_reader_skip(reader, sizeof(uint64_t)));
	return byte_reader_u64(reader, &ret->lost.count);
}

static struct error *decode_throttle(struct byte_reader *reader, struct record *ret)
{
	ret->throttle.is_end = ret->type == PERF_RECORD_UNTHROTTLE;
	return byte_reader_u64(reader, &ret->throttle.time_ns);
}

static struct error *decode_switch(struct byte_reader *reader, struct record *ret)
{
	ret->context_switch.is_out = ret->misc & PERF_RECORD_MISC_SWITCH_OUT;
	ret->context_switch.is_preempted = ret->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	if (ret->type == PERF_RECORD_SWITCH)
		return NULL;
	RETURN_IF_ERROR(byte_reader_u32(reader, &ret->context_switch.next_or_previous_pid));
	return byte_reader_u32(reader, &ret->context_switch.next_or_previous_tid);
}

/** perf before 5.9 did not store the size: what it padded came in zeroed groups of 4 bytes. */
static uint8_t build_id_guess_size(const uint8_t bytes[BUILD_ID_SIZE_MAX_BYTES])
{
	static const uint8_t zero_group[4];
	uint8_t size_bytes = BUILD_ID_SIZE_MAX_BYTES;

	while (size_bytes > 0 && memcmp(bytes + size_bytes - 4, zero_group, 4) == 0)
		size_bytes -= 4;
	return size_bytes;
}

static struct error *decode_build_id(struct byte_reader *reader, struct record *ret)
{
	struct build_id *build_id = &ret->build_id.build_id;
	struct bytes bytes;
	uint32_t pid;

	RETURN_IF_ERROR(byte_reader_u32(reader, &pid));
	/* 20 bytes of build id, u8 size, 3 reserved. */
	RETURN_IF_ERROR(byte_reader_bytes(reader, BUILD_ID_SIZE_MAX_BYTES + 4, &bytes));
	ret->build_id.pid = (int32_t)pid;
	ret->pid = pid;
	if (ret->misc & MISC_BUILD_ID_SIZE)
		build_id->size_bytes = bytes.data[BUILD_ID_SIZE_MAX_BYTES];
	else
		build_id->size_bytes = build_id_guess_size(bytes.data);
	if (build_id->size_bytes > BUILD_ID_SIZE_MAX_BYTES)
		return byte_reader_error(reader, "build id longer than 20 bytes");
	memcpy(build_id->bytes, bytes.data, build_id->size_bytes);
	return byte_reader_text(reader, &ret->build_id.path);
}

static struct error *decode_body(struct byte_reader *reader, struct record *ret)
{
	switch (ret->type) {
	case PERF_RECORD_MMAP:
		return decode_mmap(reader, ret);
	case PERF_RECORD_MMAP2:
		return decode_mmap2(reader, ret);
	case PERF_RECORD_COMM:
		return decode_comm(reader, ret);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return decode_task(reader, ret);
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return decode_lost(reader, ret);
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		return decode_throttle(reader, ret);
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		return decode_switch(reader, ret);
	case RECORD_TYPE_HEADER_BUILD_ID:
		return decode_build_id(reader, ret);
	default:
		return NULL;
	}
}

struct error *record_decode(const struct record_layout_table *table, struct bytes bytes,
			    const char *source, uint64_t offset, struct record *ret)
{
	struct perf_event_header header;
	struct byte_reader reader;
	struct record record = { 0 };

	RETURN_IF_ERROR(record_open(bytes, source, offset, &header, &reader));
	record.type = header.type;
	record.misc = header.misc;
	record.bytes = reader.bytes;
	if (header.type == PERF_RECORD_SAMPLE) {
		RETURN_IF_ERROR(sample_event_index(table, &reader, &record.event_index));
		RETURN_IF_ERROR(
			sample_decode(&table->layouts[record.event_index], &reader, &record, NULL));
	} else {
		RETURN_IF_ERROR(split_trailer(table, &reader, &record));
		RETURN_IF_ERROR(decode_body(&reader, &record));
	}
	*ret = record;
	return NULL;
}

static struct error *decode_sample_time(const struct record_layout_table *table,
					struct byte_reader *reader, uint64_t *ret)
{
	const uint64_t fields_before_time =
		PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	struct bytes skipped;
	uint64_t sample_type;
	uint32_t event_index;

	RETURN_IF_ERROR(sample_event_index(table, reader, &event_index));
	sample_type = table->layouts[event_index].sample_type;
	if (!(sample_type & PERF_SAMPLE_TIME))
		return NULL;
	RETURN_IF_ERROR(
		take_bytes(reader, fields_size_bytes(sample_type & fields_before_time), &skipped));
	return take_u64(reader, ret);
}

static struct error *decode_trailer_time(const struct record_layout_table *table,
					 struct byte_reader *reader, uint64_t *ret)
{
	uint32_t event_index = trailer_event_index(table, reader);
	size_t distance = trailer_time_distance(&table->layouts[event_index]);

	if (distance == 0)
		return NULL;
	if (byte_reader_left(reader) < distance)
		return byte_reader_past_end(reader, distance);
	reader->position = reader->bytes.size - distance;
	return take_u64(reader, ret);
}

struct error *record_decode_time(const struct record_layout_table *table, struct bytes bytes,
				 const char *source, uint64_t offset, uint64_t *time_ns_ret,
				 size_t *size_bytes_ret)
{
	struct perf_event_header header;
	struct byte_reader reader;
	uint64_t time_ns = 0;

	RETURN_IF_ERROR(record_open(bytes, source, offset, &header, &reader));
	if (header.type == PERF_RECORD_SAMPLE)
		RETURN_IF_ERROR(decode_sample_time(table, &reader, &time_ns));
	else if (header.type < FIRST_PERF_TYPE && table->n_layouts > 0)
		RETURN_IF_ERROR(decode_trailer_time(table, &reader, &time_ns));
	*time_ns_ret = time_ns;
	*size_bytes_ret = header.size;
	return NULL;
}
