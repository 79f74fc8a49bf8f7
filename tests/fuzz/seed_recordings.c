#include "seed_recordings.h"

#include "file_builder.h"
#include "perfdata/perf_data_format_internal.h"
#include "perfdata/perf_data_writer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#define N_SAMPLES 12

static const uint64_t ids[] = { 1001, 2001 };
static const uint32_t event_of_id[] = { 0, 1 };
static const char *const event_names[] = { "cpu-clock", "page-faults" };

static void make_attrs(struct perf_event_attr attrs[2])
{
	for (size_t i = 0; i < 2; i++) {
		attrs[i] = (struct perf_event_attr){
			.type = PERF_TYPE_SOFTWARE,
			.size = sizeof(attrs[i]),
			.config = i ? PERF_COUNT_SW_PAGE_FAULTS : PERF_COUNT_SW_CPU_CLOCK,
			.sample_freq = 99,
			.freq = 1,
			.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
				       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
				       PERF_SAMPLE_STACK_USER,
			.sample_regs_user = 0xff0fff,
			.sample_stack_user = 64,
			.sample_id_all = 1,
		};
	}
}

/** One of each record of the kernel that the rest of the program knows. */
static void append_processes(struct record_builder *builder, const struct record_layout *layout)
{
	struct record values = { .pid = 7, .tid = 7, .id = ids[0], .time_ns = 1 };

	values.comm = (struct comm_record){ .name = "seed; <b>", .is_exec = true };
	record_builder_comm(builder, layout, &values);
	values.misc = PERF_RECORD_MISC_USER;
	values.mapping = (struct mapping_record){
		.start = 0x400000,
		.size_bytes = 0x100000,
		.inode = 12,
		.protection = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE,
		.path = "/usr/bin/seed",
	};
	record_builder_mmap2(builder, layout, &values);
	values.mapping.start = 0x700000;
	values.mapping.path = "//anon";
	record_builder_mmap2(builder, layout, &values);
	values.type = PERF_RECORD_FORK;
	values.pid = values.tid = 8;
	values.task = (struct task_record){ .pid = 8, .parent_pid = 7, .tid = 8, .parent_tid = 7 };
	record_builder_task(builder, layout, &values);
	record_builder_begin(builder, PERF_RECORD_LOST, 0);
	record_builder_u64(builder, ids[0]);
	record_builder_u64(builder, 17);
	record_builder_trailer(builder, layout, &values);
	record_builder_end(builder);
	record_builder_begin(builder, PERF_RECORD_THROTTLE, 0);
	record_builder_u64(builder, 2);
	record_builder_u64(builder, ids[0]);
	record_builder_u64(builder, ids[0]);
	record_builder_trailer(builder, layout, &values);
	record_builder_end(builder);
}

static void append_samples(struct record_builder *builder, const struct record_layout *layouts)
{
	static const uint64_t chain[] = { PERF_CONTEXT_KERNEL,
					  0xffffffff81000100,
					  PERF_CONTEXT_USER,
					  0x400010,
					  0x400020,
					  0x700010 };
	uint64_t registers[64] = { 0 }, stack[8] = { 0x400050, 0, 0x400060 };

	registers[7] = 0x7fff0000; /* perf's number of the stack pointer on x86-64 */
	registers[8] = 0x400010;   /* and of the instruction pointer */
	for (uint64_t i = 0; i < N_SAMPLES; i++) {
		const struct record_layout *layout = &layouts[i % 2];
		const struct record values = {
			.misc = i % 3 ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL,
			.pid = 7 + i % 2,
			.tid = 7 + i % 2,
			.time_ns = 1000 * (i + 1),
			.cpu = i % 2,
			.id = ids[i % 2],
			.sample = {
				.ip = i % 3 ? chain[3] : chain[1],
				.period = 10101010,
				.callchain = i % 3 ? chain + 2 : chain,
				.n_callchain = i % 3 ? 4 : 6,
				.user_registers_abi = PERF_SAMPLE_REGS_ABI_64,
				.user_registers = registers,
				.user_registers_mask = layout->user_registers_mask,
				.user_stack = { (const uint8_t *)stack, sizeof(stack) },
				.user_stack_asked_bytes = 64,
			},
		};

		record_builder_sample(builder, layout, &values);
		if (i == N_SAMPLES / 2)
			record_builder_finished_round(builder);
	}
}

static void append_all(struct record_builder *builder, const struct record_layout *layouts)
{
	append_processes(builder, &layouts[0]);
	append_samples(builder, layouts);
}

/** The writer's own files have finished callchains; the features are all there. */
static void write_file(const char *path, bool is_finished)
{
	char *command[] = { "seed", "two words", NULL };
	struct build_id_record build_id = { .pid = -1,
					    .build_id = { .size_bytes = 20, .bytes = { 1, 2, 3 } },
					    .path = "/usr/bin/seed" };
	const struct perf_data_features features = {
		.hostname = "a-host",
		.os_release = "6.1.0",
		.version = "1.2.3",
		.arch = "x86_64",
		.cpu_description = "A CPU",
		.cpu_id = "GenuineIntel,6,85,4",
		.n_cpus_available = 2,
		.n_cpus_online = 2,
		.total_memory_kib = 4096000,
		.command = command,
		.first_sample_time_ns = 1000,
		.last_sample_time_ns = 12000,
		.clock_id = 1,
		.build_ids = &build_id,
		.n_build_ids = 1,
	};
	struct record_builder records = { 0 };
	struct perf_event_attr attrs[2], stored[2];
	struct record_layout layouts[2];
	const struct record_layout_table table = { .layouts = layouts,
						   .n_layouts = 2,
						   .ids = ids,
						   .event_of_id = event_of_id,
						   .n_ids = ARRAY_SIZE(ids) };
	struct perf_data_writer_options options = { .attrs = attrs,
						    .event_names = event_names,
						    .layouts = &table };
	struct perf_data_writer *writer;
	struct output_file output;

	make_attrs(attrs);
	for (size_t i = 0; i < 2; i++) {
		record_attr_for_storage(&attrs[i], &stored[i]);
		layouts[i] = record_layout_of(&stored[i]);
	}
	append_all(&records, layouts);
	FUZZ_CHECK(!output_file_create(&output, path, true));
	FUZZ_CHECK(!perf_data_writer_create(&output, &options, &writer));
	FUZZ_CHECK(!perf_data_writer_append(writer, record_builder_all(&records)));
	if (is_finished)
		FUZZ_CHECK(!perf_data_writer_finish(writer, &features));
	perf_data_writer_destroy(writer);
	FUZZ_CHECK(!output_file_commit(&output));
	record_builder_deinit(&records);
}

static void add_files(struct fuzz_seeds *seeds)
{
	char folder[] = "/tmp/perf-profile-seeds-XXXXXX";
	_cleanup_free_ char *path = NULL;
	uint8_t bytes[65536];

	FUZZ_CHECK(mkdtemp(folder));
	path = memory_format_text("%s/perf.data", folder);
	for (int is_finished = 0; is_finished < 2; is_finished++) {
		FILE *file;
		size_t size_bytes;

		write_file(path, is_finished);
		file = fopen(path, "rbe");
		FUZZ_CHECK(file);
		size_bytes = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		fuzz_seeds_add(seeds, (struct bytes){ bytes, size_bytes });
	}
	unlink(path);
	rmdir(folder);
}

static void append_attr(struct record_builder *builder, const struct perf_event_attr *attr,
			uint64_t id)
{
	record_builder_begin(builder, RECORD_TYPE_HEADER_ATTR, 0);
	record_builder_bytes(builder, attr, sizeof(*attr));
	record_builder_u64(builder, id);
	record_builder_end(builder);
}

static void append_pipe_facts(struct record_builder *builder)
{
	record_builder_begin(builder, RECORD_TYPE_EVENT_UPDATE, 0);
	record_builder_u64(builder, 2);
	record_builder_u64(builder, ids[1]);
	record_builder_text(builder, "faults");
	record_builder_end(builder);
	record_builder_begin(builder, RECORD_TYPE_HEADER_FEATURE, 0);
	record_builder_u64(builder, PERF_DATA_FEATURE_HOSTNAME);
	record_builder_u32(builder, 8);
	record_builder_text(builder, "a-host");
	record_builder_end(builder);
}

static void append_compressed(struct record_builder *builder, uint32_t type, struct bytes bytes)
{
	uint8_t packed[8192];
	size_t size_bytes = ZSTD_compress(packed, sizeof(packed), bytes.data, bytes.size, 1);

	FUZZ_CHECK(!ZSTD_isError(size_bytes));
	record_builder_begin(builder, type, 0);
	if (type == RECORD_TYPE_COMPRESSED2)
		record_builder_u64(builder, size_bytes);
	record_builder_bytes(builder, packed, size_bytes);
	if (type == RECORD_TYPE_COMPRESSED2)
		record_builder_pad(builder);
	record_builder_end(builder);
}

/** @param compressed  RECORD_TYPE_COMPRESSED or ..2; 0: plain. */
static void add_pipe(struct fuzz_seeds *seeds, uint32_t compressed)
{
	struct record_builder file = { 0 }, records = { 0 };
	struct perf_event_attr attrs[2];
	struct record_layout layouts[2];

	make_attrs(attrs);
	record_builder_bytes(&file, "PERFILE2", 8);
	record_builder_u64(&file, 16);
	for (size_t i = 0; i < 2; i++) {
		layouts[i] = record_layout_of(&attrs[i]);
		append_attr(&file, &attrs[i], ids[i]);
	}
	append_pipe_facts(&file);
	append_all(&records, layouts);
	if (compressed) {
		append_compressed(&file, compressed, record_builder_all(&records));
	} else {
		struct bytes all = record_builder_all(&records);

		byte_vector_append_bytes(&file.bytes, all.data, all.size);
	}
	fuzz_seeds_add(seeds, record_builder_all(&file));
	record_builder_deinit(&records);
	record_builder_deinit(&file);
}

void seed_recordings_add(struct fuzz_seeds *seeds)
{
	add_files(seeds);
	add_pipe(seeds, 0);
	add_pipe(seeds, RECORD_TYPE_COMPRESSED);
	add_pipe(seeds, RECORD_TYPE_COMPRESSED2);
}
