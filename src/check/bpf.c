#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/**
 * Whether stacks deeper than the kernel's copy are copied to their end: that takes a BPF program
 * on the sampling events (capture/perf_events/stack_windows.h).
 */
static bool run(const struct check_context *context, struct check_result *ret)
{
	bool may_load = facts_has_capability(context, CAPABILITY_BPF) ||
			facts_has_capability(context, CAPABILITY_SYS_ADMIN);

	if (!may_load || !facts_is_privileged(context)) {
		ret->verdict = CHECK_WARNING;
		ret->fact = memory_format_text(
			"BPF programs can be loaded on sampling events only by root");
		ret->loss = memory_format_text(
			"stacks deeper than the kernel's copy of at most 64 KiB are cut, except "
			"where all code keeps frame pointers");
		ret->mend = memory_format_text("sudo perf-profile COMMAND");
	} else if (!facts_exists(context->sys_path, "kernel/btf/vmlinux")) {
		/* Without types a program does not find the user's registers from there. */
		ret->verdict = CHECK_NOTE;
		ret->fact = memory_format_text(
			"BPF: the kernel does not describe its types (no BTF): stacks deeper than "
			"64 KiB are cut in system calls");
	} else {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text(
			"BPF programs can be loaded: stacks of any depth are copied, but not of "
			"whole machines (-a)");
	}
	return true;
}

const struct check check_bpf = { "bpf", run };
