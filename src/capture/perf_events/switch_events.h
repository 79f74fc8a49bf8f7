#pragma once

/**
 * The events behind off-CPU time: one that takes the stack of every thread that leaves its
 * CPU, and one whose only purpose are the records of leaving and coming back. Apart, so
 * that a flood of stacks never pushes out the times, which are what must not be lost.
 */

#include "capture/perf_events/opened_events.h"

#define SWITCH_EVENTS_MAX 2

/** Names in the record source. */
#define SWITCH_STACKS_EVENT_NAME "context-switches"
#define SWITCH_TIMES_EVENT_NAME  "dummy"

/** @param sampled  The session's first event, whose target, clock, and stack method they share. */
struct event_request switch_times_request(const struct event_request *sampled);
struct event_request switch_stacks_request(const struct event_request *sampled);
