#include "check/checks_internal.h"
#include "check/facts_internal.h"

#include "base/memory.h"

/*
 * Source: the kernel's Documentation/admin-guide/sysctl/kernel.rst. Levels 3
 * (Debian) and 4 (Ubuntu) are the distributions' own: no use at all without
 * privileges.
 */
#define LEVEL_OWN_PROGRAMS 1 /* both sides of one's own programs */
#define LEVEL_USER_SIDE    2

static bool run(const struct check_context *context, struct check_result *ret)
{
	int64_t level;

	if (!facts_read_integer(context->proc_path, "sys/kernel/perf_event_paranoid", &level)) {
		ret->verdict = CHECK_BAD;
		ret->fact = memory_format_text(
			"perf_event_paranoid cannot be read: a kernel without perf events, "
			"or no /proc/sys");
		ret->is_vital = true;
		return true;
	}
	ret->verdict = CHECK_GOOD;
	if (facts_is_privileged(context)) {
		ret->fact = memory_format_text(
			"perf_event_paranoid is %lld, which does not bind this user",
			(long long)level);
	} else if (level <= LEVEL_OWN_PROGRAMS) {
		ret->fact = memory_format_text(
			"perf_event_paranoid is %lld: kernel and user side of your own "
			"programs",
			(long long)level);
	} else {
		bool is_user_side = level == LEVEL_USER_SIDE;

		/* Whether it binds here at all, perf-events has tried. */
		ret->verdict = CHECK_WARNING;
		ret->fact =
			is_user_side
				? memory_format_text(
					  "perf_event_paranoid is 2: only the user side of "
					  "your own programs")
				: memory_format_text("perf_event_paranoid is %lld: nothing without "
						     "privileges",
						     (long long)level);
		ret->loss = memory_format_text("%s" KEEP_SYSCTL("kernel.perf_event_paranoid=1"),
					       is_user_side ? "kernel functions are not seen"
							    : "no profiling for ordinary users");
		ret->mend = memory_format_text("sudo sysctl kernel.perf_event_paranoid=1");
	}
	return true;
}

const struct check check_paranoid = { "perf-event-paranoid", run };
