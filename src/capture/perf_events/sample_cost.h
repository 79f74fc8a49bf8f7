#pragma once

/** What the interrupt of a sample costs on this machine. */

#include <stdint.h>

/**
 * Time that one sample of a timer takes from the program it interrupts: a loop of this thread is
 * timed with and without samples, which takes some 30 ms, the first time: all events and all runs
 * of --repeat are to have the same rate. From 1 us on a machine of one's own to
 * some 30 where a hypervisor sets the timer each time. What is copied with a sample comes on top.
 *
 * Only to be called by the thread that opens the events.
 *
 * @return ns; 0 where this thread may not be sampled.
 */
uint64_t sample_cost_ns(void);
