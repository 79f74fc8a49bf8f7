#pragma once

/** One rung of the ladder: what to ask the kernel for, and why it said no. */

#include "capture/perf_events/event_name.h"
#include "capture/sampler.h"

/** One event of it. */
struct rung_event {
	struct event_selection selection;
	bool is_without_kernel;
	bool is_without_user;
	uint64_t frequency_hz;
	uint64_t period;
};

struct rung {
	/** The sampled ones, then, if is_tracked_apart, one that samples nothing. */
	struct rung_event events[SAMPLED_EVENTS_MAX + 1];
	size_t n_events;
	bool is_event_chosen; /**< By the user: no other event in its place. */
	bool is_tracked_apart;
	bool is_without_build_ids;
	bool is_without_switch_stacks;
	enum stack_method stack_method;
	uint32_t stack_copy_bytes;
	uint64_t ring_size_bytes;
};

/** What the event at @p index is opened with. */
struct perf_event_attr rung_attr(const struct rung *rung, size_t index,
				 const struct sampler_options *options);

/** The number in a file of /proc or /sys. */
bool kernel_number_read(const char *path, int64_t *ret);

/** Nothing here counts it. */
bool open_errno_is_missing_event(int errno_value);

/** Why the event at @p index could not be opened, with the way out. */
struct error *open_refusal_of_event(const struct rung *rung, size_t index,
				    const struct sampler_options *options, int errno_value);
struct error *open_refusal_of_ring(const struct rung *rung, int errno_value);
