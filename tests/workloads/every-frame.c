/*
 * Takes turns in frames of every sort: recursion, alloca, realigned frames, signal handlers (also
 * on a stack of their own, also of a fault), functions called through the procedure linkage table
 * and called back from a library, the vdso, after a long jump; then all again in a thread. The
 * argument is a number of rounds. Its profile must have the chains that its source has.
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

volatile unsigned long sink;
static jmp_buf jump;

NOINLINE void spin(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		sink += i * 2654435761u;
}

NOINLINE void recursive(int depth, unsigned long n)
{
	volatile char room[40];

	room[depth % 40] = (char)depth;
	if (depth > 0)
		recursive(depth - 1, n);
	else
		spin(n);
	sink += (unsigned char)room[depth % 40];
}

NOINLINE void variable_frame(size_t size, unsigned long n)
{
	char *room = alloca(size);

	memset(room, 1, size);
	spin(n);
	sink += (unsigned char)room[size / 2];
}

NOINLINE void realigned_frame(size_t size, unsigned long n)
{
	char block[256] __attribute__((aligned(64)));
	char *room = alloca(size);

	memset(block, 2, sizeof(block));
	memset(room, 3, size);
	spin(n);
	sink += (unsigned char)room[size - 1] + (unsigned char)block[n % 256];
}

static void on_signal(int number)
{
	(void)number;
	spin(40000);
	sink++;
}

NOINLINE void interrupted(int number)
{
	raise(number);
	sink++;
}

NOINLINE void faulting(void)
{
	__asm__ volatile("ud2");
	sink++;
}

static void on_illegal(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)number, (void)info;
	spin(40000);
	interrupted->uc_mcontext.gregs[REG_RIP] += 2;
}

static int compare(const void *left, const void *right)
{
	const unsigned int *a = left, *b = right;

	spin(20);
	return *a < *b ? -1 : *a > *b;
}

NOINLINE void sorting(unsigned int n)
{
	unsigned int *numbers = malloc(n * sizeof(*numbers));

	for (unsigned int i = 0; i < n; i++)
		numbers[i] = (i * 2654435761u) >> 7;
	qsort(numbers, n, sizeof(*numbers), compare);
	sink += numbers[n / 2];
	free(numbers);
}

NOINLINE void clocks(unsigned int n)
{
	struct timespec now;

	for (unsigned int i = 0; i < n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		sink += (unsigned long)now.tv_nsec;
	}
}

NOINLINE void small_calls(unsigned int n)
{
	char text[64];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%u %s %x", i, "abc", i * 7);
		sink += strlen(text) + (unsigned long)atoi(text) + (unsigned long)abs((int)sink);
	}
}

NOINLINE void jumping(unsigned long n)
{
	if (setjmp(jump) == 0)
		longjmp(jump, 1);
	spin(n);
	sink++;
}

NOINLINE void round_of_all(unsigned int round)
{
	recursive(1 + (int)(round % 50), 40000);
	variable_frame(16 + round % 2000, 40000);
	realigned_frame(16 + round % 2000, 40000);
	interrupted(SIGUSR1);
	interrupted(SIGUSR2);
	faulting();
	sorting(300);
	clocks(1000);
	small_calls(300);
	jumping(40000);
}

static void *in_thread(void *argument)
{
	for (unsigned int i = 0; i < (unsigned int)(uintptr_t)argument; i++)
		round_of_all(i);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? (unsigned int)atoi(argv[1]) : 100;
	stack_t other = { .ss_sp = malloc(65536), .ss_size = 65536 };
	pthread_t thread;

	sigaltstack(&other, NULL);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGUSR2, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_ONSTACK },
		  NULL);
	sigaction(SIGILL, &(struct sigaction){ .sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO },
		  NULL);
	for (unsigned int i = 0; i < n; i++)
		round_of_all(i);
	pthread_create(&thread, NULL, in_thread, (void *)(uintptr_t)(n / 2));
	pthread_join(thread, NULL);
	return 0;
}
