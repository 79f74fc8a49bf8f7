#include "unwind/walk_internal.h"

#include <string.h>

/** The word at @p address of bytes that lay at @p start; false: it is not among them. */
static bool read_word_of(struct bytes bytes, uint64_t start, uint64_t address, size_t size_bytes,
			 uint64_t *ret)
{
	uint64_t position = address - start;
	uint64_t value = 0;

	if (address < start || bytes.size < size_bytes || position > bytes.size - size_bytes)
		return false;
	memcpy(&value, bytes.data + position, size_bytes);
	*ret = value;
	return true;
}

bool walk_read_copied_word(const struct walk *walk, uint64_t address, uint64_t *ret)
{
	const size_t size_bytes = walk->architecture->is_64_bit ? 8 : 4;

	if (read_word_of(walk->stack->bytes, walk->stack_start, address, size_bytes, ret))
		return true;
	for (size_t i = 0; i < walk->stack->n_pieces; i++) {
		const struct stack_piece *piece = &walk->stack->pieces[i];

		if (read_word_of(piece->bytes, piece->address, address, size_bytes, ret))
			return true;
	}
	return false;
}

bool walk_read_word(const struct walk *walk, uint64_t address, uint64_t *ret)
{
	if (walk_read_copied_word(walk, address, ret))
		return true;
	if (!walk->extent->missing)
		walk->extent->missing = address;
	return walk_read_word_beyond(walk, address, ret);
}

enum stack_end walk_read_failure(const struct walk *walk)
{
	return walk->stack->bytes.size ? STACK_END_COPY_ENDED : STACK_END_NO_COPY;
}

/** Position of a register in the list of callee-saved ones; false: it is not one. */
static bool find_callee_saved(const struct architecture *architecture, uint32_t number,
			      size_t *index_ret)
{
	for (size_t i = 0; i < architecture->n_callee_saved_registers; i++) {
		if (architecture->callee_saved_registers[i] == number) {
			*index_ret = i;
			return true;
		}
	}
	return false;
}

static bool registers_get(const struct registers *registers, uint32_t number, uint64_t *ret)
{
	if (!(registers->valid_mask >> number & 1))
		return false;
	*ret = registers->values[number];
	return true;
}

/*
 * Looked for only when asked for, which is rare: the last frame that saved it
 * has it, else it is as it was at the base.
 */
static bool find_saved_register(const struct walk *walk, size_t saved_index, uint64_t *ret)
{
	uint16_t bit = (uint16_t)(1U << saved_index);

	for (size_t i = walk->steps->count; i-- > 0;) {
		const struct step *step = &walk->steps->items[i];
		uint64_t address;

		if (!step->saves || (step->saves->lost_mask & bit))
			return false;
		if (step->saves->at_cfa_mask & bit)
			address = step->cfa;
		else if ((step->saves->at_frame_pointer_mask & bit) &&
			 step->frame_pointer < step->cfa)
			address = step->frame_pointer;
		else
			continue;
		address += (uint64_t)(int64_t)step->saves->offsets[saved_index];
		/* The innermost frame may have taken it back already and be about to return. */
		if (i == 0 &&
		    address < walk->base.values[walk->architecture->stack_pointer_register])
			continue;
		return walk_read_word(walk, address, ret);
	}
	return registers_get(&walk->base, walk->architecture->callee_saved_registers[saved_index],
			     ret);
}

bool walk_read_register(const struct walk *walk, uint32_t number, uint64_t *ret)
{
	const struct architecture *architecture = walk->architecture;
	size_t saved_index;

	if (number == architecture->stack_pointer_register) {
		*ret = walk->stack_pointer;
		return true;
	}
	if (number == architecture->instruction_pointer_register) {
		*ret = walk->instruction_pointer;
		return true;
	}
	if (number == architecture->frame_pointer_register) {
		*ret = walk->frame_pointer;
		return walk->has_frame_pointer;
	}
	if (!walk->steps->count)
		return number < architecture->n_registers &&
		       registers_get(&walk->base, number, ret);
	return find_callee_saved(architecture, number, &saved_index) &&
	       find_saved_register(walk, saved_index, ret);
}

void walk_rebase(struct walk *walk, const struct registers *registers)
{
	const struct architecture *architecture = walk->architecture;

	walk->base = *registers;
	step_vector_clear(walk->steps);
	walk->instruction_pointer = registers->values[architecture->instruction_pointer_register];
	walk->stack_pointer = registers->values[architecture->stack_pointer_register];
	walk->has_frame_pointer = registers_get(registers, architecture->frame_pointer_register,
						&walk->frame_pointer);
}

static enum stack_end find_cfa(const struct walk *walk, const struct unwind_rule *rule,
			       uint64_t *ret)
{
	uint64_t cfa;

	if (!walk_read_register(walk, rule->cfa_register, &cfa))
		return STACK_END_BAD_RULE;
	cfa += (uint64_t)(int64_t)rule->cfa_offset;
	if (rule->kind == UNWIND_RULE_DEREFERENCE) {
		if (!walk_read_word(walk, cfa, &cfa))
			return walk_read_failure(walk);
		cfa += (uint64_t)(int64_t)rule->operand;
	} else if (rule->kind == UNWIND_RULE_PLT) {
		cfa += (int32_t)(walk->instruction_pointer & 15) >= rule->operand ? 8 : 0;
	}
	*ret = cfa;
	return STACK_END_NONE;
}

/*
 * Compilers do not say when the frame pointer was taken back before the return.
 * Its slot is then below the stack pointer, or it points out of the frame already.
 */
static bool is_taken_back(const struct walk *walk, const struct unwind_rule *rule, uint64_t cfa)
{
	uint64_t address = cfa + (uint64_t)(int64_t)rule->frame_pointer_offset;

	if (!walk->is_exact)
		return false;
	if (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_CFA)
		return address < walk->stack_pointer;
	return walk->has_frame_pointer && walk->frame_pointer >= cfa;
}

static void restore_frame_pointer(struct walk *walk, const struct unwind_rule *rule, uint64_t cfa)
{
	uint64_t address = cfa;

	if (rule->frame_pointer == UNWIND_FRAME_POINTER_SAME || is_taken_back(walk, rule, cfa))
		return;
	if (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_SELF)
		address = walk->frame_pointer;
	if (rule->frame_pointer == UNWIND_FRAME_POINTER_LOST ||
	    (rule->frame_pointer == UNWIND_FRAME_POINTER_AT_SELF && !walk->has_frame_pointer)) {
		walk->has_frame_pointer = false;
		return;
	}
	address += (uint64_t)(int64_t)rule->frame_pointer_offset;
	walk->has_frame_pointer = walk_read_word(walk, address, &walk->frame_pointer);
}

enum stack_end walk_step_by_rule(struct walk *walk, const struct site *site)
{
	const struct unwind_rule *rule = site->rule;
	uint64_t return_address;
	enum stack_end end;
	uint64_t cfa = 0;

	end = find_cfa(walk, rule, &cfa);
	if (end != STACK_END_NONE)
		return end;
	if (cfa <= walk->stack_pointer)
		return STACK_END_STUCK;
	if (!walk_read_word(walk, cfa + (uint64_t)(int64_t)rule->return_address_offset,
			    &return_address))
		return walk_read_failure(walk);
	step_vector_append(walk->steps,
			   (struct step){ .saves = unwind_table_saves(site->table, rule),
					  .cfa = cfa,
					  .frame_pointer = walk->frame_pointer });
	restore_frame_pointer(walk, rule, cfa);
	walk->instruction_pointer = return_address;
	walk->stack_pointer = cfa;
	walk->is_exact = rule->is_signal_frame;
	walk->is_by_frame_pointer = false;
	return STACK_END_NONE;
}

void walk_append_frame(const struct walk *walk, const struct site *site,
		       struct address_frame_vector *frames)
{
	struct address_frame frame = {
		.runtime_address = walk->instruction_pointer,
		.object = site->object,
	};

	if (!walk->is_exact && !site->rule->is_signal_frame)
		frame.flags |= ADDRESS_FRAME_IS_RETURN;
	if (walk->is_by_frame_pointer)
		frame.flags |= ADDRESS_FRAME_BY_FRAME_POINTER;
	if (walk->live->n_words || walk->is_along_chain)
		frame.flags |= ADDRESS_FRAME_IS_RECOVERED;
	if (site->elf_address)
		frame.elf_address = site->elf_address + (walk->is_exact ? 0 : 1);
	address_frame_vector_append(frames, frame);
}

enum stack_end walk_step(struct walk *walk, const struct site *site)
{
	if (!walk->is_exact && site->end_for_callers != STACK_END_NONE)
		return site->end_for_callers;
	switch ((enum unwind_rule_kind)site->rule->kind) {
	case UNWIND_RULE_ROOT:
		return STACK_END_ROOT;
	case UNWIND_RULE_BAD:
		return STACK_END_BAD_RULE;
	case UNWIND_RULE_REGISTER:
	case UNWIND_RULE_DEREFERENCE:
	case UNWIND_RULE_PLT:
		return walk_step_by_rule(walk, site);
	case UNWIND_RULE_FULL:
		return walk_step_by_full_row(walk, site);
	case UNWIND_RULE_GAP:
		break;
	}
	return walk_step_by_guess(walk, site);
}
