#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

#include <string.h>

/** Limit on CPU numbers looked at: the kernel's NR_CPUS never exceeds it. */
#define CPUS_MAX 8192

/* Source: the kernel's Documentation/admin-guide/pm/cpufreq.rst. */
static bool run(const struct check_context *context, struct check_result *ret)
{
	_cleanup_free_ char *first = NULL;
	uint32_t n_other = 0, n_cpus = MIN(facts_cpu_count(context), (uint32_t)CPUS_MAX);

	for (uint32_t i = 0; i < n_cpus; i++) {
		_cleanup_free_ char *path =
			memory_format_text("devices/system/cpu/cpu%u/cpufreq/scaling_governor", i);
		_cleanup_free_ char *governor = facts_read(context->sys_path, path);

		if (!governor)
			continue;
		n_other += strcmp(governor, "performance") != 0;
		if (!first || strcmp(first, "performance") == 0) {
			free(first);
			first = memory_duplicate_text(governor);
		}
	}
	if (!first) {
		ret->verdict = CHECK_NOTE;
		ret->fact =
			memory_format_text("no CPU frequency governor: the speed is set elsewhere");
		return true;
	}
	if (!n_other) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("CPU governor is performance");
		return true;
	}
	ret->verdict = CHECK_NOTE;
	ret->fact = memory_format_text("CPU governor is %s", first);
	ret->loss =
		memory_format_text("speed follows the load: times of two runs compare less well");
	ret->mend = memory_format_text("echo performance | sudo tee "
				       "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
	return true;
}

const struct check check_governor = { "cpu-governor", run };
