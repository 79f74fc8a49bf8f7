#include "capture/perf_events/span_probes.h"

#include "arch/architecture.h"
#include "capture/perf_events/pmu.h"

#include <errno.h>

bool span_probes_find_type(uint32_t *ret)
{
	return pmu_read_type(&event_places_of_kernel, "uprobe", ret);
}

/** The bit of the stack pointer in attr.sample_regs_user; 0: not known of this CPU. */
static uint64_t stack_pointer_mask(void)
{
	const struct architecture *architecture = architecture_native();
	uint64_t rest = architecture ? architecture->perf_registers_mask : 0;

	for (int i = 0; rest; i++, rest &= rest - 1) {
		if (architecture->dwarf_register_of_perf[i] == architecture->stack_pointer_register)
			return rest & -rest;
	}
	return 0;
}

struct event_request span_probe_request(const struct event_request *sampled,
					const struct span_edge *edge, uint32_t uprobe_type)
{
	struct event_request request = *sampled;

	request.is_always_on = true;
	request.is_of_all = true;
	request.attr = (struct perf_event_attr){
		.type = uprobe_type,
		.size = sizeof(request.attr),
		.uprobe_path = (uintptr_t)edge->path,
		.probe_offset = edge->file_offset,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_CPU | PERF_SAMPLE_REGS_USER |
			       (edge->is_end ? 0 : PERF_SAMPLE_STACK_USER),
		/* Where a function that is entered will return. */
		.sample_stack_user = edge->is_end ? 0 : sizeof(uint64_t),
		.sample_regs_user = stack_pointer_mask(),
		.sample_id_all = 1,
		.use_clockid = sampled->attr.use_clockid,
		.clockid = sampled->attr.clockid,
		.watermark = 1,
		.wakeup_watermark = sampled->attr.wakeup_watermark,
	};
	return request;
}

struct error *span_probe_refusal(const struct span_edge *edge, int errno_value)
{
	struct error *error = error_from_errno(errno_value, "cannot set a probe at 0x%llx of %s",
					       (unsigned long long)edge->file_offset, edge->path);

	if (errno_value == EACCES || errno_value == EPERM)
		return error_with_hint(error, "--begin and --end need root or CAP_PERFMON");
	if (errno_value == EINVAL || errno_value == ENOTSUP)
		return error_with_hint(error, "the kernel takes no probe on that instruction; a "
					      "function before or behind it may do");
	if (errno_value == EMFILE)
		return error_with_hint(error,
				       "one file per probe and CPU is needed: raise 'ulimit -n'");
	return error;
}
