#pragma once

/*
 * Burning a known amount of CPU time. Inlined everywhere, so that the function that
 * calls it is the leaf.
 */

#include <stdint.h>
#include <time.h>

static inline uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static volatile uint64_t work_sink;

/* Spin until this thread has used @p ms milliseconds more. The clock is read rarely: it is a
 * system call, whose time would be shown under other names. */
#define WORK_MS(ms)                                                                                \
	do {                                                                                       \
		uint64_t end_ns_ = thread_cpu_ns() + (uint64_t)(ms) * 1000000u;                    \
		do {                                                                               \
			for (unsigned int i_ = 0; i_ < 200000; i_++)                               \
				work_sink += i_ * 2654435761u;                                     \
		} while (thread_cpu_ns() < end_ns_);                                               \
	} while (0)
