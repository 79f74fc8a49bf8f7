#pragma once

/**
 * Where an x86-64 instruction ends, and the parts of it that say what it does to the stack.
 *
 * Source: Intel SDM volume 2, chapter 2 (formats) and appendix A (opcode maps).
 */

#include "base/bytes.h"

/** The longest an instruction may be (Intel SDM volume 2, section 2.3.11). */
#define INSTRUCTION_SIZE_MAX_BYTES 15

enum opcode_map {
	OPCODE_MAP_ONE_BYTE,
	OPCODE_MAP_0F,
	OPCODE_MAP_0F38,
	OPCODE_MAP_0F3A,
};

struct instruction {
	uint8_t size_bytes;
	uint8_t map; /**< enum opcode_map */
	uint8_t opcode;
	bool has_operand_size;   /**< Prefix 66. */
	bool is_wide;            /**< REX.W */
	uint8_t opcode_register; /**< Where the opcode's low bits name a register: 0 to 15. */
	bool is_vector; /**< Of VEX or EVEX form: none of these writes a general register that
			   matters to a stack. */
	bool has_mode;  /**< There is a ModRM byte: the next four are valid. */
	uint8_t mode;   /**< 3: `base` is an operand, else memory is. */
	uint8_t reg;    /**< 0 to 15; or, in groups of opcodes, which one (& 7). */
	uint8_t base;   /**< 0 to 15; of memory, or NO_BASE. */
	bool has_index;
	int32_t displacement;
	int32_t immediate; /**< Sign-extended; the first 32 bits of it. */
};

/** The memory operand has no base register, or counts from the next instruction. */
#define NO_BASE 16

/** The instruction that @p code starts with; false: none, or one that is not known. */
bool instruction_decode(struct bytes code, struct instruction *ret);
