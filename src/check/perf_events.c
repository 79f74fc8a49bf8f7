#include "check/checks_internal.h"
#include "check/facts_internal.h"
#include "check/probe_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int probe_open(enum perf_type_id type, uint64_t config, bool is_user_only)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.sample_period = 1000000,
		.disabled = 1,
		.exclude_kernel = is_user_only,
		.exclude_hv = 1,
	};
	int file = (int)syscall(SYS_perf_event_open, &attr, /* pid= */ 0, /* cpu= */ -1,
				/* group= */ -1, PERF_FLAG_FD_CLOEXEC);

	if (file < 0)
		return errno;
	close(file);
	return 0;
}

/** Refused altogether: who did it, told by errno (perf_event_open(2), seccomp(2)). */
static void judge_refusal(const struct probe_facts *facts, struct check_result *ret)
{
	int error = facts->user_errno;

	ret->verdict = CHECK_BAD;
	ret->loss = memory_format_text("no samples at all");
	if (error == EACCES) {
		ret->fact =
			facts->has_paranoid
				? memory_format_text(
					  "perf_event_open is refused: perf_event_paranoid is %lld",
					  (long long)facts->paranoid)
				: memory_format_text(
					  "perf_event_open is refused: permission denied");
		ret->mend = memory_format_text("sudo sysctl kernel.perf_event_paranoid=1");
	} else if ((error == EPERM || error == ENOSYS) && facts->has_seccomp_filter) {
		ret->fact = memory_format_text("perf_event_open is blocked by a seccomp filter%s%s",
					       facts->container ? " of " : "",
					       facts->container ? facts->container : "");
		ret->mend = memory_format_text(
			"docker run --cap-add PERFMON --security-opt seccomp=unconfined "
			"IMAGE");
	} else if (error == ENOSYS) {
		ret->fact = memory_format_text(
			"this kernel has no perf_event_open (CONFIG_PERF_EVENTS)");
	} else if (error == EMFILE) {
		ret->fact = memory_format_text("perf_event_open fails: too many open files");
		ret->mend = memory_format_text("ulimit -n 65536");
	} else {
		ret->fact = memory_format_text("perf_event_open fails: %s", strerror(error));
		if (error == EPERM && facts->container)
			ret->mend = memory_format_text("docker run --cap-add PERFMON IMAGE");
	}
}

void perf_events_judge(const struct probe_facts *facts, struct check_result *ret)
{
	ret->is_vital = true;
	if (!facts->both_errno) {
		ret->verdict = CHECK_GOOD;
		ret->fact = memory_format_text("perf_event_open works, kernel and user side");
	} else if (!facts->user_errno) {
		ret->verdict = CHECK_WARNING;
		ret->fact = memory_format_text("perf_event_open works for the user side only");
		ret->loss = memory_format_text("time in the kernel is not sampled");
		ret->mend = memory_format_text("sudo sysctl kernel.perf_event_paranoid=1");
	} else {
		judge_refusal(facts, ret);
	}
}

static bool run(const struct check_context *context, struct check_result *ret)
{
	struct probe_facts facts = {
		.both_errno = probe_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false),
		.user_errno = probe_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, true),
		.has_seccomp_filter = facts_has_seccomp_filter(context),
		.container = facts_container(context),
	};

	facts.has_paranoid = facts_read_integer(context->proc_path,
						"sys/kernel/perf_event_paranoid", &facts.paranoid);
	perf_events_judge(&facts, ret);
	return true;
}

const struct check check_perf_events = { "perf-events", run };
