#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/** The default of the kernel: 512 KiB of ring and one page per CPU. */
#define MLOCK_DEFAULT_KB 516
/** Holds a tenth of a second of 32 KiB stack copies at 997 Hz. */
#define MLOCK_COMFORTABLE_KB 4100

/** RLIMIT_MEMLOCK in KiB from PROC/self/limits; false: none, or not readable. */
static bool read_memlock_kb(const struct check_context *context, uint64_t *ret)
{
	static const char label[] = "Max locked memory";
	_cleanup_free_ char *limits = facts_read(context->proc_path, "self/limits");
	const char *line = limits ? strstr(limits, label) : NULL;
	unsigned long long bytes;

	if (!line || sscanf(line + strlen(label), " %llu", &bytes) != 1)
		return false;
	*ret = bytes / 1024;
	return true;
}

/*
 * Source: perf_mmap() in kernel/events/core.c: perf_event_mlock_kb for each
 * online CPU, per user, and RLIMIT_MEMLOCK on top; CAP_IPC_LOCK is not bound.
 */
static bool run(const struct check_context *context, struct check_result *ret)
{
	uint32_t n_cpus = facts_cpu_count(context);
	uint64_t memlock_kb, total_kb;
	int64_t per_cpu_kb;

	if (!facts_read_integer(context->proc_path, "sys/kernel/perf_event_mlock_kb",
				&per_cpu_kb) ||
	    per_cpu_kb < 0)
		return false;
	ret->verdict = CHECK_GOOD;
	if (facts_has_capability(context, CAPABILITY_IPC_LOCK)) {
		ret->fact = memory_format_text(
			"perf_event_mlock_kb is %lld, which does not bind this user",
			(long long)per_cpu_kb);
		return true;
	}
	if (!read_memlock_kb(context, &memlock_kb)) {
		ret->fact = memory_format_text(
			"perf_event_mlock_kb is %lld and RLIMIT_MEMLOCK has no limit",
			(long long)per_cpu_kb);
		return true;
	}
	total_kb = (uint64_t)per_cpu_kb + memlock_kb / n_cpus;
	ret->fact = memory_format_text(
		"perf_event_mlock_kb is %lld and RLIMIT_MEMLOCK %llu KiB: rings of up to "
		"%llu KiB per CPU",
		(long long)per_cpu_kb, (unsigned long long)memlock_kb,
		(unsigned long long)total_kb);
	if (total_kb >= MLOCK_COMFORTABLE_KB)
		return true;
	ret->verdict = total_kb < MLOCK_DEFAULT_KB ? CHECK_WARNING : CHECK_NOTE;
	ret->is_vital = true;
	ret->loss = memory_format_text("small rings: shorter stack copies, and samples may be lost "
				       "at high rates" KEEP_SYSCTL("kernel.perf_event_mlock_kb=%d"),
				       MLOCK_COMFORTABLE_KB);
	ret->mend = memory_format_text("sudo sysctl kernel.perf_event_mlock_kb=%d",
				       MLOCK_COMFORTABLE_KB);
	return true;
}

const struct check check_mlock_limit = { "perf-event-mlock", run };
