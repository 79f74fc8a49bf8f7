/*
 * A fixed amount of work, not of time: what slows the program down shows as longer wall time.
 * One unit (first argument, default 10) is about 100 ms on a 2020s machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT_STEPS 64000000u

__attribute__((noinline)) static uint64_t mix(uint64_t state, unsigned int n_steps)
{
	for (unsigned int i = 0; i < n_steps; i++)
		state = state * 6364136223846793005u + (state >> 29) + i;
	return state;
}

int main(int argc, char **argv)
{
	unsigned int n_units = argc > 1 ? (unsigned int)atoi(argv[1]) : 10;
	uint64_t state = 1;

	for (unsigned int i = 0; i < n_units; i++)
		state = mix(state, UNIT_STEPS);
	printf("%llu\n", (unsigned long long)state);
	return 0;
}
