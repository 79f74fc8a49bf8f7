#include "check/probe_internal.h"
#include "made_up_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char sysctl_line[] = "sudo sysctl kernel.perf_event_paranoid=1";

static const struct {
	struct probe_facts facts;
	enum check_verdict verdict;
	const char *fact, *loss, *mend;
} probes[] = {
	{ { 0 }, CHECK_GOOD, "works, kernel and user side", NULL, NULL },
	{ { .both_errno = EACCES, .has_paranoid = true, .paranoid = 2 },
	  CHECK_WARNING,
	  "user side only",
	  "kernel",
	  sysctl_line },
	{ { .both_errno = EACCES, .user_errno = EACCES, .has_paranoid = true, .paranoid = 3 },
	  CHECK_BAD,
	  "perf_event_paranoid is 3",
	  "no samples",
	  sysctl_line },
	{ { .both_errno = EACCES, .user_errno = EACCES },
	  CHECK_BAD,
	  "permission denied",
	  "no samples",
	  sysctl_line },
	{ { .both_errno = EPERM,
	    .user_errno = EPERM,
	    .has_seccomp_filter = true,
	    .container = "docker" },
	  CHECK_BAD,
	  "blocked by a seccomp filter of docker",
	  "no samples",
	  "docker run --cap-add PERFMON --security-opt seccomp=unconfined IMAGE" },
	{ { .both_errno = ENOSYS, .user_errno = ENOSYS, .has_seccomp_filter = true },
	  CHECK_BAD,
	  "blocked by a seccomp filter",
	  "no samples",
	  "seccomp=unconfined" },
	{ { .both_errno = ENOSYS, .user_errno = ENOSYS },
	  CHECK_BAD,
	  "CONFIG_PERF_EVENTS",
	  "no samples",
	  NULL },
	{ { .both_errno = EPERM, .user_errno = EPERM, .container = "docker" },
	  CHECK_BAD,
	  "Operation not permitted",
	  "no samples",
	  "docker run --cap-add PERFMON IMAGE" },
	{ { .both_errno = EMFILE, .user_errno = EMFILE },
	  CHECK_BAD,
	  "too many open files",
	  "no samples",
	  "ulimit -n 65536" },
};

static void test_refusals_are_told_apart(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		struct check_result result = { 0 };

		perf_events_judge(&probes[i].facts, &result);
		assert_result(&result, probes[i].verdict, probes[i].fact, probes[i].loss,
			      probes[i].mend);
		assert_true(result.is_vital);
		check_result_deinit(&result);
	}
}

static const struct {
	struct pmu_facts facts;
	enum check_verdict verdict;
	const char *fact, *loss, *mend;
} counters[] = {
	{ { .has_device = true }, CHECK_GOOD, "hardware counters work", NULL, NULL },
	{ { .cycles_errno = ENOENT },
	  CHECK_NOTE,
	  "no hardware counters: samples",
	  "cache misses",
	  NULL },
	{ { .cycles_errno = ENOENT, .hypervisor = "KVM" },
	  CHECK_NOTE,
	  "KVM does not pass them on",
	  "cache misses",
	  NULL },
	{ { .cycles_errno = EOPNOTSUPP }, CHECK_NOTE, "by cpu-clock", "cache misses", NULL },
	{ { .cycles_errno = EACCES, .has_device = true, .hypervisor = "KVM" },
	  CHECK_NOTE,
	  "not for this user",
	  "cache misses",
	  sysctl_line },
};

static void test_hardware_counters(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		struct check_result result = { 0 };

		pmu_judge(&counters[i].facts, &result);
		assert_result(&result, counters[i].verdict, counters[i].fact, counters[i].loss,
			      counters[i].mend);
		check_result_deinit(&result);
	}
}

/** No kernel has this event: the kernel's answer, whatever it is, comes back. */
static void test_probe_reports_errno(void **state)
{
	assert_int_not_equal(probe_open(PERF_TYPE_SOFTWARE, UINT64_MAX, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals_are_told_apart),
		cmocka_unit_test(test_hardware_counters),
		cmocka_unit_test(test_probe_reports_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
