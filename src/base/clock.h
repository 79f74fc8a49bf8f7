#pragma once

/** Time. Everything recorded is on CLOCK_MONOTONIC, in nanoseconds. */

#include <stdint.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);
