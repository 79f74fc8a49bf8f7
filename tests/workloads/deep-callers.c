/*
 * A trap for anyone who looks at a stack later than the sample: from_red and from_blue take
 * turns to call the same 400 frames of descend(), which lie at the same addresses with the same
 * contents both times. The turns last `turn` microseconds (second argument, default 2000).
 */
#include "work.h"

#include <stdlib.h>

static unsigned int turn_us = 2000;

static void spin(uint64_t end_ns)
{
	do {
		for (unsigned int i = 0; i < 2000; i++)
			work_sink += i;
	} while (thread_cpu_ns() < end_ns);
}

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static unsigned int
descend(unsigned int depth, volatile char *outer)
{
	volatile char room[64];

	room[0] = (char)depth;
	if (depth)
		return descend(depth - 1, room) + (unsigned char)room[0];
	spin(thread_cpu_ns() + turn_us * UINT64_C(1000));
	return (unsigned char)room[0];
}

__attribute__((noinline, noclone)) static void from_red(unsigned int depth)
{
	work_sink += descend(depth, NULL);
}

__attribute__((noinline, noclone)) static void from_blue(unsigned int depth)
{
	work_sink += descend(depth, NULL) + 1;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	uint64_t end_ns = thread_cpu_ns() + ms * UINT64_C(1000000);

	if (argc > 2)
		turn_us = (unsigned int)atoi(argv[2]);
	while (thread_cpu_ns() < end_ns) {
		from_red(400);
		from_blue(400);
	}
	return 0;
}
