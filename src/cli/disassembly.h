#pragma once

/** Machine code as text, by objdump(1) if there is one. */

#include "base/error.h"
#include "base/vector.h"

struct instruction {
	uint64_t elf_address;
	char *text; /**< "mov    %rax,(%rdi)" */
};

DEFINE_VECTOR(instruction_vector, struct instruction)

/**
 * @param objdump  Its name or path.
 * @return ERROR_NOT_FOUND when there is no objdump, or what it says is wrong with the file.
 */
struct error *disassembly_read(const char *objdump, const char *path, uint64_t start_elf_address,
			       uint64_t end_elf_address, struct instruction_vector *ret) MUST_CHECK;
void disassembly_deinit(struct instruction_vector *instructions);
