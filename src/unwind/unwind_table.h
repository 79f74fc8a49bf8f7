#pragma once

/**
 * The unwind information of one ELF object as a table: 4 bytes a row (the low
 * half of the address and a rule's number), an index of 64 KiB pages, and the
 * few hundred different rules once each.
 */

#include "unwind/cfi.h"

/** How the CFA (the stack pointer in the caller, after return) is found. */
enum unwind_rule_kind {
	UNWIND_RULE_GAP,         /**< No unwind information here. */
	UNWIND_RULE_ROOT,        /**< The return address is undefined: the outermost frame. */
	UNWIND_RULE_BAD,         /**< Unwind information that could not be read. */
	UNWIND_RULE_REGISTER,    /**< cfa_register + cfa_offset. */
	UNWIND_RULE_DEREFERENCE, /**< *(cfa_register + cfa_offset) + operand. */
	/** cfa_register + cfa_offset + ((instruction pointer & 15) >= operand) * 8. */
	UNWIND_RULE_PLT,
	/** Anything else: run call frame instructions number `operand` of the table again. */
	UNWIND_RULE_FULL,
};

enum unwind_frame_pointer_rule {
	UNWIND_FRAME_POINTER_SAME,
	UNWIND_FRAME_POINTER_AT_CFA,  /**< Saved at CFA + frame_pointer_offset. */
	UNWIND_FRAME_POINTER_AT_SELF, /**< Saved at itself + frame_pointer_offset (realigned). */
	UNWIND_FRAME_POINTER_LOST,
};

struct unwind_rule {
	uint8_t kind; /**< enum unwind_rule_kind */
	uint8_t cfa_register;
	uint8_t frame_pointer; /**< enum unwind_frame_pointer_rule */
	bool is_signal_frame;  /**< The caller was interrupted and did not call. */
	int32_t cfa_offset;
	int32_t frame_pointer_offset;
	int32_t return_address_offset; /**< From the CFA. */
	int32_t operand;
	uint32_t saves_index; /**< Of unwind_table_saves(). */
};

/**
 * Where the callee-saved registers are, beside the frame pointer. Bit and index
 * N are about architecture->callee_saved_registers[N]; no bit set: unchanged.
 */
struct unwind_saves {
	uint16_t at_cfa_mask;           /**< Saved at CFA + offset. */
	uint16_t at_frame_pointer_mask; /**< Saved at frame pointer + offset (realigned). */
	uint16_t lost_mask;
	uint16_t zero; /**< Compared and hashed as bytes: no padding. */
	int32_t offsets[ARCHITECTURE_CALLEE_SAVED_MAX];
};

struct unwind_table;

struct unwind_table_input {
	const struct architecture *architecture;
	const char *name; /**< Of the object, for messages; borrowed. */

	/** Rows outside are dropped: linkers leave entries of deleted functions at 0. */
	uint64_t code_start;
	uint64_t code_end;

	/**
	 * Where two sections speak of the same code, the first is believed. Bytes are
	 * borrowed and must outlive the table.
	 */
	const struct cfi_section *sections;
	size_t n_sections;
};

/** The most code one table covers; larger is not possible with 32-bit displacements. */
#define UNWIND_TABLE_CODE_SIZE_MAX_BYTES (UINT64_C(4) << 30)

/** Fails only when there is not one usable row. */
struct error *unwind_table_create(const struct unwind_table_input *input,
				  struct unwind_table **ret) MUST_CHECK;
void unwind_table_destroy(struct unwind_table *table);

/** The rule that holds at @p elf_address; a GAP rule where nothing is known. Never NULL. */
const struct unwind_rule *unwind_table_find(const struct unwind_table *table, uint64_t elf_address);

const struct unwind_saves *unwind_table_saves(const struct unwind_table *table,
					      const struct unwind_rule *rule);

/**
 * The whole row at @p elf_address for a rule of kind FULL, run again from its
 * instructions; false: they are damaged.
 */
bool unwind_table_full_row(struct unwind_table *table, const struct unwind_rule *rule,
			   uint64_t elf_address, struct cfi_row *ret);

struct unwind_table_statistics {
	size_t n_rows;
	size_t n_rules;
	size_t n_fdes;
	size_t n_bad_fdes; /**< Unreadable or of no code; what they were for is a gap or BAD. */
	size_t size_bytes; /**< All memory kept. */
};

struct unwind_table_statistics unwind_table_statistics(const struct unwind_table *table);

/** Row @p index in order of address, for tests and dumps; false: past the last. */
bool unwind_table_row(const struct unwind_table *table, size_t index, uint64_t *elf_address_ret,
		      const struct unwind_rule **rule_ret);
