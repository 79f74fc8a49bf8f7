/*
 * Deep stacks of code with frame pointers, and traps for anyone who follows these: four callers
 * take turns of `turn` microseconds (second argument, default 300) to call `depth` frames (third,
 * default 100) of 1 KiB or so. Two of the callers keep no frame pointer, and with a fourth
 * argument N each Nth frame is called through the libc's qsort(), which mostly keeps none either.
 * Half of the time in the main thread, half in another. (See meson.build: frame-chains-bare is the
 * same without any frame pointers.)
 */
#include "work.h"

#include <pthread.h>
#include <stdlib.h>

#define ROOM_BYTES 1000

static unsigned int turn_us = 300;
static unsigned int half_ms = 500;
static unsigned int frames = 100;
static unsigned int sort_every;

/* Of the present call of descend_sorted(). */
static _Thread_local unsigned int sorted_depth;

static void descend(unsigned int depth);

static void spin(void)
{
	uint64_t end_ns = thread_cpu_ns() + turn_us * UINT64_C(1000);

	do {
		for (unsigned int i = 0; i < 2000; i++)
			work_sink += i;
	} while (thread_cpu_ns() < end_ns);
}

static int compare(const void *a, const void *b)
{
	if (sorted_depth) {
		unsigned int depth = sorted_depth;

		sorted_depth = 0;
		descend(depth - 1);
	}
	return *(const char *)a - *(const char *)b;
}

__attribute__((noinline, noclone)) static void descend(unsigned int depth)
{
	volatile char room[ROOM_BYTES];

	room[0] = (char)depth;
	if (!depth) {
		spin();
	} else if (sort_every && depth % sort_every == 0) {
		char pair[2] = { 2, 1 };

		sorted_depth = depth;
		qsort(pair, 2, 1, compare);
	} else {
		descend(depth - 1);
	}
	work_sink += (unsigned char)room[0];
}

__attribute__((noinline, noclone)) static void from_red(void)
{
	descend(frames);
	work_sink++;
}

__attribute__((noinline, noclone)) static void from_blue(void)
{
	descend(frames);
	work_sink += 2;
}

__attribute__((noinline, noclone, optimize("omit-frame-pointer"))) static void from_bare_red(void)
{
	descend(frames);
	work_sink += 3;
}

__attribute__((noinline, noclone, optimize("omit-frame-pointer"))) static void from_bare_blue(void)
{
	descend(frames);
	work_sink += 4;
}

static void *take_turns(void *context)
{
	uint64_t end_ns = thread_cpu_ns() + half_ms * UINT64_C(1000000);

	while (thread_cpu_ns() < end_ns) {
		from_red();
		from_blue();
		from_bare_red();
		from_bare_blue();
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
	if (argc > 3)
		frames = (unsigned int)atoi(argv[3]);
	if (argc > 4)
		sort_every = (unsigned int)atoi(argv[4]);
	take_turns(NULL);
	if (pthread_create(&thread, NULL, take_turns, NULL) == 0)
		pthread_join(thread, NULL);
	return 0;
}
