#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/** The default rate of this program, and the finer one it recommends. */
#define RATE_DEFAULT_HZ        997
#define RATE_FINE_HZ           4999
#define RATE_KERNEL_DEFAULT_HZ 100000

/* The kernel lowers the limit by itself when interrupts take long (perf_cpu_time_max_percent). */
static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t rate_hz;

	if (!facts_read_integer(context->proc_path, "sys/kernel/perf_event_max_sample_rate",
				&rate_hz))
		return false;
	ret->fact = memory_format_text("perf_event_max_sample_rate is %lld Hz", (long long)rate_hz);
	if (rate_hz >= RATE_FINE_HZ) {
		ret->verdict = CHECK_GOOD;
		return true;
	}
	ret->is_vital = true;
	ret->verdict = rate_hz < RATE_DEFAULT_HZ ? CHECK_WARNING : CHECK_NOTE;
	ret->loss = memory_format_text("fewer samples per second than %d" KEEP_SYSCTL(
					       "kernel.perf_event_max_sample_rate=%d"),
				       rate_hz < RATE_DEFAULT_HZ ? RATE_DEFAULT_HZ : RATE_FINE_HZ,
				       RATE_KERNEL_DEFAULT_HZ);
	ret->mend = memory_format_text("sudo sysctl kernel.perf_event_max_sample_rate=%d",
				       RATE_KERNEL_DEFAULT_HZ);
	return true;
}

const struct check check_sample_rate = { "perf-event-max-sample-rate", run };
