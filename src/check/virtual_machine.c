#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

static bool run(const struct check_context *context, struct check_result *ret)
{
	const char *hypervisor = facts_hypervisor(context);

	if (!hypervisor) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("no virtual machine: CPU time is real CPU time");
		return true;
	}
	ret->verdict = CHECK_NOTE;
	ret->fact = memory_format_text("runs in a virtual machine (%s)", hypervisor);
	ret->loss = memory_format_text(
		"time taken away by the host is charged to the program, and each sample "
		"costs more");
	return true;
}

const struct check check_virtual_machine = { "virtual-machine", run };
