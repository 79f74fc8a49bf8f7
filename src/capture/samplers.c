#include "capture/perf_events/perf_sampler.h"

const struct sampler *const samplers[] = {
	&perf_sampler,
	NULL,
};
