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

size_t record_encode_sample(const struct record_layout *layout, const struct record *record,
			    const uint64_t *callchain, size_t n_callchain, uint8_t *out)
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
		(RECORD_SIZE_MAX_BYTES - kept_size_bytes - sizeof(n_stored)) / sizeof(*callchain);
	n_stored = MIN(n_callchain, n_callchain_max);

	output_append(&output, bytes, parts.callchain_begin);
	output_append(&output, &n_stored, sizeof(n_stored));
	output_append(&output, callchain, n_stored * sizeof(*callchain));
	output_append(&output, bytes + parts.callchain_end, parts.user_begin - parts.callchain_end);
	output_append(&output, bytes + parts.user_end, record->bytes.size - parts.user_end);

	memcpy(&header, bytes, sizeof(header));
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
