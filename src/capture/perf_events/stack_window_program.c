#include "capture/perf_events/stack_window_program.h"

#include "base/memory.h"

#include <stddef.h>

/* What the registers that survive a call hold; R0 is its result, R1 to R5 are its arguments. */
#define CONTEXT       BPF_REG_6
#define STACK_POINTER BPF_REG_7
#define START         BPF_REG_8
#define END           BPF_REG_9

/* Places on the program's own stack, from the frame pointer R10. */
#define KEY_OFFSET     (-8)
#define HEADER_OFFSET  (-40)
#define REQUEST_OFFSET (-64)
#define BUFFER_OFFSET  (-72)
#define CPU_OFFSET     (-80)
#define SIZE_OFFSET    (-88)
#define WORD_OFFSET    (-96)
#define COPIED_OFFSET  (-104)

struct program {
	struct bpf_insn *instructions;
	size_t count;
	/** Jumps to the end, whose place is not known yet. */
	size_t exits[STACK_WINDOW_INSTRUCTIONS_MAX];
	size_t n_exits;
};

static void emit(struct program *program, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
		 int32_t immediate)
{
	program->instructions[program->count++] = (struct bpf_insn){
		.code = code,
		.dst_reg = to & 15,
		.src_reg = from & 15,
		.off = offset,
		.imm = immediate,
	};
}

static void move(struct program *program, uint8_t to, uint8_t from)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void move_constant(struct program *program, uint8_t to, int32_t value)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

static void add_constant(struct program *program, uint8_t to, int32_t value)
{
	emit(program, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}

static void add(struct program *program, uint8_t to, uint8_t from)
{
	emit(program, BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0);
}

static void subtract(struct program *program, uint8_t to, uint8_t from)
{
	emit(program, BPF_ALU64 | BPF_SUB | BPF_X, to, from, 0, 0);
}

static void load(struct program *program, uint8_t to, uint8_t address, int16_t offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_DW, to, address, offset, 0);
}

static void store(struct program *program, uint8_t address, int16_t offset, uint8_t from)
{
	emit(program, BPF_STX | BPF_MEM | BPF_DW, address, from, offset, 0);
}

static void store_constant(struct program *program, int16_t offset, int32_t value)
{
	emit(program, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, offset, value);
}

static void call(struct program *program, int32_t helper)
{
	emit(program, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/** The address of a place on the program's stack. */
static void load_place(struct program *program, uint8_t to, int32_t offset)
{
	move(program, to, BPF_REG_10);
	add_constant(program, to, offset);
}

static void load_map(struct program *program, uint8_t to, int map)
{
	emit(program, BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, map);
	emit(program, 0, 0, 0, 0, 0);
}

static void load_current_cpu_flag(struct program *program, uint8_t to)
{
	/* BPF_F_CURRENT_CPU is 32 bits of ones; as an immediate it would be extended to 64. */
	emit(program, BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, -1);
}

/** Compare with a constant and jump over the next @p n_over instructions. */
static void skip_if(struct program *program, uint8_t condition, uint8_t value, int32_t constant,
		    int16_t n_over)
{
	emit(program, BPF_JMP | condition | BPF_K, value, 0, n_over, constant);
}

static void skip_if_register(struct program *program, uint8_t condition, uint8_t left,
			     uint8_t right, int16_t n_over)
{
	emit(program, BPF_JMP | condition | BPF_X, left, right, n_over, 0);
}

static void exit_if(struct program *program, uint8_t condition, uint8_t value, int32_t constant)
{
	program->exits[program->n_exits++] = program->count;
	skip_if(program, condition, value, constant, 0);
}

static void exit_if_register(struct program *program, uint8_t condition, uint8_t left,
			     uint8_t right)
{
	program->exits[program->n_exits++] = program->count;
	skip_if_register(program, condition, left, right, 0);
}

/** Let the jump at @p from lead here. */
static void land(struct program *program, size_t from)
{
	program->instructions[from].off = (int16_t)(program->count - from - 1);
}

/** 1: the kernel goes on and writes the sample itself. */
static void end_program(struct program *program)
{
	for (size_t i = 0; i < program->n_exits; i++)
		land(program, program->exits[i]);
	move_constant(program, BPF_REG_0, 1);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/** The user side's stack pointer, also of a thread that is in the kernel. */
static void find_stack_pointer(struct program *program, const struct kernel_registers *registers,
			       bool has_task_registers)
{
	load(program, STACK_POINTER, CONTEXT, registers->stack_pointer_offset);
	load(program, BPF_REG_1, CONTEXT, registers->mode_offset);
	emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, registers->mode_mask);
	if (!has_task_registers) {
		exit_if(program, BPF_JNE, BPF_REG_1, registers->user_mode);
		return;
	}
	skip_if(program, BPF_JEQ, BPF_REG_1, registers->user_mode, 4);
	call(program, BPF_FUNC_get_current_task_btf);
	move(program, BPF_REG_1, BPF_REG_0);
	call(program, BPF_FUNC_task_pt_regs);
	load(program, STACK_POINTER, BPF_REG_0, registers->stack_pointer_offset);
}

/** A thread that was not met before: say so. */
static void greet(struct program *program, const struct stack_window_maps *maps,
		  uint32_t copy_bytes)
{
	const int16_t copied_offset = offsetof(struct stack_window_request, copied_bytes);

	store_constant(program, REQUEST_OFFSET, 0);
	store_constant(program, REQUEST_OFFSET + 8, 0);
	store_constant(program, REQUEST_OFFSET + copied_offset, (int32_t)copy_bytes);
	load_map(program, BPF_REG_1, maps->threads);
	load_place(program, BPF_REG_2, KEY_OFFSET);
	load_place(program, BPF_REG_3, REQUEST_OFFSET);
	move_constant(program, BPF_REG_4, BPF_NOEXIST);
	call(program, BPF_FUNC_map_update_elem);
	exit_if(program, BPF_JNE, BPF_REG_0, 0);

	load(program, BPF_REG_1, BPF_REG_10, KEY_OFFSET);
	store(program, BPF_REG_10, HEADER_OFFSET, BPF_REG_1);
	store(program, BPF_REG_10, HEADER_OFFSET + 8, STACK_POINTER);
	store_constant(program, HEADER_OFFSET + 16, 0);
	store_constant(program, HEADER_OFFSET + 24, 0);
	move(program, BPF_REG_1, CONTEXT);
	load_map(program, BPF_REG_2, maps->greetings);
	load_current_cpu_flag(program, BPF_REG_3);
	load_place(program, BPF_REG_4, HEADER_OFFSET);
	move_constant(program, BPF_REG_5, sizeof(struct stack_window_header));
	call(program, BPF_FUNC_perf_event_output);
}

/** END, the size and how much was copied from the request in R0. */
static void take_request(struct program *program)
{
	load(program, END, BPF_REG_0, offsetof(struct stack_window_request, end));
	load(program, BPF_REG_1, BPF_REG_0, offsetof(struct stack_window_request, size_bytes));
	store(program, BPF_REG_10, SIZE_OFFSET, BPF_REG_1);
	load(program, BPF_REG_1, BPF_REG_0, offsetof(struct stack_window_request, copied_bytes));
	store(program, BPF_REG_10, COPIED_OFFSET, BPF_REG_1);
}

/** The same of a thread that nothing is known of. */
static void take_no_request(struct program *program, uint32_t copy_bytes)
{
	move_constant(program, END, 0);
	store_constant(program, SIZE_OFFSET, 0);
	store_constant(program, COPIED_OFFSET, (int32_t)copy_bytes);
}

/**
 * START: where the kernel's copy ends. It is empty where the thread is about to get the first
 * page of it, and the kernel was interrupted in that.
 */
static void find_copy_end(struct program *program)
{
	load_place(program, BPF_REG_1, WORD_OFFSET);
	move_constant(program, BPF_REG_2, 8);
	move(program, BPF_REG_3, STACK_POINTER);
	call(program, BPF_FUNC_probe_read_user);
	move(program, START, STACK_POINTER);
	skip_if(program, BPF_JNE, BPF_REG_0, 0, 2);
	load(program, BPF_REG_1, BPF_REG_10, COPIED_OFFSET);
	add(program, START, BPF_REG_1);
}

/** START to END: what to copy; exits where there is nothing. */
static void find_range(struct program *program)
{
	find_copy_end(program);
	/* Not known yet: as much as can be had beyond the copy, up to the end of a page. */
	skip_if(program, BPF_JNE, END, 0, 3);
	move(program, END, START);
	add_constant(program, END, STACK_WINDOW_N_CHUNKS * STACK_WINDOW_CHUNK_BYTES);
	emit(program, BPF_ALU64 | BPF_AND | BPF_K, END, 0, 0, -STACK_WINDOW_CHUNK_BYTES);

	load(program, BPF_REG_2, BPF_REG_10, SIZE_OFFSET);
	move(program, BPF_REG_1, END);
	subtract(program, BPF_REG_1, BPF_REG_2);
	/* Without a size, or all of it beyond the copy: to the copy. */
	skip_if(program, BPF_JEQ, BPF_REG_2, 0, 3);
	/* On another stack than the one asked for: no part of that is in the copy. */
	skip_if_register(program, BPF_JGE, STACK_POINTER, END, 1);
	skip_if_register(program, BPF_JGE, START, BPF_REG_1, 1);
	move(program, START, BPF_REG_1);
	exit_if_register(program, BPF_JGE, START, END);
}

static void find_buffer(struct program *program, int buffers)
{
	call(program, BPF_FUNC_get_smp_processor_id);
	emit(program, BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_0, CPU_OFFSET, 0);
	load_map(program, BPF_REG_1, buffers);
	load_place(program, BPF_REG_2, CPU_OFFSET);
	call(program, BPF_FUNC_map_lookup_elem);
	exit_if(program, BPF_JEQ, BPF_REG_0, 0);
	store(program, BPF_REG_10, BUFFER_OFFSET, BPF_REG_0);
	load(program, BPF_REG_1, BPF_REG_10, KEY_OFFSET);
	store(program, BPF_REG_0, offsetof(struct stack_window_header, thread_key), BPF_REG_1);
	store(program, BPF_REG_0, offsetof(struct stack_window_header, stack_pointer),
	      STACK_POINTER);
	store(program, BPF_REG_0, offsetof(struct stack_window_header, address), END);
}

/** R2: the size of the chunk before END, which ends at the page's boundary or at START. */
static void find_chunk_size(struct program *program)
{
	move(program, BPF_REG_2, END);
	add_constant(program, BPF_REG_2, -1);
	emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, STACK_WINDOW_CHUNK_BYTES - 1);
	add_constant(program, BPF_REG_2, 1);
	move(program, BPF_REG_1, END);
	subtract(program, BPF_REG_1, START);
	skip_if_register(program, BPF_JGE, BPF_REG_1, BPF_REG_2, 1);
	move(program, BPF_REG_2, BPF_REG_1);
}

/**
 * Copy the chunk before END, which then is its start. What later depends on goes through the
 * buffer: the verifier knows nothing of what is read back, so all ways to a place are one to it.
 * Otherwise it would follow four ways through each chunk.
 */
static void copy_chunk(struct program *program, int chunks)
{
	const int32_t header_bytes = sizeof(struct stack_window_header);
	const int16_t address = offsetof(struct stack_window_header, address);
	const int16_t size_bytes = offsetof(struct stack_window_header, size_bytes);
	size_t failed;

	load(program, BPF_REG_1, BPF_REG_10, BUFFER_OFFSET);
	load(program, END, BPF_REG_1, address);
	exit_if_register(program, BPF_JGE, START, END);
	find_chunk_size(program);
	subtract(program, END, BPF_REG_2);
	load(program, BPF_REG_1, BPF_REG_10, BUFFER_OFFSET);
	store(program, BPF_REG_1, address, END);
	store(program, BPF_REG_1, size_bytes, BPF_REG_2);
	load(program, BPF_REG_2, BPF_REG_1, size_bytes);
	exit_if(program, BPF_JGT, BPF_REG_2, STACK_WINDOW_CHUNK_BYTES);
	add_constant(program, BPF_REG_1, header_bytes);
	move(program, BPF_REG_3, END);
	call(program, BPF_FUNC_probe_read_user);
	failed = program->count;
	skip_if(program, BPF_JNE, BPF_REG_0, 0, 0);

	move(program, BPF_REG_1, CONTEXT);
	load_map(program, BPF_REG_2, chunks);
	load_current_cpu_flag(program, BPF_REG_3);
	load(program, BPF_REG_4, BPF_REG_10, BUFFER_OFFSET);
	load(program, BPF_REG_5, BPF_REG_4, size_bytes);
	exit_if(program, BPF_JGT, BPF_REG_5, STACK_WINDOW_CHUNK_BYTES);
	add_constant(program, BPF_REG_5, header_bytes);
	call(program, BPF_FUNC_perf_event_output);
	land(program, failed);
}

size_t stack_window_program(const struct stack_window_maps *maps,
			    const struct kernel_registers *registers, uint32_t copy_bytes,
			    bool has_task_registers, struct bpf_insn *ret)
{
	struct program *program = memory_allocate(1, sizeof(*program));
	size_t n_instructions, unknown, known;

	program->instructions = ret;
	move(program, CONTEXT, BPF_REG_1);
	find_stack_pointer(program, registers, has_task_registers);
	call(program, BPF_FUNC_get_current_pid_tgid);
	store(program, BPF_REG_10, KEY_OFFSET, BPF_REG_0);
	load_map(program, BPF_REG_1, maps->threads);
	load_place(program, BPF_REG_2, KEY_OFFSET);
	call(program, BPF_FUNC_map_lookup_elem);

	unknown = program->count;
	skip_if(program, BPF_JEQ, BPF_REG_0, 0, 0);
	take_request(program);
	known = program->count;
	emit(program, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	land(program, unknown);
	greet(program, maps, copy_bytes);
	take_no_request(program, copy_bytes);
	land(program, known);
	find_range(program);
	find_buffer(program, maps->buffers);
	for (size_t i = 0; i < STACK_WINDOW_N_CHUNKS; i++)
		copy_chunk(program, maps->chunks);
	end_program(program);

	n_instructions = program->count;
	free(program);
	return n_instructions;
}
