#pragma once

/**
 * DWARF expressions, as far as call frame information may use them: DWARF 5
 * sections 2.5 and 6.4.2. Bounded in steps and depth.
 */

#include "arch/architecture.h"
#include "base/bytes.h"

/** A backward branch may loop; no real expression takes more. */
#define EXPRESSION_STEPS_MAX 1000
#define EXPRESSION_DEPTH_MAX 64

/** Real ones have some ten; longer ones are damage. */
#define EXPRESSION_SIZE_MAX_BYTES 1024

enum expression_result {
	EXPRESSION_OK,
	EXPRESSION_INVALID,     /**< Damaged, too long, or an operation of another context. */
	EXPRESSION_NO_REGISTER, /**< Needs a register nobody knows. */
	EXPRESSION_NO_MEMORY,   /**< Needs memory that was not copied. */
};

/** What an expression may look at. Each callback returns false for "not known". */
struct expression_environment {
	const struct architecture *architecture;
	bool (*read_register)(void *context, uint32_t number, uint64_t *ret);
	/** The word (8 or 4 bytes, as the CPU has it) at @p address. */
	bool (*read_word)(void *context, uint64_t address, uint64_t *ret);
	void *context;
};

/**
 * @param initial  Pushed first if not NULL: the CFA, for the rules of registers.
 */
enum expression_result expression_evaluate(struct bytes expression,
					   const struct expression_environment *environment,
					   const uint64_t *initial, uint64_t *ret);

/** `register + offset`. */
struct expression_register_offset {
	uint32_t register_number;
	int64_t offset;
};

/** Whether the expression is `register + offset` and nothing else. */
bool expression_match_register_offset(struct bytes expression,
				      struct expression_register_offset *ret);

/** `*(register + offset) + addend`: realigned frames, and stack pointers kept in memory. */
struct expression_dereference {
	struct expression_register_offset address;
	int64_t addend;
};

bool expression_match_dereference(struct bytes expression, struct expression_dereference *ret);

/**
 * `stack pointer + offset + ((instruction pointer & 15) >= threshold) * 8`: what linkers
 * write for all entries of .plt at once, each of which pushes once on its way.
 */
struct expression_plt {
	int64_t offset;
	uint8_t threshold;
};

bool expression_match_plt(struct bytes expression, const struct architecture *architecture,
			  struct expression_plt *ret);
