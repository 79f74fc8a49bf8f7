#pragma once

/** Random numbers that a seed repeats exactly, on every machine (SplitMix64, public domain). */

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t value = random->state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

/** Evenly among 0 .. @p count - 1; the bias of the multiplication is below 2^-32 * count. */
static inline uint32_t random_below(struct random *random, uint32_t count)
{
	return (uint32_t)(((random_next(random) >> 32) * count) >> 32);
}
