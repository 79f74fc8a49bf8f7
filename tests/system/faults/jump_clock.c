/*
 * LD_PRELOAD: the clock of the wall is set back by ten years a second after the start, as when
 * somebody sets it or the battery of a small machine is empty. Only for the program itself: what
 * it starts has an empty LD_PRELOAD by then.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define JUMP_S (10L * 365 * 86400)

static struct timespec begin_time;

static int read_clock(clockid_t clock, struct timespec *ret)
{
	return (int)syscall(SYS_clock_gettime, clock, ret);
}

__attribute__((constructor)) static void begin(void)
{
	unsetenv("LD_PRELOAD");
	read_clock(CLOCK_MONOTONIC, &begin_time);
}

static long jump_s(void)
{
	struct timespec now;

	read_clock(CLOCK_MONOTONIC, &now);
	return now.tv_sec > begin_time.tv_sec ? JUMP_S : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int status = read_clock(clock, ret);

	if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec -= jump_s();
	return status;
}

int gettimeofday(struct timeval *restrict ret, void *restrict)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
