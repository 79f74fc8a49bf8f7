/*
 * Stacks that no copy of 64 KiB reaches the end of: under a frame of 540 KiB, most of which is
 * never touched, lie 60 small ones. from_red and from_blue take turns of `turn` microseconds
 * (second argument, default 300) to call it, at the same addresses; whose turn it is shows in
 * the leaf, red_leaf or blue_leaf. Half of the time in the main thread, half in another.
 */
#include "work.h"

#include <pthread.h>
#include <stdlib.h>

#define HUGE_FRAME_BYTES (540 * 1024)

static unsigned int turn_us = 300;
static unsigned int half_ms = 500;

static void spin(void)
{
	uint64_t end_ns = thread_cpu_ns() + turn_us * UINT64_C(1000);

	do {
		for (unsigned int i = 0; i < 2000; i++)
			work_sink += i;
	} while (thread_cpu_ns() < end_ns);
}

__attribute__((noinline, noclone)) static void red_leaf(void)
{
	spin();
	work_sink++;
}

__attribute__((noinline, noclone)) static void blue_leaf(void)
{
	spin();
	work_sink += 2;
}

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static void
descend(unsigned int depth, void (*leaf)(void))
{
	if (depth)
		descend(depth - 1, leaf);
	else
		leaf();
	work_sink++;
}

__attribute__((noinline, noclone)) static void huge_frame(void (*leaf)(void))
{
	volatile char room[HUGE_FRAME_BYTES];

	room[0] = 1;
	descend(60, leaf);
	work_sink += (unsigned char)room[0];
}

__attribute__((noinline, noclone)) static void from_red(void)
{
	huge_frame(red_leaf);
	work_sink++;
}

__attribute__((noinline, noclone)) static void from_blue(void)
{
	huge_frame(blue_leaf);
	work_sink += 2;
}

static void *take_turns(void *context)
{
	uint64_t end_ns = thread_cpu_ns() + half_ms * UINT64_C(1000000);

	while (thread_cpu_ns() < end_ns) {
		from_red();
		from_blue();
	}
	return context;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1)
		half_ms = (unsigned int)atoi(argv[1]) / 2;
	if (argc > 2)
		turn_us = (unsigned int)atoi(argv[2]);
	take_turns(NULL);
	if (pthread_create(&thread, NULL, take_turns, NULL) == 0)
		pthread_join(thread, NULL);
	return 0;
}
