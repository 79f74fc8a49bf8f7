#pragma once

/** A callchain from a CPU's record of branches (LBR), for samples that have no other. */

#include "base/vector.h"
#include "record/record.h"

/**
 * Call sites, innermost first, without the sampled instruction itself: all entries where the
 * hardware keeps a call stack or records calls alone; where it says of what type each branch
 * is, the calls that have not returned. Nothing where types are not known: jumps are no
 * callers.
 *
 * @param branch_sample_type  Of the event (PERF_SAMPLE_BRANCH_*).
 * @param ret                 Replaced.
 */
void branch_chain(const struct sample_record *sample, uint64_t branch_sample_type,
		  struct address_vector *ret);
