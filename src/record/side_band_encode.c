#include "record/record_internal.h"

#include <assert.h>

/** Where the next bytes go. The caller's room is RECORD_SIZE_MAX_BYTES. */
struct encoder {
	uint8_t *start;
	size_t size_bytes;
};

static void put(struct encoder *encoder, const void *bytes, size_t size_bytes)
{
	assert(encoder->size_bytes + size_bytes <= RECORD_SIZE_MAX_BYTES);
	memcpy(encoder->start + encoder->size_bytes, bytes, size_bytes);
	encoder->size_bytes += size_bytes;
}

static void put_u32(struct encoder *encoder, uint32_t value)
{
	put(encoder, &value, sizeof(value));
}

static void put_u64(struct encoder *encoder, uint64_t value)
{
	put(encoder, &value, sizeof(value));
}

/** NUL-terminated, padded with zeros to 8 bytes; cut when longer than a path may be. */
static void put_text(struct encoder *encoder, const char *text)
{
	static const uint8_t zeros[8];
	size_t length = strnlen(text, RECORD_TEXT_SIZE_MAX_BYTES - 1);

	put(encoder, text, length);
	put(encoder, zeros, 8 - (length & 7));
}

/** In the place of device and inode (perf_event_open(2), PERF_RECORD_MISC_MMAP_BUILD_ID). */
static void put_build_id(struct encoder *encoder, const struct build_id *build_id)
{
	uint8_t bytes[BUILD_ID_SIZE_MAX_BYTES + 4] = { (uint8_t)build_id->size_bytes };

	memcpy(bytes + 4, build_id->bytes, build_id->size_bytes);
	put(encoder, bytes, sizeof(bytes));
}

static void put_mapping(struct encoder *encoder, const struct record *record)
{
	const struct mapping_record *mapping = &record->mapping;

	put_u32(encoder, record->pid);
	put_u32(encoder, record->tid);
	put_u64(encoder, mapping->start);
	put_u64(encoder, mapping->size_bytes);
	put_u64(encoder, mapping->file_offset);
	if (mapping->build_id.size_bytes) {
		put_build_id(encoder, &mapping->build_id);
	} else {
		put_u32(encoder, mapping->device_major);
		put_u32(encoder, mapping->device_minor);
		put_u64(encoder, mapping->inode);
		put_u64(encoder, mapping->inode_generation);
	}
	put_u32(encoder, mapping->protection);
	put_u32(encoder, mapping->flags);
	put_text(encoder, mapping->path);
}

static void put_task(struct encoder *encoder, const struct record *record)
{
	put_u32(encoder, record->pid);
	put_u32(encoder, record->task.parent_pid);
	put_u32(encoder, record->tid);
	put_u32(encoder, record->task.parent_tid);
	put_u64(encoder, record->task.time_ns);
}

static void put_trailer(struct encoder *encoder, const struct record_layout *layout,
			const struct record *record)
{
	if (!layout->has_sample_id_all)
		return;
	if (layout->sample_type & PERF_SAMPLE_TID) {
		put_u32(encoder, record->pid);
		put_u32(encoder, record->tid);
	}
	if (layout->sample_type & PERF_SAMPLE_TIME)
		put_u64(encoder, record->time_ns);
	if (layout->sample_type & PERF_SAMPLE_ID)
		put_u64(encoder, record->id);
	if (layout->sample_type & PERF_SAMPLE_STREAM_ID)
		put_u64(encoder, record->id);
	if (layout->sample_type & PERF_SAMPLE_CPU)
		put_u64(encoder, record->cpu);
	if (layout->sample_type & PERF_SAMPLE_IDENTIFIER)
		put_u64(encoder, record->id);
}

size_t record_encode_side_band(const struct record_layout *layout, const struct record *record,
			       uint8_t *out)
{
	struct perf_event_header header = { .type = record->type, .misc = record->misc };
	struct encoder encoder = { .start = out, .size_bytes = sizeof(header) };

	switch (record->type) {
	case PERF_RECORD_MMAP2:
		if (record->mapping.build_id.size_bytes)
			header.misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
		put_mapping(&encoder, record);
		break;
	case PERF_RECORD_COMM:
		put_u32(&encoder, record->pid);
		put_u32(&encoder, record->tid);
		put_text(&encoder, record->comm.name);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		put_task(&encoder, record);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		put_u64(&encoder, record->throttle.time_ns);
		put_u64(&encoder, record->id);
		put_u64(&encoder, record->id);
		break;
	default:
		assert(!"a record type that has no encoding");
	}
	put_trailer(&encoder, layout, record);
	header.size = (uint16_t)encoder.size_bytes;
	memcpy(out, &header, sizeof(header));
	return encoder.size_bytes;
}
