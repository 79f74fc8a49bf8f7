#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t is_active;

	if (!facts_read_integer(context->sys_path, "devices/system/cpu/smt/active", &is_active))
		return false;
	if (!is_active) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("SMT is off: every CPU is a core of its own");
		return true;
	}
	ret->verdict = CHECK_NOTE;
	ret->fact = memory_format_text("SMT is on: two CPUs share one core");
	ret->loss = memory_format_text(
		"a CPU slows down when its twin works: times of two runs compare less well");
	ret->mend = memory_format_text("echo off | sudo tee /sys/devices/system/cpu/smt/control");
	return true;
}

const struct check check_smt = { "smt", run };
