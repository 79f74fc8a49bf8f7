#include "record/record_internal.h"

#include <assert.h>

/** What the stored sample no longer has. */
#define DROPPED_FIELDS ((uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER))

struct sample_output {
	uint8_t *bytes;
	size_t size_bytes;
};

static void output_append(struct sample_output *output, const void *bytes, size_t size_bytes)
{
	if (!size_bytes)
		return;
	memcpy(output->bytes + output->size_bytes, bytes, size_bytes);
	output->size_bytes += size_bytes;
}

/** The record decoded before, so its parts can be found again. */
static struct sample_parts find_parts(const struct record_layout *layout,
				      const struct record *record)
{
	struct byte_reader reader = byte_reader_make(record->bytes, "sample");
	struct sample_parts parts;
	struct record scratch;
	struct error *error;

	reader.position = sizeof(struct perf_event_header);
	error = sample_decode(layout, &reader, &scratch, &parts);
	assert(!error);
	return parts;
}

enum stack_end record_stack_end(const struct record *record)
{
	unsigned int end =
		(record->misc & RECORD_MISC_STACK_END_MASK) >> RECORD_MISC_STACK_END_SHIFT;

	return end < N_STACK_ENDS ? (enum stack_end)end : STACK_END_NONE;
}

/** @param n_stored  Addresses of @p chain that are stored. */
static uint16_t misc_with_end(uint16_t misc, const struct stored_chain *chain, uint64_t n_stored)
{
	enum stack_end end = chain->end;

	if (n_stored < chain->count)
		end = STACK_END_TOO_DEEP;
	/* Whoever reads the chain may find out. */
	if (end == STACK_END_UNTRACED)
		end = STACK_END_NONE;
	return (uint16_t)((misc & ~RECORD_MISC_STACK_END_MASK) |
			  end << RECORD_MISC_STACK_END_SHIFT);
}

size_t record_encode_sample(const struct record_layout *layout, const struct record *record,
			    const struct stored_chain *chain, uint8_t *out)
{
	struct sample_parts parts = find_parts(layout, record);
	const uint8_t *bytes = record->bytes.data;
	struct sample_output output = { .bytes = out };
	struct perf_event_header header;
	size_t callchain_size_bytes = parts.callchain_end - parts.callchain_begin;
	size_t kept_size_bytes =
		record->bytes.size - callchain_size_bytes - (parts.user_end - parts.user_begin);
	size_t n_callchain_max;
	uint64_t n_stored;

	assert(record->type == PERF_RECORD_SAMPLE);
	assert(kept_size_bytes + sizeof(n_stored) <= RECORD_SIZE_MAX_BYTES);
	n_callchain_max =
		(RECORD_SIZE_MAX_BYTES - kept_size_bytes - sizeof(n_stored)) / sizeof(uint64_t);
	n_stored = MIN(chain->count, n_callchain_max);

	output_append(&output, bytes, parts.callchain_begin);
	output_append(&output, &n_stored, sizeof(n_stored));
	output_append(&output, chain->addresses, n_stored * sizeof(uint64_t));
	output_append(&output, bytes + parts.callchain_end, parts.user_begin - parts.callchain_end);
	output_append(&output, bytes + parts.user_end, record->bytes.size - parts.user_end);

	memcpy(&header, bytes, sizeof(header));
	header.misc = misc_with_end(header.misc, chain, n_stored);
	header.size = (uint16_t)output.size_bytes;
	memcpy(out, &header, sizeof(header));
	return output.size_bytes;
}

static void output_u64(struct sample_output *output, uint64_t value)
{
	output_append(output, &value, sizeof(value));
}

size_t record_encode_made_sample(const struct record_layout *layout, const struct record *record,
				 const struct stored_chain *chain, uint8_t *out)
{
	const struct sample_record *sample = &record->sample;

	const struct {
		uint64_t field;
		uint64_t value;
	} words[] = {
		{ PERF_SAMPLE_IDENTIFIER, record->id },
		{ PERF_SAMPLE_IP, sample->ip },
		{ PERF_SAMPLE_TID, (uint64_t)record->tid << 32 | record->pid },
		{ PERF_SAMPLE_TIME, record->time_ns },
		{ PERF_SAMPLE_ADDR, sample->address },
		{ PERF_SAMPLE_ID, record->id },
		{ PERF_SAMPLE_CPU, record->cpu },
		{ PERF_SAMPLE_PERIOD, sample->period },
	};
	struct perf_event_header header = { .type = PERF_RECORD_SAMPLE };
	struct sample_output output = { .bytes = out, .size_bytes = sizeof(header) };
	const size_t fixed_size_bytes = sizeof(header) + (ARRAY_SIZE(words) + 2) * sizeof(uint64_t);
	const uint64_t n_stored =
		MIN(chain->count, (RECORD_SIZE_MAX_BYTES - fixed_size_bytes) / sizeof(uint64_t));

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (layout->sample_type & words[i].field)
			output_u64(&output, words[i].value);
	}
	if (layout->sample_type & PERF_SAMPLE_CALLCHAIN) {
		output_u64(&output, n_stored);
		output_append(&output, chain->addresses, n_stored * sizeof(uint64_t));
	}
	if (layout->sample_type & PERF_SAMPLE_WEIGHT)
		output_u64(&output, sample->weight);
	header.misc = misc_with_end(record->misc, chain, n_stored);
	header.size = (uint16_t)output.size_bytes;
	memcpy(out, &header, sizeof(header));
	return output.size_bytes;
}

void record_attr_for_storage(const struct perf_event_attr *recorded, struct perf_event_attr *ret)
{
	*ret = *recorded;
	ret->sample_type = (recorded->sample_type & ~DROPPED_FIELDS) | PERF_SAMPLE_CALLCHAIN;
	ret->sample_regs_user = 0;
	ret->sample_stack_user = 0;
	/* These said what the kernel should leave out; the stored chain has both parts. */
	ret->exclude_callchain_kernel = 0;
	ret->exclude_callchain_user = 0;
}
