#include "arch/x86_64/instruction.h"
#include "arch/x86_64/x86_64.h"

/** E9 and EB; FF /4 of a word that the next instruction's address leads to, as linkers make it. */
static bool leaves_by_jump(const struct instruction *instruction, uint64_t next,
			   uint64_t *target_ret)
{
	if (instruction->map != OPCODE_MAP_ONE_BYTE)
		return false;
	*target_ret = next + (uint64_t)(int64_t)instruction->immediate;
	if (instruction->opcode == 0xe9 || instruction->opcode == 0xeb)
		return true;
	*target_ret = CODE_EXIT_ELSEWHERE;
	return instruction->opcode == 0xff && (instruction->reg & 7) == 4 &&
	       instruction->mode == 0 && instruction->base == NO_BASE && !instruction->has_index;
}

static bool is_return(const struct instruction *instruction)
{
	return instruction->map == OPCODE_MAP_ONE_BYTE &&
	       (instruction->opcode == 0xc2 || instruction->opcode == 0xc3);
}

bool x86_64_find_exits(struct bytes code, uint64_t address, struct code_exit_vector *ret)
{
	struct instruction instruction;
	size_t offset = 0;
	uint64_t target;

	while (offset < code.size) {
		struct bytes rest = { code.data + offset, code.size - offset };
		uint64_t here = address + offset;

		if (!instruction_decode(rest, &instruction))
			return false;
		offset += instruction.size_bytes;
		if (is_return(&instruction))
			code_exit_vector_append(ret, (struct code_exit){ here, CODE_EXIT_RETURN });
		else if (leaves_by_jump(&instruction, address + offset, &target) &&
			 (target < address || target - address >= code.size))
			code_exit_vector_append(ret, (struct code_exit){ here, target });
	}
	return true;
}
