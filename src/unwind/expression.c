#include "unwind/expression.h"

#include <dwarf.h>

struct machine {
	const struct expression_environment *environment;
	struct byte_reader reader;
	uint64_t stack[EXPRESSION_DEPTH_MAX];
	unsigned int depth;
};

static bool push(struct machine *machine, uint64_t value)
{
	if (machine->depth == EXPRESSION_DEPTH_MAX)
		return false;
	machine->stack[machine->depth++] = value;
	return true;
}

static bool pop(struct machine *machine, uint64_t *ret)
{
	if (!machine->depth)
		return false;
	*ret = machine->stack[--machine->depth];
	return true;
}

/** Turn "could it be read" into a plain answer: what was wrong does not matter here. */
static bool is_ok(struct error *error)
{
	if (!error)
		return true;
	error_destroy(error);
	return false;
}

static bool read_signed(struct byte_reader *reader, int64_t *ret)
{
	return is_ok(byte_reader_sleb128(reader, ret));
}

static bool read_unsigned(struct byte_reader *reader, uint64_t *ret)
{
	return is_ok(byte_reader_uleb128(reader, ret));
}

/** The operand of DW_OP_const*, sign-extended where the operation says so. */
static bool read_constant(struct machine *machine, uint8_t operation, uint64_t *ret)
{
	struct byte_reader *reader = &machine->reader;
	uint8_t value_1;
	uint16_t value_2;
	uint32_t value_4;
	int64_t value_signed;

	switch (operation) {
	case DW_OP_const1u:
	case DW_OP_const1s:
		if (!is_ok(byte_reader_u8(reader, &value_1)))
			return false;
		*ret = operation == DW_OP_const1s ? (uint64_t)(int8_t)value_1 : value_1;
		return true;
	case DW_OP_const2u:
	case DW_OP_const2s:
		if (!is_ok(byte_reader_u16(reader, &value_2)))
			return false;
		*ret = operation == DW_OP_const2s ? (uint64_t)(int16_t)value_2 : value_2;
		return true;
	case DW_OP_const4u:
	case DW_OP_const4s:
		if (!is_ok(byte_reader_u32(reader, &value_4)))
			return false;
		*ret = operation == DW_OP_const4s ? (uint64_t)(int32_t)value_4 : value_4;
		return true;
	case DW_OP_constu:
		return read_unsigned(reader, ret);
	case DW_OP_consts:
		if (!read_signed(reader, &value_signed))
			return false;
		*ret = (uint64_t)value_signed;
		return true;
	default: /* const8u, const8s and addr (64-bit CPUs only, so far) */
		return is_ok(byte_reader_u64(reader, ret));
	}
}

static enum expression_result push_register(struct machine *machine, uint64_t number)
{
	const struct expression_environment *environment = machine->environment;
	int64_t offset;
	uint64_t value;

	if (!read_signed(&machine->reader, &offset))
		return EXPRESSION_INVALID;
	if (number >= environment->architecture->n_registers ||
	    !environment->read_register(environment->context, (uint32_t)number, &value))
		return EXPRESSION_NO_REGISTER;
	return push(machine, value + (uint64_t)offset) ? EXPRESSION_OK : EXPRESSION_INVALID;
}

static enum expression_result dereference(struct machine *machine, uint8_t operation)
{
	const struct expression_environment *environment = machine->environment;
	uint8_t size_bytes = 8;
	uint64_t address;
	uint64_t value;

	if (operation == DW_OP_deref_size && !is_ok(byte_reader_u8(&machine->reader, &size_bytes)))
		return EXPRESSION_INVALID;
	if (!size_bytes || size_bytes > 8 || !pop(machine, &address))
		return EXPRESSION_INVALID;
	if (!environment->read_word(environment->context, address, &value))
		return EXPRESSION_NO_MEMORY;
	if (size_bytes < 8)
		value &= (UINT64_C(1) << (size_bytes * 8)) - 1;
	push(machine, value);
	return EXPRESSION_OK;
}

static bool run_unary(struct machine *machine, uint8_t operation)
{
	uint64_t value;
	uint64_t operand;

	if (!pop(machine, &value))
		return false;
	switch (operation) {
	case DW_OP_abs:
		return push(machine, (int64_t)value < 0 ? -value : value);
	case DW_OP_neg:
		return push(machine, -value);
	case DW_OP_not:
		return push(machine, ~value);
	default: /* plus_uconst */
		return read_unsigned(&machine->reader, &operand) && push(machine, value + operand);
	}
}

static bool divide(uint64_t a, uint64_t b, uint64_t *ret)
{
	if (!b)
		return false;
	/* INT64_MIN / -1 does not fit; DWARF leaves it open, two's complement gives this. */
	*ret = b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
	return true;
}

static uint64_t shift_arithmetically(uint64_t value, uint64_t count)
{
	return (uint64_t)((int64_t)value >> (count < 63 ? count : 63));
}

static bool run_binary(struct machine *machine, uint8_t operation)
{
	uint64_t a;
	uint64_t b;

	if (!pop(machine, &b) || !pop(machine, &a))
		return false;
	switch (operation) {
	case DW_OP_and:
		return push(machine, a & b);
	case DW_OP_div:
		return divide(a, b, &a) && push(machine, a);
	case DW_OP_minus:
		return push(machine, a - b);
	case DW_OP_mod:
		return b && push(machine, a % b);
	case DW_OP_mul:
		return push(machine, a * b);
	case DW_OP_or:
		return push(machine, a | b);
	case DW_OP_plus:
		return push(machine, a + b);
	case DW_OP_shl:
		return push(machine, b < 64 ? a << b : 0);
	case DW_OP_shr:
		return push(machine, b < 64 ? a >> b : 0);
	case DW_OP_shra:
		return push(machine, shift_arithmetically(a, b));
	case DW_OP_xor:
		return push(machine, a ^ b);
	case DW_OP_eq:
		return push(machine, a == b);
	case DW_OP_ge:
		return push(machine, (int64_t)a >= (int64_t)b);
	case DW_OP_gt:
		return push(machine, (int64_t)a > (int64_t)b);
	case DW_OP_le:
		return push(machine, (int64_t)a <= (int64_t)b);
	case DW_OP_lt:
		return push(machine, (int64_t)a < (int64_t)b);
	default: /* ne */
		return push(machine, a != b);
	}
}

static bool pick(struct machine *machine, unsigned int depth)
{
	return depth < machine->depth && push(machine, machine->stack[machine->depth - 1 - depth]);
}

static bool run_stack_operation(struct machine *machine, uint8_t operation)
{
	uint64_t *top = machine->stack + machine->depth;
	uint64_t value;
	uint8_t depth;

	switch (operation) {
	case DW_OP_dup:
		return pick(machine, 0);
	case DW_OP_over:
		return pick(machine, 1);
	case DW_OP_pick:
		return is_ok(byte_reader_u8(&machine->reader, &depth)) && pick(machine, depth);
	case DW_OP_drop:
		return pop(machine, &value);
	case DW_OP_swap:
		if (machine->depth < 2)
			return false;
		value = top[-1];
		top[-1] = top[-2];
		top[-2] = value;
		return true;
	default: /* rot: the top becomes the third */
		if (machine->depth < 3)
			return false;
		value = top[-1];
		top[-1] = top[-2];
		top[-2] = top[-3];
		top[-3] = value;
		return true;
	}
}

static bool branch(struct machine *machine, uint8_t operation)
{
	struct byte_reader *reader = &machine->reader;
	uint64_t condition = 1;
	uint16_t distance;
	int64_t target;

	if (!is_ok(byte_reader_u16(reader, &distance)))
		return false;
	if (operation == DW_OP_bra && !pop(machine, &condition))
		return false;
	if (!condition)
		return true;
	target = (int64_t)reader->position + (int16_t)distance;
	return target >= 0 && is_ok(byte_reader_seek(reader, (size_t)target));
}

static enum expression_result run_operation(struct machine *machine, uint8_t operation)
{
	uint64_t number;
	bool is_done;

	if (operation >= DW_OP_lit0 && operation <= DW_OP_lit31)
		return push(machine, (uint64_t)operation - DW_OP_lit0) ? EXPRESSION_OK
								       : EXPRESSION_INVALID;
	if (operation >= DW_OP_breg0 && operation <= DW_OP_breg31)
		return push_register(machine, (uint64_t)operation - DW_OP_breg0);

	switch (operation) {
	case DW_OP_bregx:
		if (!read_unsigned(&machine->reader, &number))
			return EXPRESSION_INVALID;
		return push_register(machine, number);
	case DW_OP_deref:
	case DW_OP_deref_size:
		return dereference(machine, operation);
	case DW_OP_addr:
	case DW_OP_const1u ... DW_OP_consts:
		is_done = read_constant(machine, operation, &number) && push(machine, number);
		break;
	case DW_OP_dup ... DW_OP_swap:
	case DW_OP_rot:
		is_done = run_stack_operation(machine, operation);
		break;
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
	case DW_OP_plus_uconst:
		is_done = run_unary(machine, operation);
		break;
	case DW_OP_bra:
	case DW_OP_skip:
		is_done = branch(machine, operation);
		break;
	case DW_OP_and:
	case DW_OP_div ... DW_OP_mul:
	case DW_OP_or:
	case DW_OP_plus:
	case DW_OP_shl ... DW_OP_xor:
	case DW_OP_eq ... DW_OP_ne:
		is_done = run_binary(machine, operation);
		break;
	case DW_OP_nop:
		is_done = true;
		break;
	default:
		is_done = false;
	}
	return is_done ? EXPRESSION_OK : EXPRESSION_INVALID;
}

enum expression_result expression_evaluate(struct bytes expression,
					   const struct expression_environment *environment,
					   const uint64_t *initial, uint64_t *ret)
{
	struct machine machine = {
		.environment = environment,
		.reader = byte_reader_make(expression, "expression"),
	};
	unsigned int n_steps = 0;

	if (initial)
		push(&machine, *initial);
	while (byte_reader_left(&machine.reader)) {
		enum expression_result result;
		uint8_t operation;

		if (++n_steps > EXPRESSION_STEPS_MAX)
			return EXPRESSION_INVALID;
		if (!is_ok(byte_reader_u8(&machine.reader, &operation)))
			return EXPRESSION_INVALID;
		result = run_operation(&machine, operation);
		if (result != EXPRESSION_OK)
			return result;
	}
	return pop(&machine, ret) ? EXPRESSION_OK : EXPRESSION_INVALID;
}
