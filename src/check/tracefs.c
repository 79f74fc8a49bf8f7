#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

#define LOSS "tracepoints cannot be named as events (-e sched:sched_switch)"

static bool run(const struct check_context *context, struct check_result *ret)
{
	ret->verdict = CHECK_NOTE;
	if (facts_exists(context->sys_path, "kernel/tracing/events")) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("tracefs is mounted: tracepoints can be sampled");
	} else if (!facts_exists(context->sys_path, "kernel/tracing")) {
		ret->fact = memory_format_text("this kernel has no tracefs");
		ret->loss = memory_format_text(LOSS);
	} else if (!facts_has_capability(context, CAPABILITY_SYS_ADMIN)) {
		/* Its folder is root's (mode 0700): mounted or not cannot be told. */
		ret->fact = memory_format_text("tracefs is not open to this user");
		ret->loss = memory_format_text(LOSS "; run perf-profile with sudo for them");
	} else {
		ret->fact = memory_format_text("tracefs is not mounted");
		ret->loss = memory_format_text(LOSS);
		ret->mend = memory_format_text("sudo mount -t tracefs tracefs /sys/kernel/tracing");
	}
	return true;
}

const struct check check_tracefs = { "tracefs", run };
