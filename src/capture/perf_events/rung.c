#include "capture/perf_events/rung_internal.h"

#include "arch/architecture.h"

#include <time.h>

/** Side-band records come once: with the first event, or with the one that is never off. */
static bool has_side_band(const struct rung *rung, size_t index)
{
	return index == (rung->is_tracked_apart ? rung->n_events - 1 : 0);
}

struct perf_event_attr rung_attr(const struct rung *rung, size_t index,
				 const struct sampler_options *options)
{
	const struct rung_event *event = &rung->events[index];
	bool is_tracking = rung->is_tracked_apart && index == rung->n_events - 1;
	bool is_launched = options->target == SAMPLER_TARGET_LAUNCHED;
	bool has_band = has_side_band(rung, index);
	struct perf_event_attr attr = {
		.type = event->selection.type,
		.size = sizeof(attr),
		.config = event->selection.config,
		.config1 = event->selection.config1,
		.config2 = event->selection.config2,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
		.disabled = 1,
		.enable_on_exec = is_launched && (is_tracking || !options->is_held_back),
		.inherit = !options->is_without_inherit,
		.exclude_kernel = event->is_without_kernel,
		.exclude_user = event->is_without_user,
		.exclude_hv = 1,
		.mmap = has_band,
		.mmap2 = has_band,
		.comm = has_band,
		.comm_exec = has_band,
		.task = has_band,
		.sample_id_all = 1,
		.build_id = has_band && !rung->is_without_build_ids,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(rung->ring_size_bytes / 4),
	};

	if (event->frequency_hz) {
		attr.freq = 1;
		attr.sample_freq = event->frequency_hz;
	} else {
		attr.sample_period = event->period;
	}
	if (is_tracking)
		return attr;
	if (rung->stack_method != STACK_METHOD_NONE) {
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr.exclude_callchain_kernel = event->is_without_kernel;
		attr.exclude_callchain_user = event->is_without_user;
	}
	if (rung->stack_method == STACK_METHOD_DWARF && !event->is_without_user) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = architecture_native()->perf_registers_mask;
		attr.sample_stack_user = rung->stack_copy_bytes;
	}
	return attr;
}
