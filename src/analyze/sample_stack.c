#include "analyze/sample_stack.h"

#include "analyze/branch_chain.h"
#include "arch/architecture.h"
#include "unwind/live_memory.h"

static uint16_t record_cpu_mode(const struct record *record)
{
	return record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
}

static void append_frame(struct sample_stack *context, uint64_t runtime_address,
			 struct object *object, uint64_t elf_address, uint32_t flags)
{
	address_frame_vector_append(&context->stack.frames,
				    (struct address_frame){ .runtime_address = runtime_address,
							    .elf_address = elf_address,
							    .object = object,
							    .flags = flags });
}

static void append_kernel_frame(struct sample_stack *context, uint64_t address, bool is_leaf)
{
	struct object *object;
	uint64_t elf_address = address;

	if (context->origin)
		elf_address =
			origin_kernel_address(context->origin, context->objects, address, &object);
	else
		object = object_registry_kernel(context->objects);
	append_frame(context, address, object, elf_address,
		     ADDRESS_FRAME_IS_KERNEL | (is_leaf ? 0 : ADDRESS_FRAME_IS_RETURN));
}

static void append_user_frame(struct sample_stack *context, struct process *process,
			      uint64_t address, bool is_leaf)
{
	uint32_t flags = ADDRESS_FRAME_IS_RECORDED | (is_leaf ? 0 : ADDRESS_FRAME_IS_RETURN);
	const struct mapping *mapping = process_find_mapping(process, address);
	uint64_t elf_address = address;

	if (!mapping) {
		append_frame(context, address, NULL, address, flags);
		return;
	}
	mapping_open_object(mapping, process);
	if (!mapping_elf_address(mapping, address, &elf_address))
		elf_address = address - mapping->start + mapping->file_offset;
	append_frame(context, address, mapping->object, elf_address, flags);
}

/** What the kernel walked itself: its own side always, the user's by frame pointer. */
static void append_kernel_callchain(struct sample_stack *context, const struct record *record,
				    struct process *process, bool is_user_wanted)
{
	uint64_t marker = record_cpu_mode(record) == PERF_RECORD_MISC_USER
				  ? (uint64_t)PERF_CONTEXT_USER
				  : (uint64_t)PERF_CONTEXT_KERNEL;
	bool is_leaf = true;

	for (uint64_t i = 0; i < record->sample.n_callchain; i++) {
		uint64_t address = record->sample.callchain[i];

		if (address >= CALLCHAIN_MARKER_LEAST) {
			marker = address;
			/* The first of each side is exact: the interrupted instruction or,
			 * for the user side of a system call, the one after it. */
			is_leaf = true;
			continue;
		}
		if (marker == (uint64_t)PERF_CONTEXT_KERNEL)
			append_kernel_frame(context, address, is_leaf);
		else if (is_user_wanted)
			append_user_frame(context, process, address, is_leaf);
		is_leaf = false;
	}
}

/** The mask in a foreign file may name more or fewer registers than we track. */
static bool registers_of(const struct sample_stack *context, const struct sample_record *sample,
			 struct registers *ret)
{
	const struct architecture *architecture = context->architecture;
	const uint64_t *value = sample->user_registers;
	struct registers registers = { 0 };

	if (!sample->has_user_registers || sample->user_registers_abi != PERF_SAMPLE_REGS_ABI_64)
		return false;
	for (uint64_t left = sample->user_registers_mask; left; left &= left - 1, value++) {
		uint64_t bit = left & -left;
		int index = __builtin_popcountll(architecture->perf_registers_mask & (bit - 1));
		uint8_t dwarf_register;

		if (!(architecture->perf_registers_mask & bit))
			continue;
		dwarf_register = architecture->dwarf_register_of_perf[index];
		registers.values[dwarf_register] = *value;
		registers.valid_mask |= UINT64_C(1) << dwarf_register;
	}
	*ret = registers;
	return true;
}

/** Whether the system call that the thread is in at @p pc is execve(2) or the like. */
static bool is_in_exec(const struct sample_stack *context, const struct mapping *mapping,
		       const struct process *process, uint64_t pc)
{
	uint64_t elf_address;
	struct bytes code;

	mapping_open_object(mapping, process);
	if (!mapping_elf_address(mapping, pc, &elf_address))
		return false;
	code = object_bytes_at(mapping->object, elf_address - EXEC_CODE_SIZE_MAX_BYTES);
	code.size = MIN(code.size, (size_t)EXEC_CODE_SIZE_MAX_BYTES);
	return context->architecture->may_follow_exec(code);
}

/**
 * While execve(2) is past the point of no return, the registers are still those of the old
 * program, whose memory is gone: there is no user side. First the memory goes, then the name, and
 * with the name the mappings that we know.
 */
static bool is_amid_exec(const struct sample_stack *context, const struct record *record,
			 const struct process *process, const struct registers *registers)
{
	const struct sample_record *sample = &record->sample;
	const uint64_t pc = registers->values[context->architecture->instruction_pointer_register];
	const struct mapping *mapping = process_find_mapping(process, pc);

	if (record_cpu_mode(record) != PERF_RECORD_MISC_KERNEL)
		return false;
	if (!mapping)
		return process->n_execs > 0;
	return !sample->user_stack.size && !sample->n_user_stack_pieces &&
	       is_in_exec(context, mapping, process, pc);
}

/** Frames so far are the kernel's; what is appended here is the user side. */
static enum stack_end resolve_user_side(struct sample_stack *context, const struct record *record,
					struct process *process)
{
	struct memory_reader now = memory_reader_of_thread(record->tid, record->time_ns);
	struct stack_copy copy = {
		.bytes = record->sample.user_stack,
		.pieces = record->sample.user_stack_pieces,
		.n_pieces = record->sample.n_user_stack_pieces,
	};
	struct registers registers;

	if (!registers_of(context, &record->sample, &registers) ||
	    is_amid_exec(context, record, process, &registers))
		return STACK_END_NONE;
	now.may_complete_stacks = context->completes_stacks;
	copy.chain = sample_user_chain(&record->sample, &copy.n_chain);
	return unwinder_run(context->unwinder, process, &registers, &copy,
			    context->origin ? NULL : &now, &context->stack.frames);
}

static void build_callchain(struct sample_stack *context)
{
	const struct address_frame_vector *frames = &context->stack.frames;
	uint64_t last_marker = 0;

	address_vector_clear(&context->callchain);
	for (size_t i = 0; i < frames->count; i++) {
		const struct address_frame *frame = &frames->items[i];
		uint64_t marker = frame->flags & ADDRESS_FRAME_IS_KERNEL
					  ? (uint64_t)PERF_CONTEXT_KERNEL
					  : (uint64_t)PERF_CONTEXT_USER;

		if (marker != last_marker)
			address_vector_append(&context->callchain, marker);
		last_marker = marker;
		/* Anything this large would be read as a marker, and spoil the chain. */
		if (frame->runtime_address < CALLCHAIN_MARKER_LEAST)
			address_vector_append(&context->callchain, frame->runtime_address);
	}
}

/**
 * Of a user side that the recorder walked: as it tells, or else complete where its last frame is
 * known to be a root.
 */
static enum stack_end end_of_callchain(const struct sample_stack *context,
				       const struct record *record, struct process *process)
{
	const struct address_frame_vector *frames = &context->stack.frames;
	const struct address_frame *outermost =
		frames->count ? &frames->items[frames->count - 1] : NULL;

	if (context->origin && context->origin->tells_stack_ends &&
	    record_stack_end(record) != STACK_END_NONE)
		return record_stack_end(record);
	if (!outermost || outermost->flags & ADDRESS_FRAME_IS_KERNEL)
		return STACK_END_NONE;
	if (context->unwinder && outermost->object &&
	    unwinder_is_outermost(context->unwinder, process, outermost->runtime_address))
		return STACK_END_ROOT;
	return STACK_END_UNTRACED;
}

/** Callers that only the branch stack knows; its addresses are those of the calls. */
static void append_branches(struct sample_stack *context, const struct sample_record *sample,
			    struct process *process)
{
	branch_chain(sample, context->branch_sample_type, &context->branches);
	for (size_t i = 0; i < context->branches.count; i++) {
		uint64_t address = context->branches.items[i];

		/* The upper half of the addresses is the kernel's. */
		if (address >> 63)
			append_kernel_frame(context, address, true);
		else
			append_user_frame(context, process, address, true);
	}
}

void sample_stack_resolve(struct sample_stack *context, const struct record *record)
{
	const struct sample_record *sample = &record->sample;
	struct process *process = process_table_find(context->processes, record->pid);
	/* Registers of a CPU or of a 32-bit process that is not unwound here are no help. */
	bool is_unwound = context->unwinder && sample->has_user_registers &&
			  sample->user_registers_abi != PERF_SAMPLE_REGS_ABI_32;

	address_frame_vector_clear(&context->stack.frames);
	append_kernel_callchain(context, record, process, !is_unwound);
	context->stack.end = is_unwound ? resolve_user_side(context, record, process)
					: end_of_callchain(context, record, process);
	if (context->stack.frames.count == 0 && sample->ip) {
		if (record_cpu_mode(record) == PERF_RECORD_MISC_KERNEL)
			append_kernel_frame(context, sample->ip, true);
		else
			append_user_frame(context, process, sample->ip, true);
	}
	if (context->stack.frames.count <= 1)
		append_branches(context, sample, process);
	build_callchain(context);
}

void sample_stack_clear(struct sample_stack *context)
{
	address_frame_vector_clear(&context->stack.frames);
	context->stack.end = STACK_END_NONE;
	build_callchain(context);
}

void sample_stack_resolve_sleeper(struct sample_stack *context, const struct record *record,
				  uint64_t stack_pointer, uint64_t instruction_pointer,
				  struct bytes stack)
{
	const struct architecture *architecture = context->architecture;
	const struct stack_copy copy = { .bytes = stack };
	struct memory_reader now = memory_reader_of_thread(record->tid, record->time_ns);
	const uint8_t sp = architecture->stack_pointer_register;
	const uint8_t pc = architecture->instruction_pointer_register;
	struct registers registers = { 0 };

	/* It sleeps: what was copied a moment ago is what is there. */
	now.copied_ns = now.now_ns;
	now.may_complete_stacks = true;
	sample_stack_clear(context);
	registers.values[sp] = stack_pointer;
	registers.values[pc] = instruction_pointer;
	registers.valid_mask = UINT64_C(1) << sp | UINT64_C(1) << pc;
	context->stack.end =
		unwinder_run(context->unwinder, process_table_find(context->processes, record->pid),
			     &registers, &copy, &now, &context->stack.frames);
	build_callchain(context);
}

void sample_stack_deinit(struct sample_stack *context)
{
	address_frame_vector_deinit(&context->stack.frames);
	address_vector_deinit(&context->branches);
	address_vector_deinit(&context->callchain);
}
