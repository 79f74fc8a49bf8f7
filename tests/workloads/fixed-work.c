/*
 * A fixed amount of work, not of time: what slows the program down shows as longer wall time.
 *
 * usage: fixed-work MS [THREADS [DEPTH]]
 *
 * About MS milliseconds of CPU time on a 2020s machine, shared by THREADS threads (default 1),
 * each of them below DEPTH frames of descend() (default 1).
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MS_STEPS    640000u
#define THREADS_MAX 4096

struct job {
	unsigned int ms, depth;
	uint64_t result;
};

__attribute__((noinline)) static uint64_t mix(uint64_t state, unsigned int n_steps)
{
	for (unsigned int i = 0; i < n_steps; i++)
		state = state * 6364136223846793005u + (state >> 29) + i;
	return state;
}

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static uint64_t
descend(unsigned int depth, unsigned int ms)
{
	uint64_t state = 1;

	if (depth > 1)
		return descend(depth - 1, ms) + depth;
	for (unsigned int i = 0; i < ms; i++)
		state = mix(state, MS_STEPS);
	return state;
}

static void *job_run(void *context)
{
	struct job *job = context;

	job->result = descend(job->depth, job->ms);
	return NULL;
}

static unsigned int argument(int argc, char **argv, int index, unsigned int otherwise)
{
	return argc > index ? (unsigned int)atoi(argv[index]) : otherwise;
}

int main(int argc, char **argv)
{
	static struct job jobs[THREADS_MAX];
	static pthread_t threads[THREADS_MAX];
	unsigned int ms = argument(argc, argv, 1, 1000);
	unsigned int n_threads = argument(argc, argv, 2, 1);
	unsigned int depth = argument(argc, argv, 3, 1);
	uint64_t result = 0;

	if (n_threads < 1 || n_threads > THREADS_MAX)
		return 2;
	for (unsigned int i = 0; i < n_threads; i++) {
		jobs[i] = (struct job){ .ms = ms / n_threads, .depth = depth };
		/* The first thread is this one: a program of one thread has no other. */
		if (i > 0 && pthread_create(&threads[i], NULL, job_run, &jobs[i]) != 0)
			return 1;
	}
	job_run(&jobs[0]);
	for (unsigned int i = 1; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < n_threads; i++)
		result += jobs[i].result;
	printf("%llu\n", (unsigned long long)result);
	return 0;
}
