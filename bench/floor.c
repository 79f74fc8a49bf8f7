/*
 * What a sample costs at the very least here: the timer's interrupt and an address, of a counting
 * loop, by the loop's own speed. In turns with the undisturbed loop, 50 ms each, medians.
 *
 * usage: floor RATE_HZ... prints "RATE_HZ MICROSECONDS_A_SAMPLE" a line
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define N_TURNS         41
#define TURN_S          0.05
#define RING_SIZE_BYTES ((size_t)4096 * 257)

static volatile uint64_t sink;

static double now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/** Rounds a second, of one turn. */
static double speed(void)
{
	double start_s = now_s(), taken_s;
	uint64_t n_rounds = 0;

	do {
		for (int i = 0; i < 10000; i++)
			sink += (uint64_t)i;
		n_rounds++;
		taken_s = now_s() - start_s;
	} while (taken_s < TURN_S);
	return (double)n_rounds / taken_s;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/** The share of the loop's speed that samples at this rate take. */
static double share_taken(int event)
{
	double shares[N_TURNS];

	for (int i = 0; i < N_TURNS; i++) {
		double bare, sampled;

		bare = speed();
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		sampled = speed();
		ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
		shares[i] = 1 - sampled / bare;
	}
	qsort(shares, N_TURNS, sizeof(*shares), compare);
	return shares[N_TURNS / 2];
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct perf_event_attr attributes = {
			.size = sizeof(attributes),
			.type = PERF_TYPE_SOFTWARE,
			.config = PERF_COUNT_SW_CPU_CLOCK,
			.sample_period = (uint64_t)1000000000 / strtoull(argv[i], NULL, 10),
			.sample_type = PERF_SAMPLE_IP,
			.disabled = 1,
			.exclude_kernel = geteuid() != 0,
			.write_backward = 1, /* the newest overwrite the oldest: none is refused */
		};
		int event = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);

		if (event < 0 ||
		    mmap(NULL, RING_SIZE_BYTES, PROT_READ, MAP_SHARED, event, 0) == MAP_FAILED) {
			perror("floor");
			return 1;
		}
		printf("%s %.2f\n", argv[i],
		       share_taken(event) * (double)attributes.sample_period * 1e-3);
		close(event);
	}
	return 0;
}
