#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/* intel_pstate has a switch of its own, the wrong way round; all other drivers share one. */
#define INTEL_PATH "devices/system/cpu/intel_pstate/no_turbo"
#define OTHER_PATH "devices/system/cpu/cpufreq/boost"

static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t value;
	bool is_on, is_intel = true;

	if (facts_read_integer(context->sys_path, INTEL_PATH, &value)) {
		is_on = value == 0;
	} else if (facts_read_integer(context->sys_path, OTHER_PATH, &value)) {
		is_on = value != 0;
		is_intel = false;
	} else {
		return false;
	}
	if (!is_on) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("turbo is off: the speed is steady");
		return true;
	}
	ret->verdict = CHECK_NOTE;
	ret->fact = memory_format_text("turbo is on");
	ret->loss = memory_format_text(
		"speed depends on heat and on the other cores: times of two runs compare "
		"less well");
	ret->mend = is_intel ? memory_format_text("echo 1 | sudo tee /sys/" INTEL_PATH)
			     : memory_format_text("echo 0 | sudo tee /sys/" OTHER_PATH);
	return true;
}

const struct check check_turbo = { "turbo", run };
