/*
 * Stacks that are never as deep for long: for a time (argument, default 1000 ms) down to `depth`
 * frames (second argument, default 2000) and up again, through functions of three kinds in turn:
 * plain, with an array of a size known at run time, and with arguments on the stack.
 */
#include "work.h"

#include <stdlib.h>

typedef unsigned int (*stair)(unsigned int depth);

static unsigned int plain(unsigned int depth);
static unsigned int with_room(unsigned int depth);
static unsigned int with_arguments(unsigned int depth);

static stair volatile stairs[] = { plain, with_room, with_arguments };

#define NEXT(depth) (depth ? stairs[(depth) % 3](depth - 1) : 0)

__attribute__((noinline, noclone)) static unsigned int plain(unsigned int depth)
{
	return NEXT(depth) + 1;
}

__attribute__((noinline, noclone)) static unsigned int with_room(unsigned int depth)
{
	volatile unsigned char room[16 + depth % 100];

	room[depth % 16] = 1;
	return NEXT(depth) + room[depth % 16];
}

__attribute__((noinline, noclone)) static unsigned int sum(unsigned int a, unsigned int b,
							   unsigned int c, unsigned int d,
							   unsigned int e, unsigned int f,
							   unsigned int g, unsigned int depth)
{
	return NEXT(depth) + (a ^ b ^ c ^ d ^ e ^ f ^ g);
}

__attribute__((noinline, noclone)) static unsigned int with_arguments(unsigned int depth)
{
	return sum(1, 2, 3, 4, 5, 6, 7, depth) + 1;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	unsigned int depth = argc > 2 ? (unsigned int)atoi(argv[2]) : 2000;
	uint64_t end_ns = thread_cpu_ns() + ms * UINT64_C(1000000);

	while (thread_cpu_ns() < end_ns)
		work_sink += plain(depth);
	return 0;
}
