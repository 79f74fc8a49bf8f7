#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/** The kernel's default (PERF_MAX_STACK_DEPTH). */
#define DEPTH_DEFAULT 127

static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t depth;

	if (!facts_read_integer(context->proc_path, "sys/kernel/perf_event_max_stack", &depth))
		return false;
	ret->fact = memory_format_text(
		"perf_event_max_stack is %lld: frames that the kernel follows itself",
		(long long)depth);
	if (depth >= DEPTH_DEFAULT) {
		ret->verdict = CHECK_GOOD;
		return true;
	}
	ret->verdict = CHECK_WARNING;
	ret->loss =
		memory_format_text("kernel stacks, and user stacks with --call-graph fp, lose "
				   "their callers" KEEP_SYSCTL("kernel.perf_event_max_stack=%d"),
				   DEPTH_DEFAULT);
	ret->mend = memory_format_text("sudo sysctl kernel.perf_event_max_stack=%d", DEPTH_DEFAULT);
	return true;
}

const struct check check_stack_depth = { "perf-event-max-stack", run };
