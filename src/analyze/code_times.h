#pragma once

/**
 * Run-time code by time: just-in-time compilers use memory again, so that an address can have been
 * two functions in one recording. Samples of the earlier one get a location of its own.
 */

#include "analyze/naming.h"

/** Locations made for code that was replaced. All zero: none. */
struct code_times {
	struct index_vector locations;
};

/**
 * Move samples of code that was replaced later to locations of their own, whose elf address is
 * that of the version (symbolizer_versions()) until they are named. Needs the ticks of such
 * samples, on CLOCK_MONOTONIC; those without are taken for the last version's.
 */
void code_times_split(struct code_times *times, struct profile *profile,
		      const struct object_ids *ids, struct symbolizer *symbolizer);

/** All are named: their addresses are again those that the CPU saw. */
void code_times_finish(struct code_times *times, struct profile *profile);
