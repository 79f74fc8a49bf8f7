#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/* This version does not use BPF: only facts. */
static bool run(const struct check_context *context, struct check_result *ret)
{
	bool has_types = facts_exists(context->sys_path, "kernel/btf/vmlinux");
	bool may_load = facts_has_capability(context, CAPABILITY_BPF) ||
			facts_has_capability(context, CAPABILITY_SYS_ADMIN);

	ret->verdict = has_types && may_load ? CHECK_GOOD : CHECK_NOTE;
	ret->fact = memory_format_text(
		"BPF: %s, %s",
		has_types ? "the kernel describes its types (BTF)"
			  : "the kernel does not describe its types (no BTF)",
		may_load ? "programs can be loaded" : "programs can only be loaded by root");
	return true;
}

const struct check check_bpf = { "bpf", run };
