#include "unwind/expression.h"

#include <dwarf.h>

/**
 * The few shapes that nearly all expressions of real programs have. What does
 * not match is no error: it is evaluated step by step.
 */

static bool take_byte(struct bytes *rest, uint8_t *ret)
{
	if (!rest->size)
		return false;
	*ret = *rest->data++;
	rest->size--;
	return true;
}

static bool take_operation(struct bytes *rest, uint8_t wanted)
{
	uint8_t operation;

	return take_byte(rest, &operation) && operation == wanted;
}

static bool is_ok(struct error *error)
{
	if (!error)
		return true;
	error_destroy(error);
	return false;
}

static void take_read(struct bytes *rest, const struct byte_reader *reader)
{
	rest->data += reader->position;
	rest->size -= reader->position;
}

static bool take_signed(struct bytes *rest, int64_t *ret)
{
	struct byte_reader reader = byte_reader_make(*rest, "expression");

	if (!is_ok(byte_reader_sleb128(&reader, ret)))
		return false;
	take_read(rest, &reader);
	return true;
}

static bool take_unsigned(struct bytes *rest, uint64_t *ret)
{
	struct byte_reader reader = byte_reader_make(*rest, "expression");

	if (!is_ok(byte_reader_uleb128(&reader, ret)))
		return false;
	take_read(rest, &reader);
	return true;
}

static bool take_register_offset(struct bytes *rest, struct expression_register_offset *ret)
{
	uint64_t number;
	uint8_t operation;

	if (!take_byte(rest, &operation))
		return false;
	if (operation == DW_OP_bregx) {
		if (!take_unsigned(rest, &number) || number >= ARCHITECTURE_REGISTERS_MAX)
			return false;
	} else if (operation >= DW_OP_breg0 && operation <= DW_OP_breg31) {
		number = (uint64_t)operation - DW_OP_breg0;
	} else {
		return false;
	}
	ret->register_number = (uint32_t)number;
	return take_signed(rest, &ret->offset);
}

bool expression_match_register_offset(struct bytes expression,
				      struct expression_register_offset *ret)
{
	struct expression_register_offset match;

	if (!take_register_offset(&expression, &match) || expression.size)
		return false;
	*ret = match;
	return true;
}

bool expression_match_dereference(struct bytes expression, struct expression_dereference *ret)
{
	struct expression_dereference match = { 0 };
	uint64_t addend = 0;

	if (!take_register_offset(&expression, &match.address) ||
	    !take_operation(&expression, DW_OP_deref))
		return false;
	if (expression.size && (!take_operation(&expression, DW_OP_plus_uconst) ||
				!take_unsigned(&expression, &addend) || expression.size))
		return false;
	match.addend = (int64_t)addend;
	*ret = match;
	return true;
}

bool expression_match_plt(struct bytes expression, const struct architecture *architecture,
			  struct expression_plt *ret)
{
	struct expression_register_offset stack;
	struct expression_register_offset instruction;
	uint8_t threshold;

	if (!take_register_offset(&expression, &stack) ||
	    stack.register_number != architecture->stack_pointer_register ||
	    !take_register_offset(&expression, &instruction) ||
	    instruction.register_number != architecture->instruction_pointer_register ||
	    instruction.offset)
		return false;
	if (!take_operation(&expression, DW_OP_lit15) || !take_operation(&expression, DW_OP_and) ||
	    !take_byte(&expression, &threshold) || threshold < DW_OP_lit0 ||
	    threshold > DW_OP_lit15 || !take_operation(&expression, DW_OP_ge) ||
	    !take_operation(&expression, DW_OP_lit3) || !take_operation(&expression, DW_OP_shl) ||
	    !take_operation(&expression, DW_OP_plus) || expression.size)
		return false;
	ret->offset = stack.offset;
	ret->threshold = (uint8_t)(threshold - DW_OP_lit0);
	return true;
}
