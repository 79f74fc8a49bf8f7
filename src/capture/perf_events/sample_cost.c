#include "capture/perf_events/sample_cost.h"

#include "base/attributes.h"
#include "base/clock.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/** Often enough to be felt, far from what would keep the loop from running. */
#define TRIAL_RATE_HZ 10000

#define N_TURNS      7
#define TURN_NS      (2 * NS_PER_MS)
#define LOOP_N_STEPS 2000

/** Interrupts are in it, being put aside for others is not. */
static uint64_t cpu_time_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/** Loops a nanosecond, of one turn. */
static double speed(void)
{
	uint64_t start_ns = cpu_time_ns(), taken_ns;
	double n_loops = 0;

	do {
		for (volatile unsigned int i = 0; i < LOOP_N_STEPS; i++)
			;
		n_loops++;
		taken_ns = cpu_time_ns() - start_ns;
	} while (taken_ns < TURN_NS);
	return n_loops / (double)taken_ns;
}

static int compare_shares(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint64_t measure_ns(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = NS_PER_S / TRIAL_RATE_HZ,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int event = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	double shares[N_TURNS];

	if (event < 0)
		return 0;
	for (size_t i = 0; i < N_TURNS; i++) {
		double bare = speed(), sampled;

		ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		sampled = speed();
		ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
		shares[i] = 1 - sampled / bare;
	}
	close(event);
	qsort(shares, N_TURNS, sizeof(*shares), compare_shares);
	return shares[N_TURNS / 2] > 0
		       ? (uint64_t)(shares[N_TURNS / 2] * (double)NS_PER_S / TRIAL_RATE_HZ)
		       : 0;
}

uint64_t sample_cost_ns(void)
{
	static bool is_measured;
	static uint64_t cost_ns;

	if (!is_measured)
		cost_ns = measure_ns();
	is_measured = true;
	return cost_ns;
}
