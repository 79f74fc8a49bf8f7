/*
 * A small stack with pages in it that were never touched: under a frame of 40 KiB, of which only
 * the innermost bytes are used, lie 20 small ones. The kernel copies a stack up to such a page.
 * All samples but the start's are in main, room_for_much, descend (21 times), work_until.
 */
#include "work.h"

#include <stdlib.h>

#define ROOM_BYTES (40 * 1024)

__attribute__((noinline, noclone)) static void work_until(uint64_t end_ns)
{
	do {
		for (unsigned int i = 0; i < 2000; i++)
			work_sink += i;
	} while (thread_cpu_ns() < end_ns);
}

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static void
descend(unsigned int depth, uint64_t end_ns)
{
	if (depth)
		descend(depth - 1, end_ns);
	else
		work_until(end_ns);
	work_sink++;
}

__attribute__((noinline, noclone)) static void room_for_much(uint64_t end_ns)
{
	volatile char room[ROOM_BYTES];

	room[0] = 1;
	descend(20, end_ns);
	work_sink += (unsigned char)room[0];
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;

	room_for_much(thread_cpu_ns() + ms * UINT64_C(1000000));
	return 0;
}
