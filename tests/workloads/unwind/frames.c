/**
 * Every way a frame can look: leaf, variable size, realigned, deep, through the
 * PLT (lazily bound), interrupted by a signal, jumped out of.
 */

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static volatile int sink;
static volatile sig_atomic_t n_signals;
static jmp_buf way_out;

NOINLINE static int leaf(int value)
{
	return value * 3 + 1;
}

NOINLINE static int with_alloca(int size)
{
	char *room = alloca((size_t)size);

	memset(room, size, (size_t)size);
	sink += room[size / 2];
	return leaf(size);
}

NOINLINE static int realigned(int value)
{
	struct {
		int values[16];
	} __attribute__((aligned(64))) block;

	for (int i = 0; i < 16; i++)
		block.values[i] = leaf(value + i);
	sink += block.values[value & 15];
	return sink;
}

/* A frame pointer, a realigned stack and a stack that changes its size. */
NOINLINE static int realigned_with_alloca(int value)
{
	struct {
		int values[16];
	} __attribute__((aligned(64))) block;

	char *room = alloca((size_t)value + 1);

	memset(&block, value, sizeof(block));
	room[0] = (char)realigned(value);
	room[value] = 1;
	sink += room[0] + block.values[value & 15];
	return with_alloca(value + 1);
}

NOINLINE static int big_frame(int value)
{
	char room[600 * 1024];

	room[0] = (char)value;
	room[sizeof(room) - 1] = (char)leaf(value);
	sink += room[value];
	return room[sizeof(room) - 1];
}

NOINLINE static int many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i)
{
	return leaf(a + b + c + d + e + f + g + h + i);
}

NOINLINE static int recurse(int depth)
{
	return depth ? recurse(depth - 1) + leaf(depth) : with_alloca(32);
}

static void handle_signal(int number)
{
	n_signals++;
	sink += leaf(number);
}

NOINLINE static void jump_out(int depth)
{
	if (!depth)
		longjmp(way_out, 1);
	jump_out(depth - 1);
	sink++;
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void call_back_from_library(void)
{
	int values[] = { 3, 1, 4, 1, 5, 9, 2, 6 };

	qsort(values, 8, sizeof(*values), compare);
	sink += values[0];
}

static void start_child(void)
{
	pid_t child = vfork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

int main(void)
{
	signal(SIGUSR1, handle_signal);
	for (int i = 1; i < 4; i++) {
		sink += leaf(i) + with_alloca(100 * i) + realigned(i) + realigned_with_alloca(i);
		sink += big_frame(i) + many_arguments(1, 2, 3, 4, 5, 6, 7, 8, i) + recurse(20);
		raise(SIGUSR1);
		if (!setjmp(way_out))
			jump_out(5);
	}
	call_back_from_library();
	start_child();
	free(strdup("text"));
	printf("%d signals\n", (int)n_signals);
	return n_signals == 3 ? 0 : 1;
}
