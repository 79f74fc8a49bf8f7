/**
 * Records as a ring holds them. The first bytes of the input are the event's layout, which the
 * kernel does not send but a file does.
 */

#include "fuzz_target.h"
#include "record_builder.h"

#define HEAD_SIZE_BYTES (4 * sizeof(uint64_t) + 8)

/** All 8-byte words from here on are records. */
static struct record_layout take_layout(struct byte_reader *reader)
{
	struct record_layout layout = { 0 };
	uint64_t flags = 0;

	FUZZ_CHECK(!byte_reader_u64(reader, &layout.sample_type));
	FUZZ_CHECK(!byte_reader_u64(reader, &layout.read_format));
	FUZZ_CHECK(!byte_reader_u64(reader, &layout.user_registers_mask));
	FUZZ_CHECK(!byte_reader_u64(reader, &layout.branch_sample_type));
	FUZZ_CHECK(!byte_reader_u64(reader, &flags));
	layout.has_sample_id_all = flags & 1;
	layout.interrupt_registers_mask = flags >> 8;
	return layout;
}

/** What is stored must be readable as the storing layout says. */
static void store(const struct record_layout *layout, const struct record *record)
{
	static const uint64_t addresses[] = { PERF_CONTEXT_USER, 0x400000, 0x400010 };
	const struct stored_chain chain = { addresses, ARRAY_SIZE(addresses), STACK_END_ROOT };
	static _Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
	size_t size_bytes;

	/* Its contract: the recorder leaves that room. */
	if (record->bytes.size > RECORD_SIZE_MAX_BYTES - 64)
		return;
	size_bytes = record_encode_sample(layout, record, &chain, out);
	FUZZ_CHECK(size_bytes >= sizeof(struct perf_event_header));
	FUZZ_CHECK(size_bytes <= RECORD_SIZE_MAX_BYTES);
}

static void run(struct bytes input)
{
	struct byte_reader reader = byte_reader_make(input, "input");
	struct record_layout layout;
	const struct record_layout_table table = { .layouts = &layout, .n_layouts = 1 };
	_cleanup_free_ uint8_t *bytes = NULL;
	struct bytes left;

	if (input.size < HEAD_SIZE_BYTES)
		return;
	layout = take_layout(&reader);
	FUZZ_CHECK(!byte_reader_bytes(&reader, byte_reader_left(&reader), &left));
	bytes = memory_duplicate(left.data, left.size);
	left.data = bytes;
	while (left.size >= sizeof(struct perf_event_header)) {
		struct record record;
		struct error *error = record_decode(&table, left, "input", 0, &record);
		uint64_t time_ns;
		size_t size_bytes;

		fuzz_check_error(
			record_decode_time(&table, left, "input", 0, &time_ns, &size_bytes));
		if (error) {
			fuzz_check_error(error);
			return;
		}
		FUZZ_CHECK(record.bytes.size > 0 && record.bytes.size <= left.size);
		if (record.type == PERF_RECORD_SAMPLE)
			store(&layout, &record);
		/* As in a ring, the next one is 8-byte aligned; the kernel sees to that. */
		if (record.bytes.size % 8)
			return;
		left.data += record.bytes.size;
		left.size -= record.bytes.size;
	}
}

static void add_seed(struct fuzz_seeds *seeds, uint64_t sample_type)
{
	const struct record_layout layout = {
		.sample_type = sample_type,
		.user_registers_mask = 0xff0fff,
		.has_sample_id_all = true,
	};
	const uint64_t head[] = { sample_type, 0, layout.user_registers_mask, 0, 1 };
	static const uint64_t chain[] = { PERF_CONTEXT_USER, 0x400000, 0x400010 };
	static const uint64_t registers[64] = { 1, 2, 3 };
	const struct record values = {
		.misc = PERF_RECORD_MISC_USER,
		.pid = 1,
		.tid = 2,
		.time_ns = 3,
		.cpu = 4,
		.id = 5,
		.sample = { .ip = 0x400000,
			    .period = 9,
			    .callchain = chain,
			    .n_callchain = 3,
			    .user_registers_abi = PERF_SAMPLE_REGS_ABI_64,
			    .user_registers = registers,
			    .user_registers_mask = layout.user_registers_mask,
			    .user_stack = { (const uint8_t *)registers, 64 },
			    .user_stack_asked_bytes = 64 },
	};
	struct record_builder builder = { 0 };
	struct record mapping = values, comm = values;

	mapping.mapping = (struct mapping_record){ .start = 0x400000,
						   .size_bytes = 4096,
						   .path = "/bin/true" };
	comm.comm = (struct comm_record){ .name = "name" };
	record_builder_bytes(&builder, head, sizeof(head));
	record_builder_sample(&builder, &layout, &values);
	record_builder_mmap2(&builder, &layout, &mapping);
	record_builder_comm(&builder, &layout, &comm);
	fuzz_seeds_add(seeds, record_builder_all(&builder));
	record_builder_deinit(&builder);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	const uint64_t usual = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;

	add_seed(seeds, usual);
	add_seed(seeds, usual | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN);
	add_seed(seeds, usual | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_CALLCHAIN |
				PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
