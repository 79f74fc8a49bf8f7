/**
 * Writes a small perf.data file about this very process, for
 * tests/system/test_perf_data.py to show to perf.
 *
 * usage: write_perf_data FILE [unfinished] [compressed]
 *
 * Two events, 100 samples each; user chains of two frames in `burn` of this
 * program, every tenth sample with a kernel chain.
 */

#include "perfdata/perf_data_writer.h"
#include "record_builder.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define N_SAMPLES     100
#define FIRST_TIME_NS (UINT64_C(5) * 1000 * 1000 * 1000)

static const uint64_t ids[] = { 1001, 1002, 2001, 2002 };
static const uint32_t event_of_id[] = { 0, 0, 1, 1 };
static const char *const event_names[] = { "cpu-clock", "page-faults" };

struct program {
	uint64_t base;
	struct build_id build_id;
	char path[4096];
};

static int find_program(struct dl_phdr_info *info, size_t size, void *data)
{
	struct program *program = data;

	program->base = info->dlpi_addr;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const ElfW(Nhdr) *note = (const void *)(info->dlpi_addr + header->p_vaddr);

		if (header->p_type != PT_NOTE || note->n_type != NT_GNU_BUILD_ID)
			continue;
		program->build_id.size_bytes = (uint8_t)note->n_descsz;
		memcpy(program->build_id.bytes, (const uint8_t *)(note + 1) + 4, note->n_descsz);
	}
	return 1;
}

uint64_t burn(uint64_t value);

/** What the samples say was running; it only has to have a name. */
__attribute__((noinline)) uint64_t burn(uint64_t value)
{
	return value * 3 + 1;
}

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
			.mmap = i == 0,
			.mmap2 = i == 0,
			.comm = i == 0,
			.comm_exec = i == 0,
			.task = i == 0,
			.build_id = i == 0,
			.use_clockid = 1,
			.clockid = CLOCK_MONOTONIC,
			.exclude_callchain_user = 1,
		};
	}
}

static struct error *append_processes(struct perf_data_writer *writer,
				      const struct record_layout *layout,
				      const struct program *program)
{
	struct record_builder builder = { 0 };
	uint32_t pid = (uint32_t)getpid();
	struct record values = { .pid = pid, .tid = pid, .id = ids[0] };
	struct error *error;

	values.comm = (struct comm_record){ .name = "burner", .is_exec = true };
	error = perf_data_writer_append(writer, record_builder_comm(&builder, layout, &values));
	values.misc = PERF_RECORD_MISC_USER;
	values.mapping = (struct mapping_record){
		.start = program->base,
		.size_bytes = 0x100000,
		.build_id = program->build_id,
		.protection = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE,
		.path = program->path,
	};
	if (!error)
		error = perf_data_writer_append(writer,
						record_builder_mmap2(&builder, layout, &values));
	values.type = PERF_RECORD_FORK;
	values.tid = pid + 1;
	values.time_ns = FIRST_TIME_NS;
	values.task = (struct task_record){ .parent_pid = pid,
					    .parent_tid = pid,
					    .time_ns = FIRST_TIME_NS };
	if (!error)
		error = perf_data_writer_append(writer,
						record_builder_task(&builder, layout, &values));
	record_builder_deinit(&builder);
	return error;
}

static struct error *append_sample(struct perf_data_writer *writer,
				   const struct record_layout_table *table, uint32_t event_index,
				   uint64_t index)
{
	const struct record_layout *layout = &table->layouts[event_index];
	const uint64_t frame = (uint64_t)(uintptr_t)burn;
	const uint64_t kernel_chain[] = { PERF_CONTEXT_KERNEL, 0xffffffff81000100,
					  PERF_CONTEXT_USER, frame + 1, frame + 2 };
	const uint64_t *chain = index % 10 ? kernel_chain + 2 : kernel_chain;
	uint64_t registers[64] = { 0 };
	struct record_builder builder = { 0 };
	_Alignas(8) uint8_t out[RECORD_SIZE_MAX_BYTES];
	struct record record, values = {
		.misc = index % 10 ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL,
		.pid = (uint32_t)getpid(),
		.tid = (uint32_t)getpid() + index % 2,
		.time_ns = FIRST_TIME_NS + 1000 * (index + 1),
		.cpu = index % 2,
		.id = ids[event_index * 2 + index % 2],
		.sample = {
			.ip = chain[1],
			.period = 10101010,
			.user_registers_abi = PERF_SAMPLE_REGS_ABI_64,
			.user_registers = registers,
			.user_registers_mask = layout->user_registers_mask,
			.user_stack = { (const uint8_t *)registers, 40 },
			.user_stack_asked_bytes = 64,
		},
	};
	struct error *error;
	size_t size_bytes;

	error = record_decode(table, record_builder_sample(&builder, layout, &values), "made", 0,
			      &record);
	if (!error) {
		size_bytes = record_encode_sample(
			layout, &record,
			&(struct stored_chain){ chain, index % 10 ? 3 : 5, STACK_END_NONE }, out);
		error = perf_data_writer_append(writer, (struct bytes){ out, size_bytes });
	}
	record_builder_deinit(&builder);
	return error;
}

static struct error *append_records(struct perf_data_writer *writer,
				    const struct record_layout_table *table,
				    const struct program *program)
{
	RETURN_IF_ERROR(
		perf_data_writer_append_kernel_maps(writer, "/proc/kallsyms", "/proc/modules"));
	RETURN_IF_ERROR(append_processes(writer, &table->layouts[0], program));
	for (uint64_t i = 0; i < N_SAMPLES; i++) {
		RETURN_IF_ERROR(append_sample(writer, table, 0, i));
		RETURN_IF_ERROR(append_sample(writer, table, 1, i));
		if (i % 25 == 24)
			RETURN_IF_ERROR(perf_data_writer_finish_round(writer));
	}
	return NULL;
}

static struct error *finish(struct perf_data_writer *writer, struct program *program)
{
	char *command[] = { "write_perf_data", "two words", NULL };
	struct build_id_record build_id = { .pid = -1,
					    .build_id = program->build_id,
					    .path = program->path };
	const struct perf_data_features features = {
		.hostname = "a-host",
		.os_release = "6.1.0-test",
		.version = "1.2.3",
		.arch = "x86_64",
		.cpu_description = "A CPU",
		.cpu_id = "GenuineIntel,6,85,4",
		.n_cpus_available = 2,
		.n_cpus_online = 2,
		.total_memory_kib = 4096000,
		.command = command,
		.first_sample_time_ns = FIRST_TIME_NS + 1000,
		.last_sample_time_ns = FIRST_TIME_NS + 1000 * N_SAMPLES,
		.clock_id = CLOCK_MONOTONIC,
		.build_ids = &build_id,
		.n_build_ids = 1,
	};

	return perf_data_writer_finish(writer, &features);
}

static struct error *write_file(const char *path, bool is_finished, bool is_compressed)
{
	struct program program = { 0 };
	struct perf_event_attr attrs[2];
	struct record_layout layouts[2];
	const struct record_layout_table table = {
		.layouts = layouts,
		.n_layouts = 2,
		.ids = ids,
		.event_of_id = event_of_id,
		.n_ids = ARRAY_SIZE(ids),
	};
	const struct perf_data_writer_options options = {
		.attrs = attrs,
		.event_names = event_names,
		.layouts = &table,
		.compression_level = is_compressed,
	};
	struct output_file output;
	struct perf_data_writer *writer = NULL;
	struct error *error;

	dl_iterate_phdr(find_program, &program);
	if (readlink("/proc/self/exe", program.path, sizeof(program.path) - 1) < 0)
		return error_new(ERROR_SYSTEM, "no /proc/self/exe");
	make_attrs(attrs);
	for (size_t i = 0; i < 2; i++)
		layouts[i] = record_layout_of(&attrs[i]);
	RETURN_IF_ERROR(output_file_create(&output, path, true));
	error = perf_data_writer_create(&output, &options, &writer);
	if (!error)
		error = append_records(writer, &table, &program);
	if (!error && is_finished)
		error = finish(writer, &program);
	perf_data_writer_destroy(writer);
	if (!error)
		return output_file_commit(&output);
	output_file_abandon(&output);
	return error;
}

static bool has_word(char **words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error *error = NULL;

	if (argc < 2)
		return 2;
	error = write_file(argv[1], !has_word(argv + 2, "unfinished"),
			   has_word(argv + 2, "compressed"));
	if (!error)
		return 0;
	fprintf(stderr, "%s\n", error->message);
	return 1;
}
