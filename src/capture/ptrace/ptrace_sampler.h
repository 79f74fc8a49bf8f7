#pragma once

#include "capture/sampler.h"

/** For where perf_event_open(2) is blocked altogether. */
extern const struct sampler ptrace_sampler;
