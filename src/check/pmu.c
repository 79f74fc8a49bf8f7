#include "check/checks_internal.h"
#include "check/facts_internal.h"
#include "check/probe_internal.h"

#include "base/memory.h"

#include <errno.h>

void pmu_judge(const struct pmu_facts *facts, struct check_result *ret)
{
	int error = facts->cycles_errno;

	if (!error) {
		ret->verdict = CHECK_GOOD;
		ret->fact =
			memory_format_text("hardware counters work: samples are taken by cycles");
		return;
	}
	ret->verdict = CHECK_NOTE;
	if (facts->has_device && (error == EACCES || error == EPERM)) {
		ret->fact = memory_format_text(
			"hardware counters are there, but not for this user: samples are "
			"taken by cpu-clock");
		ret->mend = memory_format_text("sudo sysctl kernel.perf_event_paranoid=1");
	} else if (facts->hypervisor) {
		ret->fact = memory_format_text(
			"no hardware counters (%s does not pass them on): samples are taken "
			"by cpu-clock",
			facts->hypervisor);
	} else {
		ret->fact =
			memory_format_text("no hardware counters: samples are taken by cpu-clock");
	}
	ret->loss = memory_format_text(
		"cache misses, branch misses and instructions per cycle cannot be measured; "
		"code that runs with interrupts off is charged to where they come on again");
}

static bool run(const struct check_context *context, struct check_result *ret)
{
	/* One of them on x86 (hybrid or not) and on Arm servers. */
	static const char *const devices[] = { "bus/event_source/devices/cpu",
					       "bus/event_source/devices/cpu_core",
					       "bus/event_source/devices/armv8_pmuv3_0" };
	struct pmu_facts facts = {
		.cycles_errno = probe_open(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, true),
		.hypervisor = facts_hypervisor(context),
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		facts.has_device |= facts_exists(context->sys_path, devices[i]);
	pmu_judge(&facts, ret);
	return true;
}

const struct check check_pmu = { "pmu", run };
