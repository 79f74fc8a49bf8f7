#include "arch/x86_64/instruction.h"
#include "arch/x86_64/x86_64.h"
#include "base/memory.h"

/**
 * The way from an address to a return: instructions are followed, not run. What they do to rsp and
 * rbp is known; all else is of no interest. Both sides of a branch are tried. Every return of a
 * function leaves the stack alike, so the first that is found will do.
 *
 * By the System V x86-64 psABI (section 3.2.1) a called function leaves rsp and rbp as they were,
 * and so does this one for its caller: a value that is put into rbp meanwhile is of no interest
 * unless rsp is taken from it.
 */

enum {
	STACK_POINTER = 4,
	FRAME_POINTER = 5,
};

/** Of code that is looked at, to each side of the start. */
#define REACH_BYTES 32768

/** Longer ways out than this are not looked for. */
#define INSTRUCTIONS_MAX 8192

/** Other sides of branches that wait. */
#define BRANCHES_MAX 128

enum origin {
	ORIGIN_UNKNOWN,
	ORIGIN_STACK_POINTER, /**< That at the start, + offset. */
	ORIGIN_FRAME_POINTER,
};

struct value {
	enum origin origin;
	int32_t offset;
};

/** What is in rbp. */
struct frame_pointer {
	struct value value;
	bool is_loaded; /**< It is what memory at this place held at the start: */
	struct value from;
};

struct state {
	uint64_t address;
	struct value stack_pointer;
	struct frame_pointer frame_pointer;
	struct frame_pointer pushed; /**< What was pushed last of it... */
	struct value pushed_at;      /**< ...and where to. */
	bool has_called;             /**< On the way... */
	bool is_behind_call;         /**< ...or just now. */
};

struct search {
	const struct code_source *code;
	uint64_t start;
	uint8_t seen[2 * REACH_BYTES / 8];
	struct state branches[BRANCHES_MAX];
	size_t n_branches;
	size_t n_instructions;
};

enum outcome {
	GOES_ON,
	RETURNS,
	ENDS, /**< Goes where nobody can follow. */
};

static bool value_equals(struct value a, struct value b)
{
	return a.origin != ORIGIN_UNKNOWN && a.origin == b.origin && a.offset == b.offset;
}

static struct value value_plus(struct value value, int64_t offset)
{
	int64_t sum = value.offset + offset;

	if (value.origin == ORIGIN_UNKNOWN || sum < INT32_MIN / 2 || sum > INT32_MAX / 2)
		return (struct value){ ORIGIN_UNKNOWN, 0 };
	return (struct value){ value.origin, (int32_t)sum };
}

static void move_stack_pointer(struct state *state, int64_t offset)
{
	state->stack_pointer = value_plus(state->stack_pointer, offset);
}

/** The frame pointer is loaded from @p place. */
static void load_frame_pointer(struct state *state, struct value place)
{
	if (value_equals(place, state->pushed_at))
		state->frame_pointer = state->pushed;
	else
		state->frame_pointer = (struct frame_pointer){
			.is_loaded = place.origin != ORIGIN_UNKNOWN,
			.from = place,
		};
}

/** What a general register holds, as far as it is followed. */
static struct value register_value(const struct state *state, uint8_t number)
{
	if (number == STACK_POINTER)
		return state->stack_pointer;
	if (number == FRAME_POINTER)
		return state->frame_pointer.value;
	return (struct value){ ORIGIN_UNKNOWN, 0 };
}

static void set_register(struct state *state, uint8_t number, struct value value)
{
	if (number == STACK_POINTER)
		state->stack_pointer = value;
	else if (number == FRAME_POINTER)
		state->frame_pointer = (struct frame_pointer){ .value = value };
}

/** Registers 3, 5 and 12 to 15 are kept for the caller. */
static bool is_callee_saved(uint8_t number)
{
	return number == 3 || number == FRAME_POINTER || number >= 12;
}

static enum outcome push_register(struct state *state, const struct instruction *instruction)
{
	const uint8_t number = instruction->opcode_register;

	/* Behind a call that does not return, this is the start of another function. */
	if (instruction->has_operand_size || (state->has_called && is_callee_saved(number)))
		return ENDS;
	move_stack_pointer(state, -8);
	if (number == FRAME_POINTER) {
		state->pushed = state->frame_pointer;
		state->pushed_at = state->stack_pointer;
	}
	return GOES_ON;
}

static enum outcome pop_register(struct state *state, const struct instruction *instruction)
{
	const uint8_t number = instruction->opcode_register;

	if (instruction->has_operand_size || number == STACK_POINTER)
		return ENDS;
	if (number == FRAME_POINTER)
		load_frame_pointer(state, state->stack_pointer);
	move_stack_pointer(state, 8);
	return GOES_ON;
}

static void leave(struct state *state)
{
	struct value place = state->frame_pointer.value;

	load_frame_pointer(state, place);
	state->stack_pointer = value_plus(place, 8);
}

/** mov and lea: to rsp or rbp, or from them. */
static void move(struct state *state, const struct instruction *instruction)
{
	const bool is_store = instruction->opcode == 0x89;
	const uint8_t to = is_store ? instruction->base : instruction->reg;
	const uint8_t from = is_store ? instruction->reg : instruction->base;
	struct value value = register_value(state, from);

	if (instruction->opcode == 0x8d || instruction->mode != 3)
		value = instruction->has_index ? (struct value){ ORIGIN_UNKNOWN, 0 }
					       : value_plus(value, instruction->displacement);
	if (instruction->opcode == 0x8d || instruction->mode == 3)
		set_register(state, to, value);
	else if (!is_store && to == FRAME_POINTER)
		load_frame_pointer(state, value);
	else if (!is_store)
		set_register(state, to, (struct value){ ORIGIN_UNKNOWN, 0 });
}

/** 80 to 83: arithmetic with a constant; /0 adds, /5 subtracts, /7 only compares. */
static void calculate(struct state *state, const struct instruction *instruction)
{
	const uint8_t operation = instruction->reg & 7;
	const uint8_t number = instruction->base;

	if (instruction->mode != 3 || operation == 7)
		return;
	if (operation == 0 || operation == 5)
		set_register(state, number,
			     value_plus(register_value(state, number),
					operation ? -(int64_t)instruction->immediate
						  : instruction->immediate));
	else
		set_register(state, number, (struct value){ ORIGIN_UNKNOWN, 0 });
}

static enum outcome call(struct state *state)
{
	state->has_called = true;
	state->is_behind_call = true;
	return GOES_ON;
}

/** FF: calls, jumps and pushes through registers and memory. */
static enum outcome do_group_ff(struct state *state, const struct instruction *instruction)
{
	switch (instruction->reg & 7) {
	case 2:
		return call(state);
	case 6:
		move_stack_pointer(state, -8);
		return GOES_ON;
	case 3:
	case 4:
	case 5:
		return ENDS;
	default:
		return GOES_ON;
	}
}

/** Two-operand arithmetic, 00 to 3F without cmp, and xchg: with rsp as its result. */
static bool makes_stack_pointer_unknown(const struct instruction *instruction)
{
	const uint8_t opcode = instruction->opcode;
	const uint8_t form = opcode & 7;

	if (opcode == 0x87)
		return instruction->reg == STACK_POINTER ||
		       (instruction->mode == 3 && instruction->base == STACK_POINTER);
	if (opcode >= 0x38 || form > 3)
		return false;
	return form & 2 ? instruction->reg == STACK_POINTER
			: instruction->mode == 3 && instruction->base == STACK_POINTER;
}

static enum outcome do_one_byte(struct state *state, const struct instruction *instruction)
{
	switch (instruction->opcode) {
	case 0x50 ... 0x57:
		return push_register(state, instruction);
	case 0x58 ... 0x5f:
		return pop_register(state, instruction);
	case 0x68: /* push */
	case 0x6a:
	case 0x9c: /* pushf */
		move_stack_pointer(state, -8);
		return GOES_ON;
	case 0x8f: /* pop */
	case 0x9d: /* popf */
		move_stack_pointer(state, 8);
		return GOES_ON;
	case 0x81:
	case 0x83:
		calculate(state, instruction);
		return GOES_ON;
	case 0x89:
	case 0x8b:
	case 0x8d:
		move(state, instruction);
		return GOES_ON;
	case 0xc9:
		leave(state);
		return GOES_ON;
	case 0xc2:
	case 0xc3:
		return RETURNS;
	case 0xe8:
		return call(state);
	case 0xff:
		return do_group_ff(state, instruction);
	case 0xc8: /* enter */
	case 0xca: /* far returns */
	case 0xcb:
	case 0xcc: /* int3 */
	case 0xcf: /* iret */
	case 0xf4: /* hlt */
		return ENDS;
	default:
		if (makes_stack_pointer_unknown(instruction))
			state->stack_pointer.origin = ORIGIN_UNKNOWN;
		return GOES_ON;
	}
}

static bool is_branch(const struct instruction *instruction)
{
	const uint8_t opcode = instruction->opcode;

	return instruction->map == OPCODE_MAP_ONE_BYTE
		       ? (opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0
		       : instruction->map == OPCODE_MAP_0F && (opcode & 0xf0) == 0x80;
}

static bool is_jump(const struct instruction *instruction)
{
	return instruction->map == OPCODE_MAP_ONE_BYTE &&
	       (instruction->opcode == 0xe9 || instruction->opcode == 0xeb);
}

/** Whether nobody was at @p address before, and it is near enough. */
static bool is_new(struct search *search, uint64_t address)
{
	uint64_t position = address - search->start + REACH_BYTES;

	if (position >= UINT64_C(2) * REACH_BYTES || search->seen[position / 8] >> position % 8 & 1)
		return false;
	search->seen[position / 8] |= (uint8_t)(1U << position % 8);
	return true;
}

/** endbr64: where functions begin that others point to. */
static bool is_function_start(struct bytes code)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	return code.size >= sizeof(endbr64) && !memcmp(code.data, endbr64, sizeof(endbr64));
}

/** nop, also of several bytes. */
static bool is_padding(const struct instruction *instruction)
{
	return instruction->map == OPCODE_MAP_ONE_BYTE
		       ? instruction->opcode == 0x90
		       : instruction->map == OPCODE_MAP_0F && instruction->opcode == 0x1f;
}

/** Whether this is no part of the function any more, because what it called does not return. */
static bool is_behind_the_end(const struct state *state, struct bytes code,
			      const struct instruction *instruction)
{
	return (state->has_called && is_function_start(code)) ||
	       (state->is_behind_call && is_padding(instruction));
}

static enum outcome do_instruction(struct search *search, struct state *state)
{
	struct bytes code = search->code->read(search->code->context, state->address);
	struct instruction instruction;
	uint64_t target;

	if (!instruction_decode(code, &instruction) || is_behind_the_end(state, code, &instruction))
		return ENDS;
	state->is_behind_call = false;
	target = state->address + instruction.size_bytes + (uint64_t)(int64_t)instruction.immediate;
	state->address += instruction.size_bytes;
	if (instruction.is_vector)
		return GOES_ON;
	if (is_jump(&instruction)) {
		state->address = target;
		return GOES_ON;
	}
	if (is_branch(&instruction)) {
		if (search->n_branches < BRANCHES_MAX) {
			search->branches[search->n_branches] = *state;
			search->branches[search->n_branches++].address = target;
		}
		return GOES_ON;
	}
	if (instruction.map == OPCODE_MAP_ONE_BYTE)
		return do_one_byte(state, &instruction);
	/* ud2, sysret */
	return instruction.map == OPCODE_MAP_0F &&
			       (instruction.opcode == 0x0b || instruction.opcode == 0x07)
		       ? ENDS
		       : GOES_ON;
}

/** What the state at a return says; false: where the stack is, is not known there. */
static bool describe(const struct state *state, struct way_out *ret)
{
	const struct value at = state->stack_pointer;
	const struct frame_pointer *frame_pointer = &state->frame_pointer;
	struct way_out way = {
		.is_from_frame_pointer = at.origin == ORIGIN_FRAME_POINTER,
		.cfa_offset = at.offset + 8,
	};

	if (at.origin == ORIGIN_UNKNOWN)
		return false;
	if (frame_pointer->is_loaded && frame_pointer->from.origin == at.origin) {
		way.has_frame_pointer = true;
		way.is_frame_pointer_saved = true;
		way.frame_pointer_offset = frame_pointer->from.offset - way.cfa_offset;
	} else {
		way.has_frame_pointer = frame_pointer->value.origin == ORIGIN_FRAME_POINTER &&
					frame_pointer->value.offset == 0;
	}
	*ret = way;
	return true;
}

bool x86_64_find_way_out(const struct code_source *code, uint64_t address, bool is_behind_call,
			 struct way_out *ret)
{
	struct search *search = memory_allocate(1, sizeof(*search));
	bool is_found = false;

	search->code = code;
	search->start = address;
	search->branches[search->n_branches++] = (struct state){
		.address = address,
		.stack_pointer = { ORIGIN_STACK_POINTER, 0 },
		.frame_pointer = { .value = { ORIGIN_FRAME_POINTER, 0 } },
		.has_called = is_behind_call,
		.is_behind_call = is_behind_call,
	};
	while (!is_found && search->n_branches) {
		struct state state = search->branches[--search->n_branches];
		enum outcome outcome = GOES_ON;

		while (outcome == GOES_ON && search->n_instructions < INSTRUCTIONS_MAX &&
		       is_new(search, state.address)) {
			search->n_instructions++;
			outcome = do_instruction(search, &state);
		}
		is_found = outcome == RETURNS && describe(&state, ret);
	}
	free(search);
	return is_found;
}
