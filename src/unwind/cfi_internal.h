#pragma once

/** What cfi.c (entries) and cfi_program.c (their instructions) share. */

#include "base/hash_map.h"
#include "unwind/cfi.h"
#include "unwind/cfi_pointer.h"
#include "unwind/cfi_registers.h"

/** Compilers nest DW_CFA_remember_state once; hand-written code hardly deeper. */
#define CFI_REMEMBER_DEPTH_MAX 16

/** Common Information Entry: what the FDEs of one compilation unit share. */
struct cfi_cie {
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding;
	uint8_t address_size_bytes;
	bool has_augmentation_size; /**< 'z': FDEs have augmentation data to skip. */
	bool is_signal_frame;
	bool is_unusable; /**< Damaged or of an unknown kind: so are its FDEs. */
	struct bytes instructions;
	struct cfi_row initial_row; /**< After the CIE's instructions. */
};

DEFINE_VECTOR(cfi_cie_vector, struct cfi_cie)
DEFINE_HASH_MAP(cfi_cie_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct cfi {
	const struct architecture *architecture;
	struct cfi_section section;
	struct cfi_cie_vector cies;
	struct cfi_cie_map cie_by_offset;
	struct cfi_registers_pool registers;
	struct cfi_row remembered[CFI_REMEMBER_DEPTH_MAX];
};

/** Run the instructions of @p cie itself into its initial_row. */
struct error *cfi_run_initial(struct cfi *cfi, struct cfi_cie *cie) MUST_CHECK;

/** A reader over @p part, which lies inside the section. */
static inline struct byte_reader cfi_reader(const struct cfi *cfi, struct bytes part)
{
	struct byte_reader reader = byte_reader_make(part, cfi->section.name);

	reader.origin = (uint64_t)(part.data - cfi->section.bytes.data);
	return reader;
}
