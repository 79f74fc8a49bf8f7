/*
 * Lives in a signal handler: nearly all time is in
 * main -> interrupted -> (signal frame) -> on_signal -> in_handler.
 */
#include "work.h"

#include <signal.h>
#include <stdlib.h>

static unsigned int slice_ms;

__attribute__((noinline)) static void in_handler(void)
{
	WORK_MS(slice_ms);
	work_sink++;
}

static void on_signal(int number)
{
	in_handler();
	work_sink++;
}

__attribute__((noinline)) static void interrupted(unsigned int ms)
{
	for (unsigned int done = 0; done < ms; done += slice_ms) {
		raise(SIGUSR1);
		work_sink++;
	}
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;

	slice_ms = 50;
	signal(SIGUSR1, on_signal);
	interrupted(ms);
	return 0;
}
