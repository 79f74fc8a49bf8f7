#pragma once

/**
 * Call frame information: .eh_frame and .debug_frame, read and run.
 *
 * First all FDEs are listed (cfi_read_fdes), then the instructions of each are
 * run into rows (cfi_run): "from this address on, this is how the caller's
 * registers are found".
 *
 * Source: DWARF 5 section 6.4; LSB 5.0 core, "Exception Frames" (.eh_frame and
 * its pointer encodings); GNU extensions as binutils documents them.
 */

#include "arch/architecture.h"
#include "base/bytes.h"
#include "base/vector.h"

enum cfi_register_rule_kind {
	CFI_REGISTER_UNSPECIFIED, /**< No rule: the ABI's habit. */
	CFI_REGISTER_UNDEFINED,
	CFI_REGISTER_SAME,
	CFI_REGISTER_AT_CFA,        /**< Saved at CFA + offset. */
	CFI_REGISTER_IS_CFA,        /**< Its value is CFA + offset. */
	CFI_REGISTER_IN_REGISTER,   /**< Its value is in register number `offset`. */
	CFI_REGISTER_AT_EXPRESSION, /**< Saved at the address of the expression. */
	CFI_REGISTER_IS_EXPRESSION, /**< Its value is the expression's. */
};

struct cfi_register_rule {
	enum cfi_register_rule_kind kind;
	uint32_t expression_size_bytes;

	union {
		int64_t offset;
		const uint8_t *expression; /**< Borrowed from the section. */
	};
};

/** The rules of all registers. */
struct cfi_registers {
	uint64_t hash; /**< Of the rules. */
	struct cfi_register_rule rules[ARCHITECTURE_REGISTERS_MAX];
};

/** What holds from one address to the next row's. */
struct cfi_row {
	struct bytes cfa_expression; /**< data NULL: CFA = cfa_register + cfa_offset. */
	int64_t cfa_offset;
	uint32_t cfa_register;
	/** Borrowed from the cfi; the same pointer if and only if the rules are the same. */
	const struct cfi_registers *registers;
};

/** One function's part. */
struct cfi_fde {
	uint64_t start; /**< Elf addresses. */
	uint64_t end;
	struct bytes instructions; /**< Borrowed from the section. */
	uint32_t cie_index;
};

DEFINE_VECTOR(cfi_fde_vector, struct cfi_fde)

/** One section of call frame information. */
struct cfi_section {
	const char *name; /**< For messages; borrowed. */
	struct bytes bytes;
	uint64_t address; /**< Elf address of bytes.data[0]. */
	bool is_debug_frame;
	/** The bytes may run on after the end: a zero terminator ends them (no section headers). */
	bool ends_at_terminator;
};

struct cfi;

/** @param section  Copied; its bytes are borrowed and must outlive the result. */
struct cfi *cfi_create(const struct architecture *architecture, const struct cfi_section *section);
void cfi_destroy(struct cfi *cfi);

/**
 * List all FDEs, in the order of the file. An entry that cannot be read is
 * counted and passed over as long as its length is sound.
 *
 * @param fdes_ret  Appended to, also on failure: what was found before the damage.
 */
struct error *cfi_read_fdes(struct cfi *cfi, struct cfi_fde_vector *fdes_ret,
			    size_t *n_bad_ret) MUST_CHECK;

/** Takes the row that holds from @p address on. */
typedef void cfi_row_function(void *context, uint64_t address, const struct cfi_row *row);

/** Run the instructions of @p fde; rows come in ascending order, each address once. */
struct error *cfi_run(struct cfi *cfi, const struct cfi_fde *fde, cfi_row_function *take_row,
		      void *context) MUST_CHECK;

/** The CIE's augmentation has an 'S': the frame of a signal handler's caller. */
bool cfi_is_signal_frame(const struct cfi *cfi, const struct cfi_fde *fde);
