#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

static bool run(const struct check_context *context, struct check_result *ret)
{
	_cleanup_free_ char *mode = facts_status(context, "Seccomp");

	if (!mode)
		return false;
	ret->verdict = CHECK_GOOD;
	ret->fact = memory_format_text("no seccomp filter");
	if (facts_has_seccomp_filter(context)) {
		free(ret->fact);
		/* Whether it stops perf_event_open, perf-events has tried. */
		ret->verdict = CHECK_NOTE;
		ret->fact =
			memory_format_text("a seccomp filter decides which system calls work here");
	}
	return true;
}

const struct check check_seccomp = { "seccomp", run };
