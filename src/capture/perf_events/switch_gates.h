#pragma once

/**
 * Keeps what is recorded of context switches within an allowance: stacks in bursts, and where
 * threads switch very often, times in bursts as well. A stack is of use only beside a time, so
 * its gate is inside the other one. When times stop and go on is told to who reads the records
 * by PERF_RECORD_THROTTLE and UNTHROTTLE of their event, as of one that the kernel holds back.
 */

#include "capture/perf_events/event_gate.h"
#include "capture/perf_events/opened_events.h"
#include "record/record.h"

/** Bytes of such a record: header, time, two ids, and all of the sample_id trailer. */
#define SWITCH_MARKER_SIZE_BYTES 96

struct switch_marker {
	uint64_t time_ns;
	bool is_end;
};

DEFINE_VECTOR(switch_marker_vector, struct switch_marker)

struct switch_gates {
	const struct opened_events *opened;
	const struct record_layout_table *layouts;
	struct event_gate times, stacks;
	uint64_t *n_taken;                   /**< By ring, since the last update. */
	struct switch_marker_vector markers; /**< Not yet read; oldest first. */
	_Alignas(8) uint8_t marker[SWITCH_MARKER_SIZE_BYTES];
};

/** @param opened  Borrowed. Both allowances are per CPU. */
void switch_gates_init(struct switch_gates *gates, const struct opened_events *opened,
		       const struct record_layout_table *layouts, uint64_t times_per_second,
		       uint64_t stacks_per_second, uint64_t now_ns);
void switch_gates_deinit(struct switch_gates *gates);

/** A record was taken out of that ring of opened. */
void switch_gates_count(struct switch_gates *gates, size_t ring);

/** Open and close. */
void switch_gates_update(struct switch_gates *gates, uint64_t now_ns);

/** How long until they want to be updated again; UINT64_MAX: when records come. */
uint64_t switch_gates_wait_ns(const struct switch_gates *gates, uint64_t now_ns);

/** The record of the oldest turning that was not skipped; empty: there is none. */
struct bytes switch_gates_peek(struct switch_gates *gates, uint64_t *time_ns_ret);
void switch_gates_skip(struct switch_gates *gates);

/** While others turn the events on and off. Any thread may call it. */
void switch_gates_set_paused(struct switch_gates *gates, bool is_paused);
