#pragma once

/** Between real and whole numbers, whatever the numbers are: a profile's counts may be hostile. */

#include <stdint.h>

/** The nearest whole number; NaN and what is negative is 0, what is too large UINT64_MAX. */
static inline uint64_t round_u64(double value)
{
	/* The largest double below 2^64 is far enough below it to hold the half. */
	if (!(value > 0))
		return 0;
	return value < 0x1p64 ? (uint64_t)(value + (value < 0x1p52 ? 0.5 : 0)) : UINT64_MAX;
}
