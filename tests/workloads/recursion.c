/*
 * All time at the bottom of `depth` frames of recurse() (second argument, default 200):
 * main -> recurse x depth -> bottom. Frames are 48 bytes or so.
 */
#include "work.h"

#include <stdlib.h>

__attribute__((noinline)) static unsigned int bottom(unsigned int ms)
{
	WORK_MS(ms);
	return (unsigned int)work_sink;
}

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static unsigned int
recurse(unsigned int depth, unsigned int ms)
{
	unsigned int result = depth > 1 ? recurse(depth - 1, ms) : bottom(ms);

	work_sink += result;
	return result + depth;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	unsigned int depth = argc > 2 ? (unsigned int)atoi(argv[2]) : 200;

	return recurse(depth, ms) == 0;
}
