#pragma once

/**
 * The rules of all registers at once, each combination kept once.
 *
 * A program has some hundred combinations for its millions of rows: with these a row is a few
 * words, two rows have the same registers if they have the same pointer, and a change that was
 * made before is looked up instead of made.
 */

#include "base/arena.h"
#include "base/hash_map.h"
#include "unwind/cfi.h"

/** The biggest programs come to some thousand; a damaged file must not fill the memory. */
#define CFI_REGISTERS_MAX 65536

static inline uint64_t cfi_registers_hash(const struct cfi_registers *registers)
{
	return registers->hash;
}

bool cfi_registers_equal(const struct cfi_registers *a, const struct cfi_registers *b);

DEFINE_HASH_MAP(cfi_registers_map, const struct cfi_registers *, const struct cfi_registers *,
		cfi_registers_hash, cfi_registers_equal)

/** One register's rule replaced. */
struct cfi_registers_change {
	const struct cfi_registers *from; /**< NULL: no change yet. */
	const struct cfi_registers *to;
	struct cfi_register_rule rule;
	uint32_t number;
};

/** Changes remembered; a power of two. Others are made again. */
#define CFI_REGISTERS_CHANGES 1024

/** An all-zero struct holds nothing yet. */
struct cfi_registers_pool {
	struct arena arena;
	struct cfi_registers_map map;
	struct cfi_registers_change *changes; /**< CFI_REGISTERS_CHANGES, by hash; NULL: none. */
};

/** No register has a rule. */
const struct cfi_registers *cfi_registers_none(struct cfi_registers_pool *pool);

/**
 * @p from with the rule of register @p number replaced; valid as long as @p pool. NULL: more than
 * CFI_REGISTERS_MAX combinations.
 */
const struct cfi_registers *cfi_registers_with(struct cfi_registers_pool *pool,
					       const struct cfi_registers *from, uint32_t number,
					       struct cfi_register_rule rule);

void cfi_registers_pool_deinit(struct cfi_registers_pool *pool);
