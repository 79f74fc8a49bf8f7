#pragma once

/**
 * Turns an event off while it comes too often, and on again soon after: a stack costs
 * microseconds and a time stamp about one, and a thread may leave its CPU a hundred thousand
 * times a second. While the gate is open every occurrence is taken, so that nothing is
 * preferred that happens at every second or tenth time; the moments of opening are left to
 * chance. What comes while it is closed is worked out from what came while it was open.
 */

#include "base/bytes.h"

#include <stddef.h>

struct event_gate;

struct event_gate_plan {
	const int *events;           /**< Descriptors; borrowed. */
	size_t n_events;             /**< 0: there is nothing to turn off. */
	uint64_t samples_per_second; /**< How many are allowed in the long run. */
	uint64_t burst;              /**< How many may come at once. */
	uint64_t reserve;            /**< How many of these are to be there when it opens again. */
	uint64_t open_least_ns;      /**< Once open it stays so for this long. */
	const struct event_gate *outer; /**< Open only while this one is; borrowed. NULL: none. */
};

struct event_gate {
	struct event_gate_plan plan;
	double n_tokens;  /**< Samples that may still come; below 0: too many came. */
	uint64_t last_ns; /**< When the tokens were counted. */
	bool is_closed;
	_Atomic bool is_paused; /**< By others: stays as it is. */
	uint64_t opened_ns, open_again_ns;
	uint64_t turn_start_ns, turn_end_ns; /**< Of the last turning. */
	uint64_t random_state;
	void (*turn)(const struct event_gate *gate, bool is_on); /**< A test has its own. */
};

void event_gate_init(struct event_gate *gate, const struct event_gate_plan *plan, uint64_t now_ns);

/** @p n_samples were taken since the last call. @return whether it has opened or closed. */
bool event_gate_update(struct event_gate *gate, uint64_t n_samples, uint64_t now_ns);

/** How long until it wants to be updated again; UINT64_MAX: when samples come. */
uint64_t event_gate_wait_ns(const struct event_gate *gate, uint64_t now_ns);
