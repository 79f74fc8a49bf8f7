/*
 * Four threads, named worker-0 to worker-3, with 1/2, 1/4, 1/8 and 1/8 of the time each in
 * thread_main -> spin.
 */
#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
	unsigned int index, ms;
};

__attribute__((noinline)) static void spin(unsigned int ms)
{
	WORK_MS(ms);
	work_sink++;
}

static void *thread_main(void *context)
{
	const struct job *job = context;
	char name[16];

	snprintf(name, sizeof(name), "worker-%u", job->index);
	pthread_setname_np(pthread_self(), name);
	spin(job->ms);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	struct job jobs[] = { { 0, ms / 2 }, { 1, ms / 4 }, { 2, ms / 8 }, { 3, ms / 8 } };
	pthread_t threads[4];

	for (unsigned int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread_main, &jobs[i]);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
