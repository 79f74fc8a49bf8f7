#pragma once

/** From a row of call frame information to a compact rule. */

#include "unwind/unwind_table.h"

/**
 * The rule of @p row without saves_index; kind FULL (operand 0) when the row does
 * not fit a compact rule.
 */
struct unwind_rule unwind_rule_make(const struct architecture *architecture,
				    const struct cfi_row *row);

/** The callee-saved registers of @p row; false: they do not fit. */
bool unwind_saves_make(const struct architecture *architecture, const struct cfi_row *row,
		       struct unwind_saves *ret);
