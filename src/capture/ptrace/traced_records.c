#include "capture/ptrace/traced_records.h"

#include "arch/architecture.h"
#include "base/clock.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <time.h>

/** user_regs_struct has 27 words on x86-64, user_pt_regs 34 on aarch64. */
#define REGISTER_WORDS_MAX 64

/** Reading past the stack's end reads nothing of that piece, so it is read in pieces. */
#define PAGE_SIZE_BYTES 4096

void traced_records_init(struct traced_records *records, uint64_t frequency_hz,
			 uint32_t stack_copy_bytes, sampler_process_reader *read_process)
{
	*records = (struct traced_records){
		.attr = {
			.type = PERF_TYPE_SOFTWARE,
			.size = sizeof(records->attr),
			.config = PERF_COUNT_SW_CPU_CLOCK,
			.freq = 1,
			.sample_freq = frequency_hz,
			.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
				       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
				       PERF_SAMPLE_STACK_USER,
			.sample_regs_user = architecture_native()->perf_registers_mask,
			.sample_stack_user = stack_copy_bytes,
			.exclude_kernel = 1,
			.exclude_hv = 1,
			.exclude_callchain_kernel = 1,
			.inherit = 1,
			.mmap = 1,
			.mmap2 = 1,
			.comm = 1,
			.comm_exec = 1,
			.task = 1,
			.sample_id_all = 1,
			.use_clockid = 1,
			.clockid = CLOCK_MONOTONIC,
		},
		.read_process = read_process,
		.buffer = memory_allocate(1, RECORD_SIZE_MAX_BYTES),
	};
	records->layout = record_layout_of(&records->attr);
}

void traced_records_deinit(struct traced_records *records)
{
	told_mapping_vector_deinit(&records->told);
	free(records->buffer);
}

static void append(struct traced_records *records, struct record *record, struct byte_vector *ret)
{
	size_t size_bytes;

	record->id = TRACED_EVENT_ID;
	record->time_ns = clock_monotonic_ns();
	size_bytes = record_encode_side_band(&records->layout, record, records->buffer);
	byte_vector_append_bytes(ret, records->buffer, size_bytes);
}

/** What one process's records are for. */
struct telling {
	struct traced_records *records;
	struct byte_vector *bytes;
	bool is_after_exec; /**< Its name too. */
};

static bool is_told(const struct traced_records *records, uint32_t pid,
		    const struct mapping_record *mapping)
{
	for (size_t i = 0; i < records->told.count; i++) {
		const struct told_mapping *told = &records->told.items[i];

		if (told->pid == (pid_t)pid && told->start == mapping->start &&
		    told->size_bytes == mapping->size_bytes &&
		    told->file_offset == mapping->file_offset)
			return true;
	}
	return false;
}

static struct error *tell(void *context, const struct record *record)
{
	struct telling *telling = context;
	struct traced_records *records = telling->records;
	struct record copy = *record;

	if (record->type == PERF_RECORD_MMAP2) {
		if (is_told(records, record->pid, &record->mapping))
			return NULL;
		told_mapping_vector_append(&records->told,
					   (struct told_mapping){ (pid_t)record->pid,
								  record->mapping.start,
								  record->mapping.size_bytes,
								  record->mapping.file_offset });
	} else if (record->type != PERF_RECORD_COMM || !telling->is_after_exec ||
		   record->pid != record->tid) {
		return NULL;
	} else {
		copy.misc = PERF_RECORD_MISC_COMM_EXEC;
	}
	append(records, &copy, telling->bytes);
	return NULL;
}

/** Its mappings are void. */
static void forget_mappings(struct traced_records *records, pid_t pid)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < records->told.count; i++) {
		if (records->told.items[i].pid != pid)
			records->told.items[n_kept++] = records->told.items[i];
	}
	records->told.count = n_kept;
}

static void read_process(struct traced_records *records, pid_t pid, bool is_after_exec,
			 struct byte_vector *ret)
{
	struct telling telling = { records, ret, is_after_exec };

	/* It may have ended; that will be told. */
	error_destroy(records->read_process((uint32_t)pid, tell, &telling));
}

void traced_records_append_mappings(struct traced_records *records, pid_t pid,
				    struct byte_vector *ret)
{
	read_process(records, pid, /* is_after_exec= */ false, ret);
}

/** The child of a fork has the mappings of its parent, and the profile knows that. */
static void inherit_mappings(struct traced_records *records, pid_t pid, pid_t parent_pid)
{
	size_t n_before = records->told.count;

	for (size_t i = 0; i < n_before; i++) {
		struct told_mapping mapping = records->told.items[i];

		if (mapping.pid != parent_pid)
			continue;
		mapping.pid = pid;
		told_mapping_vector_append(&records->told, mapping);
	}
}

void traced_records_append_event(struct traced_records *records, const struct tracee_event *event,
				 struct byte_vector *ret)
{
	struct record record = {
		.type = event->what == TRACEE_ENDED ? PERF_RECORD_EXIT : PERF_RECORD_FORK,
		.pid = (uint32_t)event->pid,
		.tid = (uint32_t)event->tid,
		.task = { .pid = (uint32_t)event->pid,
			  .tid = (uint32_t)event->tid,
			  .parent_pid = (uint32_t)event->parent_pid,
			  .parent_tid = (uint32_t)event->parent_tid },
	};

	if (event->what == TRACEE_EXECUTED) {
		forget_mappings(records, event->pid);
		read_process(records, event->pid, /* is_after_exec= */ true, ret);
		return;
	}
	if (event->what == TRACEE_ENDED && event->pid == event->tid)
		forget_mappings(records, event->pid);
	if (event->what == TRACEE_STARTED && event->pid != event->parent_pid)
		inherit_mappings(records, event->pid, event->parent_pid);
	append(records, &record, ret);
}

/** The registers in the order of the sample. False: the thread is not stopped any more. */
static bool read_registers(pid_t tid, struct byte_vector *ret, uint64_t *stack_pointer_ret,
			   uint64_t *instruction_pointer_ret)
{
	const struct architecture *architecture = architecture_native();
	size_t n_registers = (size_t)__builtin_popcountll(architecture->perf_registers_mask);
	uint64_t words[REGISTER_WORDS_MAX] = { 0 };
	struct iovec area = { words, sizeof(words) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &area) != 0)
		return false;
	for (size_t i = 0; i < n_registers; i++) {
		uint64_t value = words[architecture->ptrace_word_of_perf[i]];
		uint8_t dwarf_register = architecture->dwarf_register_of_perf[i];

		byte_vector_append_bytes(ret, &value, sizeof(value));
		if (dwarf_register == architecture->stack_pointer_register)
			*stack_pointer_ret = value;
		if (dwarf_register == architecture->instruction_pointer_register)
			*instruction_pointer_ret = value;
	}
	return true;
}

/** From @p address up, as far as it can be read. */
static size_t read_stack(pid_t pid, uint64_t address, uint8_t *out, size_t size_bytes)
{
	size_t n_read = 0;

	while (n_read < size_bytes) {
		size_t in_page = PAGE_SIZE_BYTES - (address + n_read) % PAGE_SIZE_BYTES;
		size_t piece = MIN(MAX(in_page, (size_t)1), size_bytes - n_read);
		struct iovec local = { out + n_read, size_bytes - n_read };
		struct iovec remote = { (void *)(uintptr_t)(address + n_read),
					size_bytes - n_read };
		ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (got < 0) {
			/* All or nothing where part of it is not there: then by pages. */
			local.iov_len = remote.iov_len = piece;
			got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		}
		if (got <= 0)
			break;
		n_read += (size_t)got;
	}
	return n_read & ~(size_t)7;
}

static void append_u64(struct byte_vector *bytes, uint64_t value)
{
	byte_vector_append_bytes(bytes, &value, sizeof(value));
}

static bool is_in_told_mapping(const struct traced_records *records, pid_t pid, uint64_t address)
{
	for (size_t i = 0; i < records->told.count; i++) {
		const struct told_mapping *told = &records->told.items[i];

		if (told->pid == pid && address - told->start < told->size_bytes)
			return true;
	}
	return false;
}

void traced_records_append_name(struct traced_records *records, const struct tracee *tracee,
				struct byte_vector *ret)
{
	struct record record = { .type = PERF_RECORD_COMM,
				 .pid = (uint32_t)tracee->pid,
				 .tid = (uint32_t)tracee->tid,
				 .comm = { .name = tracee->name } };

	append(records, &record, ret);
}

bool traced_records_append_sample(struct traced_records *records, const struct tracee *tracee,
				  uint32_t cpu, uint64_t period_ns, struct byte_vector *ret)
{
	struct perf_event_header header = { .type = PERF_RECORD_SAMPLE,
					    .misc = PERF_RECORD_MISC_USER };
	uint64_t stack_pointer = 0, instruction_pointer = 0;
	_cleanup_free_ uint8_t *stack = memory_allocate(1, records->attr.sample_stack_user);
	struct byte_vector registers = { 0 };
	size_t start, stack_size_bytes;

	if (!read_registers(tracee->tid, &registers, &stack_pointer, &instruction_pointer)) {
		byte_vector_deinit(&registers);
		return false;
	}
	if (!is_in_told_mapping(records, tracee->pid, instruction_pointer))
		traced_records_append_mappings(records, tracee->pid, ret);
	start = ret->count;
	stack_size_bytes =
		read_stack(tracee->pid, stack_pointer, stack, records->attr.sample_stack_user);
	byte_vector_append_bytes(ret, &header, sizeof(header));
	append_u64(ret, TRACED_EVENT_ID);
	append_u64(ret, instruction_pointer);
	append_u64(ret, (uint32_t)tracee->pid | (uint64_t)(uint32_t)tracee->tid << 32);
	append_u64(ret, clock_monotonic_ns());
	append_u64(ret, cpu);
	append_u64(ret, period_ns);
	append_u64(ret, 0); /* no callchain of the kernel's */
	append_u64(ret, PERF_SAMPLE_REGS_ABI_64);
	byte_vector_append_bytes(ret, registers.items, registers.count);
	append_u64(ret, stack_size_bytes);
	byte_vector_append_bytes(ret, stack, stack_size_bytes);
	if (stack_size_bytes)
		append_u64(ret, stack_size_bytes);
	header.size = (uint16_t)(ret->count - start);
	memcpy(ret->items + start, &header, sizeof(header));
	byte_vector_deinit(&registers);
	return true;
}
