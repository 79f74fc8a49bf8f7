#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

static bool run(const struct check_context *context, struct check_result *ret)
{
	const char *container = facts_container(context);

	if (!container)
		return false;
	ret->verdict = CHECK_NOTE;
	ret->fact = memory_format_text("runs in a container (%s)", container);
	ret->loss = memory_format_text(
		"settings under kernel.* are the host's: the lines that mend them are to be "
		"run there");
	return true;
}

const struct check check_container = { "container", run };
