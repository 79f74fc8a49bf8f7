#pragma once

/** Copies records out of a ring, leaving behind the unused part of stack copies. */

#include "base/vector.h"
#include "record/record.h"

/**
 * Append @p record to @p bytes. A sample's PERF_SAMPLE_STACK_USER area is as large as
 * asked for however short the stack was; only what the kernel filled in is kept, and
 * the sizes in the record are made to fit. Other records are copied as they are.
 *
 * @param layouts  With IDENTIFIER, and without sample fields behind STACK_USER, as rung.c asks.
 */
void sample_trim_append(struct byte_vector *bytes, const struct record_layout_table *layouts,
			struct bytes record);
