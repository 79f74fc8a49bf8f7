/*
 * 70 % of the time in work_seventy, 30 % in work_thirty, both called through
 * main -> run_both -> dispatch (an indirect call).
 */
#include "work.h"

#include <stdlib.h>

typedef void worker(unsigned int ms);

__attribute__((noinline)) static void work_seventy(unsigned int ms)
{
	WORK_MS(ms * 7 / 10);
	work_sink++;
}

__attribute__((noinline)) static void work_thirty(unsigned int ms)
{
	WORK_MS(ms * 3 / 10);
	work_sink++;
}

__attribute__((noinline, noclone)) static void dispatch(worker *const *workers, unsigned int n,
					       unsigned int ms)
{
	for (unsigned int i = 0; i < n; i++)
		workers[i](ms);
	work_sink++;
}

__attribute__((noinline)) static void run_both(unsigned int ms)
{
	worker *const workers[] = { work_seventy, work_thirty };

	/* Small slices, so that the two are spread over the run. */
	for (unsigned int done = 0; done < ms; done += 100)
		dispatch(workers, 2, 100);
	work_sink++;
}

int main(int argc, char **argv)
{
	run_both(argc > 1 ? (unsigned int)atoi(argv[1]) : 1000);
	return 0;
}
