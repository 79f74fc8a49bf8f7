#pragma once

#include "capture/sampler.h"

/** Samples through perf_event_open(2). Needs no privilege for the user side of own programs. */
extern const struct sampler perf_sampler;
