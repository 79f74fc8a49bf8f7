#pragma once

/** The noun behind a count: "1 sample", "2 samples". */

#include <stdint.h>

/** @p one for a count of one, else @p many; both behind "%... %s". */
static inline const char *count_noun(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}
