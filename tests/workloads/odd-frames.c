/*
 * Frames whose size only the running program knows. Half of the time each in
 * main -> variable_frame -> spin_below and main -> realigned_frame -> spin_below.
 */
#include "work.h"

#include <alloca.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static void spin_below(volatile char *room, unsigned int ms)
{
	WORK_MS(ms);
	work_sink += (unsigned char)room[0];
}

__attribute__((noinline)) static void variable_frame(unsigned int size_bytes, unsigned int ms)
{
	char *room = alloca(size_bytes);

	memset(room, 1, size_bytes);
	spin_below(room, ms);
	work_sink++;
}

__attribute__((noinline)) static void realigned_frame(unsigned int size_bytes, unsigned int ms)
{
	char block[256] __attribute__((aligned(128)));
	char *room = alloca(size_bytes);

	memset(block, 2, sizeof(block));
	memset(room, 3, size_bytes);
	spin_below(block, ms);
	work_sink += (unsigned char)room[size_bytes - 1];
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;

	for (unsigned int done = 0; done < ms; done += 20) {
		variable_frame(16 + done % 4000, 10);
		realigned_frame(16 + done % 4000, 10);
	}
	return 0;
}
