#include "unwind/expression.h"
#include "unwind/walk_internal.h"

static bool read_register(void *context, uint32_t number, uint64_t *ret)
{
	return walk_read_register(context, number, ret);
}

static bool read_word(void *context, uint64_t address, uint64_t *ret)
{
	return walk_read_word(context, address, ret);
}

static enum stack_end end_of_expression(const struct walk *walk, enum expression_result result)
{
	if (result == EXPRESSION_OK)
		return STACK_END_NONE;
	return result == EXPRESSION_NO_MEMORY ? walk_read_failure(walk) : STACK_END_BAD_RULE;
}

static enum stack_end find_cfa(struct walk *walk, const struct cfi_row *row,
			       const struct expression_environment *environment, uint64_t *ret)
{
	uint64_t value;

	if (row->cfa_expression.data)
		return end_of_expression(
			walk, expression_evaluate(row->cfa_expression, environment, NULL, ret));
	if (!walk_read_register(walk, row->cfa_register, &value))
		return STACK_END_BAD_RULE;
	*ret = value + (uint64_t)row->cfa_offset;
	return STACK_END_NONE;
}

/** The value of register @p number in the caller. */
static enum stack_end find_register(struct walk *walk, const struct cfi_register_rule *rule,
				    uint32_t number, uint64_t cfa,
				    const struct expression_environment *environment, uint64_t *ret)
{
	const struct bytes expression = { rule->expression, rule->expression_size_bytes };
	uint64_t address = cfa + (uint64_t)rule->offset;
	enum stack_end end;

	switch (rule->kind) {
	case CFI_REGISTER_UNSPECIFIED:
	case CFI_REGISTER_SAME:
		return walk_read_register(walk, number, ret) ? STACK_END_NONE : STACK_END_BAD_RULE;
	case CFI_REGISTER_UNDEFINED:
		return STACK_END_BAD_RULE;
	case CFI_REGISTER_AT_CFA:
		break;
	case CFI_REGISTER_IS_CFA:
		*ret = address;
		return STACK_END_NONE;
	case CFI_REGISTER_IN_REGISTER:
		return walk_read_register(walk, (uint32_t)rule->offset, ret) ? STACK_END_NONE
									     : STACK_END_BAD_RULE;
	case CFI_REGISTER_AT_EXPRESSION:
		end = end_of_expression(
			walk, expression_evaluate(expression, environment, &cfa, &address));
		if (end != STACK_END_NONE)
			return end;
		break;
	case CFI_REGISTER_IS_EXPRESSION:
		return end_of_expression(walk,
					 expression_evaluate(expression, environment, &cfa, ret));
	}
	return walk_read_word(walk, address, ret) ? STACK_END_NONE : walk_read_failure(walk);
}

/** Whether a register without a rule is the same in the caller. */
static bool is_kept_by_habit(const struct walk *walk, uint32_t number, bool is_signal_frame)
{
	const struct architecture *architecture = walk->architecture;

	if (is_signal_frame || number == architecture->frame_pointer_register)
		return true;
	for (size_t i = 0; i < architecture->n_callee_saved_registers; i++) {
		if (architecture->callee_saved_registers[i] == number)
			return true;
	}
	return false;
}

/** Whether the caller's stack lies inwards of the frame that is left. */
static bool is_stuck(const struct walk *walk, uint64_t caller_stack_pointer)
{
	/* vfork() keeps its return address in a register: its frame may be empty. */
	return caller_stack_pointer < walk->stack_pointer ||
	       (caller_stack_pointer == walk->stack_pointer && !walk->is_exact);
}

/** All registers of the caller that can be found. */
static enum stack_end find_registers(struct walk *walk, const struct cfi_row *row, uint64_t cfa,
				     const struct expression_environment *environment,
				     bool is_signal_frame, struct registers *caller)
{
	const struct architecture *architecture = walk->architecture;

	for (uint32_t number = 0; number < architecture->n_registers; number++) {
		const bool is_stack_pointer = number == architecture->stack_pointer_register;
		const bool is_return_address = number == architecture->return_address_register;
		struct cfi_register_rule rule = row->registers->rules[number];
		uint32_t target = number;
		enum stack_end end;

		if (rule.kind == CFI_REGISTER_UNSPECIFIED && is_stack_pointer)
			rule = (struct cfi_register_rule){ .kind = CFI_REGISTER_IS_CFA };
		else if (rule.kind == CFI_REGISTER_UNSPECIFIED &&
			 !is_kept_by_habit(walk, number, is_signal_frame))
			continue;
		if (is_return_address)
			target = architecture->instruction_pointer_register;
		end = find_register(walk, &rule, number, cfa, environment, &caller->values[target]);
		if (end == STACK_END_NONE)
			caller->valid_mask |= UINT64_C(1) << target;
		else if (is_return_address || is_stack_pointer)
			return end;
	}
	if (!(caller->valid_mask >> architecture->instruction_pointer_register & 1))
		return STACK_END_BAD_RULE;
	return STACK_END_NONE;
}

enum stack_end walk_step_by_full_row(struct walk *walk, const struct site *site)
{
	const struct expression_environment environment = {
		.architecture = walk->architecture,
		.read_register = read_register,
		.read_word = read_word,
		.context = walk,
	};
	const bool is_signal_frame = site->rule->is_signal_frame;
	struct registers caller = { 0 };
	struct cfi_row row;
	enum stack_end end;
	uint64_t cfa = 0;

	if (!unwind_table_full_row(site->table, site->rule, site->elf_address, &row))
		return STACK_END_BAD_RULE;
	end = find_cfa(walk, &row, &environment, &cfa);
	if (end == STACK_END_NONE)
		end = find_registers(walk, &row, cfa, &environment, is_signal_frame, &caller);
	if (end != STACK_END_NONE)
		return end;
	/* A signal may have come to another stack; everything else moves outwards. */
	if (!is_signal_frame &&
	    is_stuck(walk, caller.values[walk->architecture->stack_pointer_register]))
		return STACK_END_STUCK;
	walk_rebase(walk, &caller);
	walk->is_exact = is_signal_frame;
	walk->is_by_frame_pointer = false;
	return STACK_END_NONE;
}
