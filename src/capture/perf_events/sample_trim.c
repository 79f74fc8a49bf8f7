#include "capture/perf_events/sample_trim.h"

#include "base/memory.h"

/** Fields of 8 bytes before the callchain, in the order of perf_event_open(2). */
static const uint64_t fixed_fields = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				     PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
				     PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;

static uint64_t word_at(struct bytes record, size_t offset)
{
	uint64_t word = 0;

	if (offset + sizeof(word) <= record.size)
		memcpy(&word, record.data + offset, sizeof(word));
	return word;
}

/** Offset of the size word of the stack area; may lie past the record when that is malformed. */
static size_t stack_size_offset(const struct record_layout *layout, struct bytes record)
{
	size_t offset = sizeof(struct perf_event_header);

	offset += 8 * (size_t)__builtin_popcountll(layout->sample_type & fixed_fields);
	if (layout->sample_type & PERF_SAMPLE_CALLCHAIN) {
		uint64_t n_callchain = word_at(record, offset);

		offset += 8 + 8 * MIN(n_callchain, (uint64_t)RECORD_SIZE_MAX_BYTES / 8);
	}
	if (layout->sample_type & PERF_SAMPLE_REGS_USER) {
		uint64_t abi = word_at(record, offset);

		offset += 8;
		if (abi != PERF_SAMPLE_REGS_ABI_NONE)
			offset += 8 * (size_t)__builtin_popcountll(layout->user_registers_mask);
	}
	return offset;
}

void sample_trim_append(struct byte_vector *bytes, const struct record_layout_table *layouts,
			struct bytes record)
{
	const struct record_layout *layout;
	struct perf_event_header header;
	size_t size_offset, stack_offset;
	uint64_t copied_bytes, filled_bytes, kept_bytes;

	memcpy(&header, record.data, sizeof(header));
	layout = &layouts->layouts[record_layout_index_of_id(layouts,
							     word_at(record, sizeof(header)))];
	if (header.type != PERF_RECORD_SAMPLE || !(layout->sample_type & PERF_SAMPLE_STACK_USER)) {
		byte_vector_append_bytes(bytes, record.data, record.size);
		return;
	}
	size_offset = stack_size_offset(layout, record);
	stack_offset = size_offset + 8;
	copied_bytes = word_at(record, size_offset);
	/* u64 size; u8 data[size]; u64 filled (absent when size is 0) */
	if (copied_bytes == 0 || stack_offset + copied_bytes + 8 != record.size) {
		byte_vector_append_bytes(bytes, record.data, record.size);
		return;
	}
	filled_bytes = MIN(word_at(record, stack_offset + copied_bytes), copied_bytes);
	kept_bytes = MAX((filled_bytes + 7) & ~UINT64_C(7), UINT64_C(8));

	header.size = (uint16_t)(stack_offset + kept_bytes + 8);
	byte_vector_append_bytes(bytes, &header, sizeof(header));
	byte_vector_append_bytes(bytes, record.data + sizeof(header), size_offset - sizeof(header));
	byte_vector_append_bytes(bytes, &kept_bytes, sizeof(kept_bytes));
	byte_vector_append_bytes(bytes, record.data + stack_offset, kept_bytes);
	byte_vector_append_bytes(bytes, &filled_bytes, sizeof(filled_bytes));
}
