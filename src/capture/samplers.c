#include "capture/perf_events/perf_sampler.h"
#include "capture/ptrace/ptrace_sampler.h"

const struct sampler *const samplers[] = {
	&perf_sampler,
	&ptrace_sampler,
	NULL,
};
