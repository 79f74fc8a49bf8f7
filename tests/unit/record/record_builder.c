#include "record_builder.h"

#include <string.h>

void record_builder_deinit(struct record_builder *builder)
{
	byte_vector_deinit(&builder->bytes);
	*builder = (struct record_builder){ 0 };
}

void record_builder_begin(struct record_builder *builder, uint32_t type, uint16_t misc)
{
	struct perf_event_header header = { .type = type, .misc = misc };

	builder->record_begin = builder->bytes.count;
	record_builder_bytes(builder, &header, sizeof(header));
}

void record_builder_u8(struct record_builder *builder, uint8_t value)
{
	record_builder_bytes(builder, &value, sizeof(value));
}

void record_builder_u16(struct record_builder *builder, uint16_t value)
{
	record_builder_bytes(builder, &value, sizeof(value));
}

void record_builder_u32(struct record_builder *builder, uint32_t value)
{
	record_builder_bytes(builder, &value, sizeof(value));
}

void record_builder_u64(struct record_builder *builder, uint64_t value)
{
	record_builder_bytes(builder, &value, sizeof(value));
}

void record_builder_bytes(struct record_builder *builder, const void *bytes, size_t size_bytes)
{
	byte_vector_append_bytes(&builder->bytes, bytes, size_bytes);
}

void record_builder_text(struct record_builder *builder, const char *text)
{
	record_builder_bytes(builder, text, strlen(text) + 1);
	record_builder_pad(builder);
}

void record_builder_pad(struct record_builder *builder)
{
	while ((builder->bytes.count - builder->record_begin) % 8 != 0)
		record_builder_u8(builder, 0);
}

void record_builder_trailer(struct record_builder *builder, const struct record_layout *layout,
			    const struct record *values)
{
	if (!layout->has_sample_id_all)
		return;
	if (layout->sample_type & PERF_SAMPLE_TID) {
		record_builder_u32(builder, values->pid);
		record_builder_u32(builder, values->tid);
	}
	if (layout->sample_type & PERF_SAMPLE_TIME)
		record_builder_u64(builder, values->time_ns);
	if (layout->sample_type & PERF_SAMPLE_ID)
		record_builder_u64(builder, values->id);
	if (layout->sample_type & PERF_SAMPLE_STREAM_ID)
		record_builder_u64(builder, 0x5555);
	if (layout->sample_type & PERF_SAMPLE_CPU) {
		record_builder_u32(builder, values->cpu);
		record_builder_u32(builder, 0);
	}
	if (layout->sample_type & PERF_SAMPLE_IDENTIFIER)
		record_builder_u64(builder, values->id);
}

struct bytes record_builder_end(struct record_builder *builder)
{
	uint8_t *begin = builder->bytes.items + builder->record_begin;
	size_t size_bytes = builder->bytes.count - builder->record_begin;
	struct perf_event_header header;

	memcpy(&header, begin, sizeof(header));
	header.size = (uint16_t)size_bytes;
	memcpy(begin, &header, sizeof(header));
	return (struct bytes){ .data = begin, .size = size_bytes };
}

struct bytes record_builder_all(const struct record_builder *builder)
{
	return (struct bytes){ .data = builder->bytes.items, .size = builder->bytes.count };
}

static void append_fixed_fields(struct record_builder *builder, uint64_t sample_type,
				const struct record *values)
{
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		record_builder_u64(builder, values->id);
	if (sample_type & PERF_SAMPLE_IP)
		record_builder_u64(builder, values->sample.ip);
	if (sample_type & PERF_SAMPLE_TID) {
		record_builder_u32(builder, values->pid);
		record_builder_u32(builder, values->tid);
	}
	if (sample_type & PERF_SAMPLE_TIME)
		record_builder_u64(builder, values->time_ns);
	if (sample_type & PERF_SAMPLE_ADDR)
		record_builder_u64(builder, values->sample.address);
	if (sample_type & PERF_SAMPLE_ID)
		record_builder_u64(builder, values->id);
	if (sample_type & PERF_SAMPLE_STREAM_ID)
		record_builder_u64(builder, 0x5555);
	if (sample_type & PERF_SAMPLE_CPU) {
		record_builder_u32(builder, values->cpu);
		record_builder_u32(builder, 0);
	}
	if (sample_type & PERF_SAMPLE_PERIOD)
		record_builder_u64(builder, values->sample.period);
}

/** Counter values are not kept by the decoder; any will do. */
static void append_read_values(struct record_builder *builder, uint64_t read_format)
{
	uint64_t n_values = 1;

	if (read_format & PERF_FORMAT_GROUP) {
		n_values = 3;
		record_builder_u64(builder, n_values);
	} else {
		record_builder_u64(builder, 1000);
	}
	if (read_format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		record_builder_u64(builder, 1);
	if (read_format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		record_builder_u64(builder, 2);
	for (uint64_t i = 0; i < n_values; i++) {
		if (read_format & PERF_FORMAT_GROUP)
			record_builder_u64(builder, 1000 + i);
		if (read_format & PERF_FORMAT_ID)
			record_builder_u64(builder, 7);
	}
}

static void append_user_registers(struct record_builder *builder,
				  const struct sample_record *sample)
{
	uint64_t n_registers = (uint64_t)__builtin_popcountll(sample->user_registers_mask);

	record_builder_u64(builder, sample->user_registers_abi);
	if (sample->user_registers_abi)
		record_builder_bytes(builder, sample->user_registers, n_registers * 8);
}

static void append_user_stack(struct record_builder *builder, const struct sample_record *sample)
{
	record_builder_u64(builder, sample->user_stack_asked_bytes);
	if (!sample->user_stack_asked_bytes)
		return;
	record_builder_bytes(builder, sample->user_stack.data, sample->user_stack.size);
	for (uint64_t i = sample->user_stack.size; i < sample->user_stack_asked_bytes; i++)
		record_builder_u8(builder, 0xee);
	record_builder_u64(builder, sample->user_stack.size);
}

struct bytes record_builder_sample(struct record_builder *builder,
				   const struct record_layout *layout, const struct record *values)
{
	const struct sample_record *sample = &values->sample;
	uint64_t sample_type = layout->sample_type;

	record_builder_begin(builder, PERF_RECORD_SAMPLE, values->misc);
	append_fixed_fields(builder, sample_type, values);
	if (sample_type & PERF_SAMPLE_READ)
		append_read_values(builder, layout->read_format);
	if (sample_type & PERF_SAMPLE_CALLCHAIN) {
		record_builder_u64(builder, sample->n_callchain);
		record_builder_bytes(builder, sample->callchain, sample->n_callchain * 8);
	}
	if (sample_type & PERF_SAMPLE_RAW) {
		record_builder_u32(builder, (uint32_t)sample->raw.size);
		record_builder_bytes(builder, sample->raw.data, sample->raw.size);
		record_builder_pad(builder);
	}
	if (sample_type & PERF_SAMPLE_BRANCH_STACK) {
		record_builder_u64(builder, sample->n_branches);
		if (layout->branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX)
			record_builder_u64(builder, 0);
		record_builder_bytes(builder, sample->branches,
				     sample->n_branches * sizeof(*sample->branches));
	}
	if (sample_type & PERF_SAMPLE_REGS_USER)
		append_user_registers(builder, sample);
	if (sample_type & PERF_SAMPLE_STACK_USER)
		append_user_stack(builder, sample);
	if (sample_type & PERF_SAMPLE_WEIGHT)
		record_builder_u64(builder, sample->weight);
	if (sample_type & PERF_SAMPLE_DATA_SRC)
		record_builder_u64(builder, sample->data_source);
	if (sample_type & PERF_SAMPLE_TRANSACTION)
		record_builder_u64(builder, 0x7777);
	return record_builder_end(builder);
}

struct bytes record_builder_mmap2(struct record_builder *builder,
				  const struct record_layout *layout, const struct record *values)
{
	const struct mapping_record *mapping = &values->mapping;
	uint16_t misc = values->misc;

	if (mapping->build_id.size_bytes)
		misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
	record_builder_begin(builder, PERF_RECORD_MMAP2, misc);
	record_builder_u32(builder, values->pid);
	record_builder_u32(builder, values->tid);
	record_builder_u64(builder, mapping->start);
	record_builder_u64(builder, mapping->size_bytes);
	record_builder_u64(builder, mapping->file_offset);
	if (mapping->build_id.size_bytes) {
		record_builder_u8(builder, mapping->build_id.size_bytes);
		record_builder_u8(builder, 0);
		record_builder_u16(builder, 0);
		record_builder_bytes(builder, mapping->build_id.bytes, BUILD_ID_SIZE_MAX_BYTES);
	} else {
		record_builder_u32(builder, mapping->device_major);
		record_builder_u32(builder, mapping->device_minor);
		record_builder_u64(builder, mapping->inode);
		record_builder_u64(builder, mapping->inode_generation);
	}
	record_builder_u32(builder, mapping->protection);
	record_builder_u32(builder, mapping->flags);
	record_builder_text(builder, mapping->path);
	record_builder_trailer(builder, layout, values);
	return record_builder_end(builder);
}

struct bytes record_builder_comm(struct record_builder *builder, const struct record_layout *layout,
				 const struct record *values)
{
	record_builder_begin(builder, PERF_RECORD_COMM,
			     values->comm.is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	record_builder_u32(builder, values->pid);
	record_builder_u32(builder, values->tid);
	record_builder_text(builder, values->comm.name);
	record_builder_trailer(builder, layout, values);
	return record_builder_end(builder);
}

struct bytes record_builder_task(struct record_builder *builder, const struct record_layout *layout,
				 const struct record *values)
{
	record_builder_begin(builder, values->type, 0);
	record_builder_u32(builder, values->pid);
	record_builder_u32(builder, values->task.parent_pid);
	record_builder_u32(builder, values->tid);
	record_builder_u32(builder, values->task.parent_tid);
	record_builder_u64(builder, values->task.time_ns);
	record_builder_trailer(builder, layout, values);
	return record_builder_end(builder);
}

struct bytes record_builder_finished_round(struct record_builder *builder)
{
	record_builder_begin(builder, RECORD_TYPE_FINISHED_ROUND, 0);
	return record_builder_end(builder);
}

struct record record_builder_example(uint64_t id)
{
	static const uint64_t callchain[] = { PERF_CONTEXT_KERNEL, 0xffffffff81000000,
					      PERF_CONTEXT_USER, 0x401000, 0x402000 };
	static const uint64_t registers[] = { 1, 2, 3, 4 };
	static const uint8_t stack[40] = { 9, 8, 7 };
	static const struct perf_branch_entry branches[] = { { .from = 1, .to = 2 },
							     { .from = 3, .to = 4 } };

	return (struct record){
		.type = PERF_RECORD_SAMPLE,
		.misc = PERF_RECORD_MISC_USER,
		.pid = 10,
		.tid = 11,
		.time_ns = 12,
		.cpu = 13,
		.id = id,
		.sample = {
			.ip = 0x401000,
			.period = 1000000,
			.address = 0xadd4,
			.callchain = callchain,
			.n_callchain = ARRAY_SIZE(callchain),
			.has_user_registers = true,
			.user_registers_abi = PERF_SAMPLE_REGS_ABI_64,
			.user_registers = registers,
			.user_registers_mask = 0x8181,
			.user_stack = { stack, sizeof(stack) },
			.user_stack_asked_bytes = 64,
			.raw = { (const uint8_t *)"twelve bytes", 12 },
			.branches = branches,
			.n_branches = ARRAY_SIZE(branches),
			.weight = 21,
			.data_source = 22,
		},
	};
}
