#include "capture/perf_events/switch_events.h"

#include "base/memory.h"

/** Waiting threads' stacks rarely have more, and what lies beyond can be read while they wait. */
#define STACK_COPY_MOST_BYTES  16384
#define STACK_COPY_LEAST_BYTES 4096

/** Stacks that a ring must hold at least. */
#define STACKS_IN_RING 16

#define STACKS_RING_MOST_BYTES ((uint64_t)4 * 1024 * 1024)
#define TIMES_RING_MOST_BYTES  ((uint64_t)2 * 1024 * 1024)
#define TIMES_WATERMARK_BYTES  (64 * 1024)
#define RING_LEAST_BYTES       ((uint64_t)32 * 1024)

static struct event_request switch_request(const struct event_request *sampled, uint64_t config,
					   uint64_t ring_size_bytes, enum ring_group ring_group)
{
	struct event_request request = {
		.attr = sampled->attr,
		.ring_size_bytes = MAX(ring_size_bytes, RING_LEAST_BYTES),
		.ring_group = ring_group,
	};
	struct perf_event_attr *attr = &request.attr;

	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = config;
	attr->config1 = attr->config2 = 0;
	attr->freq = 0;
	attr->sample_period = 1;
	/* The session's first event has these for all. */
	attr->mmap = attr->mmap2 = attr->comm = attr->comm_exec = attr->task = 0;
	attr->build_id = 0;
	attr->wakeup_watermark = (uint32_t)(request.ring_size_bytes / 4);
	/* With a period in the samples the kernel takes the fixed one for a count (its
	 * perf_swevent_event()), and there is nothing to say: it is one switch. */
	attr->sample_type &= ~(uint64_t)PERF_SAMPLE_PERIOD;
	return request;
}

struct event_request switch_times_request(const struct event_request *sampled)
{
	struct event_request request = switch_request(
		sampled, PERF_COUNT_SW_DUMMY,
		MIN(sampled->ring_size_bytes / 2, TIMES_RING_MOST_BYTES), RING_GROUP_SWITCH_TIMES);

	request.attr.context_switch = 1;
	/* Who counts them is to know early that they are many. */
	request.attr.wakeup_watermark =
		MIN(request.attr.wakeup_watermark, (uint32_t)TIMES_WATERMARK_BYTES);
	/* It never samples: asking for no more than any user may have, it is never refused. */
	request.attr.exclude_kernel = 1;
	request.attr.exclude_user = 0;
	request.attr.sample_type &=
		~(uint64_t)(PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	request.attr.sample_regs_user = 0;
	request.attr.sample_stack_user = 0;
	request.attr.exclude_callchain_kernel = request.attr.exclude_callchain_user = 0;
	return request;
}

struct event_request switch_stacks_request(const struct event_request *sampled)
{
	struct event_request request =
		switch_request(sampled, PERF_COUNT_SW_CONTEXT_SWITCHES,
			       MIN(sampled->ring_size_bytes / 2, STACKS_RING_MOST_BYTES),
			       RING_GROUP_SWITCH_STACKS);
	struct perf_event_attr *attr = &request.attr;
	uint64_t copy_bytes = request.ring_size_bytes / STACKS_IN_RING;

	/* A switch happens in the kernel: without that side there is none to see. */
	attr->exclude_callchain_kernel |= attr->exclude_kernel;
	attr->exclude_callchain_user |= attr->exclude_user;
	attr->exclude_kernel = 0;
	attr->exclude_user = 0;
	attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
	if (attr->sample_type & PERF_SAMPLE_STACK_USER) {
		copy_bytes = MIN(MAX(copy_bytes, (uint64_t)STACK_COPY_LEAST_BYTES),
				 (uint64_t)STACK_COPY_MOST_BYTES);
		attr->sample_stack_user = MIN(attr->sample_stack_user, (uint32_t)copy_bytes);
	}
	return request;
}
