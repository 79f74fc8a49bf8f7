#include "record/record_internal.h"

static struct error *decode_fixed_fields(uint64_t sample_type, struct byte_reader *reader,
					 struct record *ret)
{
	struct bytes fields;
	const uint8_t *cursor;

	RETURN_IF_ERROR(
		take_bytes(reader, fields_size_bytes(sample_type & SAMPLE_FIXED_FIELDS), &fields));
	cursor = fields.data;
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		ret->id = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_IP)
		ret->sample.ip = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_TID) {
		ret->pid = load_u32(&cursor);
		ret->tid = load_u32(&cursor);
	}
	if (sample_type & PERF_SAMPLE_TIME)
		ret->time_ns = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_ADDR)
		ret->sample.address = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_ID)
		ret->id = load_u64(&cursor);
	if (sample_type & PERF_SAMPLE_STREAM_ID)
		cursor += sizeof(uint64_t);
	if (sample_type & PERF_SAMPLE_CPU) {
		ret->cpu = load_u32(&cursor);
		cursor += sizeof(uint32_t);
	}
	if (sample_type & PERF_SAMPLE_PERIOD)
		ret->sample.period = load_u64(&cursor);
	return NULL;
}

/** The next @p count elements; the division bounds their size before it is multiplied. */
static struct error *take_array(struct byte_reader *reader, uint64_t count,
				size_t element_size_bytes, const char *what, const void **ret)
{
	struct bytes array;

	if (count > byte_reader_left(reader) / element_size_bytes)
		return byte_reader_error(reader, what);
	RETURN_IF_ERROR(take_bytes(reader, count * element_size_bytes, &array));
	*ret = array.data;
	return NULL;
}

/** PERF_SAMPLE_READ: counter values, which a profile of samples has no use for. */
static struct error *skip_read_values(uint64_t read_format, struct byte_reader *reader)
{
	const uint64_t time_fields =
		PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	const uint64_t value_fields = PERF_FORMAT_ID | READ_FORMAT_LOST;
	size_t value_size_bytes = sizeof(uint64_t) + fields_size_bytes(read_format & value_fields);
	uint64_t n_values = 1;
	const void *values;

	if (read_format & PERF_FORMAT_GROUP)
		RETURN_IF_ERROR(take_u64(reader, &n_values));
	RETURN_IF_ERROR(byte_reader_skip(reader, fields_size_bytes(read_format & time_fields)));
	return take_array(reader, n_values, value_size_bytes,
			  "counter group longer than its record", &values);
}

static struct error *decode_callchain(struct byte_reader *reader, struct sample_record *ret)
{
	const void *callchain = NULL;
	uint64_t n_callchain;

	RETURN_IF_ERROR(take_u64(reader, &n_callchain));
	RETURN_IF_ERROR(take_array(reader, n_callchain, sizeof(uint64_t),
				   "callchain longer than its record", &callchain));
	ret->callchain = callchain;
	ret->n_callchain = n_callchain;
	return NULL;
}

static struct error *decode_raw(struct byte_reader *reader, struct bytes *ret)
{
	uint32_t size_bytes;

	RETURN_IF_ERROR(byte_reader_u32(reader, &size_bytes));
	RETURN_IF_ERROR(take_bytes(reader, size_bytes, ret));
	/* The kernel pads inside size_bytes; if a writer does not, what follows stays aligned. */
	return byte_reader_skip(reader, -reader->position % sizeof(uint64_t));
}

static struct error *decode_branches(uint64_t branch_sample_type, struct byte_reader *reader,
				     struct sample_record *ret)
{
	const void *branches = NULL, *counters;
	uint64_t n_branches;

	RETURN_IF_ERROR(take_u64(reader, &n_branches));
	if (branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		RETURN_IF_ERROR(byte_reader_skip(reader, sizeof(uint64_t)));
	RETURN_IF_ERROR(take_array(reader, n_branches, sizeof(struct perf_branch_entry),
				   "branch stack longer than its record", &branches));
	if (branch_sample_type & BRANCH_COUNTERS)
		RETURN_IF_ERROR(take_array(reader, n_branches, sizeof(uint64_t),
					   "branch counters longer than their record", &counters));
	ret->branches = branches;
	ret->n_branches = n_branches;
	return NULL;
}

static struct error *decode_user_registers(uint64_t mask, struct byte_reader *reader,
					   struct sample_record *ret)
{
	const void *registers = NULL;
	uint64_t abi;

	RETURN_IF_ERROR(take_u64(reader, &abi));
	if (abi == PERF_SAMPLE_REGS_ABI_NONE)
		return NULL;
	RETURN_IF_ERROR(take_array(reader, (uint64_t)__builtin_popcountll(mask), sizeof(uint64_t),
				   "user registers longer than their record", &registers));
	ret->has_user_registers = true;
	ret->user_registers_abi = abi;
	ret->user_registers = registers;
	ret->user_registers_mask = mask;
	return NULL;
}

static struct error *decode_user_stack(struct byte_reader *reader, struct sample_record *ret)
{
	uint64_t size_bytes, valid_size_bytes;
	const void *stack = NULL;

	RETURN_IF_ERROR(take_u64(reader, &size_bytes));
	if (size_bytes == 0)
		return NULL;
	RETURN_IF_ERROR(
		take_array(reader, size_bytes, 1, "stack copy longer than its record", &stack));
	RETURN_IF_ERROR(take_u64(reader, &valid_size_bytes));
	if (valid_size_bytes > size_bytes)
		return byte_reader_error(reader, "stack copy with more valid bytes than it has");
	ret->user_stack = (struct bytes){ .data = stack, .size = valid_size_bytes };
	ret->user_stack_asked_bytes = size_bytes;
	return NULL;
}

/** What follows the user stack, as far as the record has a place for it. */
static struct error *decode_weight(uint64_t sample_type, struct byte_reader *reader,
				   struct sample_record *ret)
{
	if (sample_type & (PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT))
		RETURN_IF_ERROR(take_u64(reader, &ret->weight));
	if (sample_type & PERF_SAMPLE_DATA_SRC)
		RETURN_IF_ERROR(take_u64(reader, &ret->data_source));
	return NULL;
}

struct error *sample_decode(const struct record_layout *layout, struct byte_reader *reader,
			    struct record *ret, struct sample_parts *parts_ret)
{
	uint64_t sample_type = layout->sample_type;
	struct sample_parts parts;

	RETURN_IF_ERROR(decode_fixed_fields(sample_type, reader, ret));
	if (sample_type & PERF_SAMPLE_READ)
		RETURN_IF_ERROR(skip_read_values(layout->read_format, reader));
	parts.callchain_begin = reader->position;
	if (sample_type & PERF_SAMPLE_CALLCHAIN)
		RETURN_IF_ERROR(decode_callchain(reader, &ret->sample));
	parts.callchain_end = reader->position;
	if (sample_type & PERF_SAMPLE_RAW)
		RETURN_IF_ERROR(decode_raw(reader, &ret->sample.raw));
	if (sample_type & PERF_SAMPLE_BRANCH_STACK)
		RETURN_IF_ERROR(decode_branches(layout->branch_sample_type, reader, &ret->sample));
	parts.user_begin = reader->position;
	if (sample_type & PERF_SAMPLE_REGS_USER)
		RETURN_IF_ERROR(
			decode_user_registers(layout->user_registers_mask, reader, &ret->sample));
	if (sample_type & PERF_SAMPLE_STACK_USER)
		RETURN_IF_ERROR(decode_user_stack(reader, &ret->sample));
	parts.user_end = reader->position;
	RETURN_IF_ERROR(decode_weight(sample_type, reader, &ret->sample));
	if (parts_ret)
		*parts_ret = parts;
	return NULL;
}

const uint64_t *sample_user_chain(const struct sample_record *sample, size_t *n_ret)
{
	const uint64_t *chain = sample->callchain;
	uint64_t first = 0, end;

	*n_ret = 0;
	while (first < sample->n_callchain && chain[first] != (uint64_t)PERF_CONTEXT_USER)
		first++;
	if (first == sample->n_callchain)
		return NULL;
	end = ++first;
	while (end < sample->n_callchain && chain[end] < CALLCHAIN_MARKER_LEAST)
		end++;
	*n_ret = end - first;
	return chain + first;
}
