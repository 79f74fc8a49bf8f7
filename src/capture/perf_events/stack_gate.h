#pragma once

/**
 * Turns an event off while it comes too often, and on again soon after: a stack costs
 * microseconds, and a thread may leave its CPU a hundred thousand times a second. While the
 * gate is open every occurrence is taken, so that nothing is preferred that happens at every
 * second or tenth time; the moments of opening are left to chance. What comes while it is
 * closed is known from other records (context switches), without its stack.
 */

#include "base/bytes.h"

#include <stddef.h>

struct stack_gate {
	const int *events;           /**< Descriptors; borrowed. */
	size_t n_events;             /**< 0: there is nothing to turn off. */
	uint64_t samples_per_second; /**< How many are allowed in the long run. */
	uint64_t burst;              /**< How many may come at once. */
	double n_tokens;             /**< Samples that may still come; below 0: too many came. */
	uint64_t last_ns;            /**< When the tokens were counted. */
	bool is_closed;
	_Atomic bool is_paused; /**< By others: stays as it is. */
	uint64_t open_again_ns;
	uint64_t switching_ns; /**< How long the last turning took; limits how often it is done. */
	uint64_t random_state;
	void (*turn)(const struct stack_gate *gate, bool is_on); /**< A test has its own. */
};

void stack_gate_init(struct stack_gate *gate, const int *events, size_t n_events,
		     uint64_t samples_per_second, uint64_t now_ns);

/** @p n_samples were taken since the last call. Opens or closes. */
void stack_gate_update(struct stack_gate *gate, uint64_t n_samples, uint64_t now_ns);

/** How long until it wants to be updated again; UINT64_MAX: when samples come. */
uint64_t stack_gate_wait_ns(const struct stack_gate *gate, uint64_t now_ns);
