#include "unwind/unwind_rule.h"

#include "unwind/expression.h"

/** Set a 32-bit field; real frames fit, but the formats allow more. */
static bool set_offset(int32_t *field, int64_t value)
{
	*field = (int32_t)value;
	return *field == value;
}

static struct bytes rule_expression(const struct cfi_register_rule *rule)
{
	return (struct bytes){ .data = rule->expression, .size = rule->expression_size_bytes };
}

/** Whether a register is saved at `frame pointer + offset`, as in realigned frames. */
static bool is_at_frame_pointer(const struct architecture *architecture,
				const struct cfi_register_rule *rule, int32_t *offset_ret)
{
	struct expression_register_offset match;

	return rule->kind == CFI_REGISTER_AT_EXPRESSION &&
	       expression_match_register_offset(rule_expression(rule), &match) &&
	       match.register_number == architecture->frame_pointer_register &&
	       set_offset(offset_ret, match.offset);
}

static bool make_cfa(const struct architecture *architecture, const struct cfi_row *row,
		     struct unwind_rule *rule)
{
	struct expression_register_offset register_offset;
	struct expression_dereference dereference;
	struct expression_plt plt;

	if (!row->cfa_expression.data) {
		rule->kind = UNWIND_RULE_REGISTER;
		rule->cfa_register = (uint8_t)row->cfa_register;
		return set_offset(&rule->cfa_offset, row->cfa_offset);
	}
	if (expression_match_register_offset(row->cfa_expression, &register_offset)) {
		rule->kind = UNWIND_RULE_REGISTER;
		rule->cfa_register = (uint8_t)register_offset.register_number;
		return set_offset(&rule->cfa_offset, register_offset.offset);
	}
	if (expression_match_dereference(row->cfa_expression, &dereference)) {
		rule->kind = UNWIND_RULE_DEREFERENCE;
		rule->cfa_register = (uint8_t)dereference.address.register_number;
		return set_offset(&rule->cfa_offset, dereference.address.offset) &&
		       set_offset(&rule->operand, dereference.addend);
	}
	if (expression_match_plt(row->cfa_expression, architecture, &plt)) {
		rule->kind = UNWIND_RULE_PLT;
		rule->cfa_register = architecture->stack_pointer_register;
		rule->operand = plt.threshold;
		return set_offset(&rule->cfa_offset, plt.offset);
	}
	return false;
}

static bool make_frame_pointer(const struct architecture *architecture, const struct cfi_row *row,
			       struct unwind_rule *rule)
{
	const struct cfi_register_rule *source =
		&row->registers->rules[architecture->frame_pointer_register];

	switch (source->kind) {
	case CFI_REGISTER_UNSPECIFIED:
	case CFI_REGISTER_SAME:
		rule->frame_pointer = UNWIND_FRAME_POINTER_SAME;
		return true;
	case CFI_REGISTER_UNDEFINED:
		rule->frame_pointer = UNWIND_FRAME_POINTER_LOST;
		return true;
	case CFI_REGISTER_AT_CFA:
		rule->frame_pointer = UNWIND_FRAME_POINTER_AT_CFA;
		return set_offset(&rule->frame_pointer_offset, source->offset);
	default:
		rule->frame_pointer = UNWIND_FRAME_POINTER_AT_SELF;
		return is_at_frame_pointer(architecture, source, &rule->frame_pointer_offset);
	}
}

/** The stack pointer in the caller is the CFA, unless a row says otherwise. */
static bool stack_pointer_is_cfa(const struct architecture *architecture, const struct cfi_row *row)
{
	const struct cfi_register_rule *source =
		&row->registers->rules[architecture->stack_pointer_register];

	return source->kind == CFI_REGISTER_UNSPECIFIED ||
	       (source->kind == CFI_REGISTER_IS_CFA && !source->offset);
}

struct unwind_rule unwind_rule_make(const struct architecture *architecture,
				    const struct cfi_row *row)
{
	const struct cfi_register_rule *return_address =
		&row->registers->rules[architecture->return_address_register];
	struct unwind_rule rule = { 0 };

	/* Where there is no caller the rest of the row says nothing. */
	if (return_address->kind == CFI_REGISTER_UNDEFINED) {
		rule.kind = UNWIND_RULE_ROOT;
		return rule;
	}
	if (return_address->kind != CFI_REGISTER_AT_CFA ||
	    !set_offset(&rule.return_address_offset, return_address->offset) ||
	    !make_cfa(architecture, row, &rule) || !make_frame_pointer(architecture, row, &rule) ||
	    !stack_pointer_is_cfa(architecture, row))
		return (struct unwind_rule){ .kind = UNWIND_RULE_FULL };
	return rule;
}

bool unwind_saves_make(const struct architecture *architecture, const struct cfi_row *row,
		       struct unwind_saves *ret)
{
	struct unwind_saves saves = { 0 };

	for (size_t i = 0; i < architecture->n_callee_saved_registers; i++) {
		const struct cfi_register_rule *source =
			&row->registers->rules[architecture->callee_saved_registers[i]];
		uint16_t bit = (uint16_t)(1U << i);

		switch (source->kind) {
		case CFI_REGISTER_UNSPECIFIED:
		case CFI_REGISTER_SAME:
			break;
		case CFI_REGISTER_UNDEFINED:
			saves.lost_mask |= bit;
			break;
		case CFI_REGISTER_AT_CFA:
			saves.at_cfa_mask |= bit;
			if (!set_offset(&saves.offsets[i], source->offset))
				return false;
			break;
		default:
			saves.at_frame_pointer_mask |= bit;
			if (!is_at_frame_pointer(architecture, source, &saves.offsets[i]))
				return false;
		}
	}
	*ret = saves;
	return true;
}
