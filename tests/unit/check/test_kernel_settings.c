#include "base/memory.h"
#include "check/checks_internal.h"
#include "check/facts_internal.h"
#include "made_up_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define ORDINARY_USER 0
#define PERFMON       (UINT64_C(1) << CAPABILITY_PERFMON)
#define IPC_LOCK      (UINT64_C(1) << CAPABILITY_IPC_LOCK)

static const struct check_result *paranoid(void **state, const char *level, uint64_t capabilities)
{
	made_up_tree_write(state, "proc/sys/kernel/perf_event_paranoid", level);
	made_up_tree_set_process(state, capabilities, 0);
	return made_up_tree_run(state, &check_paranoid);
}

static void test_paranoid(void **state)
{
	static const char mend[] = "sudo sysctl kernel.perf_event_paranoid=1";

	assert_result(paranoid(state, "-1\n", ORDINARY_USER), CHECK_GOOD, "is -1: kernel and user",
		      NULL, NULL);
	assert_result(paranoid(state, "1\n", ORDINARY_USER), CHECK_GOOD, "is 1: kernel and user",
		      NULL, NULL);
	assert_result(paranoid(state, "2\n", ORDINARY_USER), CHECK_WARNING,
		      "is 2: only the user side", "kernel functions are not seen", mend);
	assert_result(paranoid(state, "3\n", ORDINARY_USER), CHECK_WARNING,
		      "is 3: nothing without privileges", "sysctl.d", mend);
	assert_result(paranoid(state, "4\n", PERFMON), CHECK_GOOD, "does not bind this user", NULL,
		      NULL);
}

/** Root of a container's user namespace is not root. */
static void test_root_of_a_user_namespace_is_bound(void **state)
{
	made_up_tree_write(state, "proc/sys/kernel/perf_event_paranoid", "2\n");
	made_up_tree_set_process(state, UINT64_MAX, 0);
	made_up_tree_write(state, "proc/self/uid_map", "0 1000 1\n");
	assert_int_equal(made_up_tree_run(state, &check_paranoid)->verdict, CHECK_WARNING);
}

static void test_paranoid_without_proc(void **state)
{
	assert_result(made_up_tree_run(state, &check_paranoid), CHECK_BAD, "cannot be read", NULL,
		      NULL);
	assert_true(made_up_tree_run(state, &check_paranoid)->is_vital);
	assert_result(paranoid(state, "two\n", ORDINARY_USER), CHECK_BAD, "cannot be read", NULL,
		      NULL);
}

static void test_kptr_restrict(void **state)
{
	assert_null(made_up_tree_run(state, &check_kptr_restrict));
	made_up_tree_write(state, "proc/sys/kernel/kptr_restrict", "1\n");
	made_up_tree_write(state, "proc/kallsyms",
			   "0000000000000000 A first\n0000000000000000 T _text\n");
	assert_result(made_up_tree_run(state, &check_kptr_restrict), CHECK_WARNING,
		      "hidden (kptr_restrict is 1)", "no names",
		      "sudo sysctl kernel.kptr_restrict=0");
	made_up_tree_write(state, "proc/sys/kernel/kptr_restrict", "0\n");
	assert_result(made_up_tree_run(state, &check_kptr_restrict), CHECK_WARNING,
		      "hidden (kptr_restrict is 0)", "perf_event_paranoid is above 1",
		      "sudo sysctl kernel.perf_event_paranoid=1");
	made_up_tree_write(state, "proc/kallsyms",
			   "0000000000000000 A first\nffffffff81000000 T _text\n");
	assert_result(made_up_tree_run(state, &check_kptr_restrict), CHECK_GOOD, "can be named",
		      NULL, NULL);
}

static const struct check_result *mlock(void **state, const char *per_cpu_kb, const char *memlock,
					uint64_t capabilities)
{
	_cleanup_free_ char *limits = memory_format_text(
		"Limit                     Soft Limit           Hard Limit           Units\n"
		"Max locked memory         %-20s unlimited            bytes\n",
		memlock);

	made_up_tree_write(state, "proc/sys/kernel/perf_event_mlock_kb", per_cpu_kb);
	made_up_tree_write(state, "proc/self/limits", limits);
	made_up_tree_write(state, "sys/devices/system/cpu/online", "0-3\n");
	made_up_tree_set_process(state, capabilities, 0);
	return made_up_tree_run(state, &check_mlock_limit);
}

static void test_mlock_limit(void **state)
{
	static const char mend[] = "sudo sysctl kernel.perf_event_mlock_kb=4100";

	assert_null(made_up_tree_run(state, &check_mlock_limit));
	assert_result(mlock(state, "516\n", "8388608", ORDINARY_USER), CHECK_NOTE,
		      "516 and RLIMIT_MEMLOCK 8192 KiB: rings of up to 2564 KiB per CPU",
		      "small rings", mend);
	assert_result(mlock(state, "4\n", "65536", ORDINARY_USER), CHECK_WARNING,
		      "rings of up to 20 KiB", "samples may be lost", mend);
	assert_true(mlock(state, "4\n", "65536", ORDINARY_USER)->is_vital);
	assert_result(mlock(state, "4096\n", "65536", ORDINARY_USER), CHECK_GOOD,
		      "rings of up to 4112 KiB", NULL, NULL);
	assert_result(mlock(state, "4\n", "unlimited", ORDINARY_USER), CHECK_GOOD, "no limit", NULL,
		      NULL);
	assert_result(mlock(state, "4\n", "65536", IPC_LOCK), CHECK_GOOD, "does not bind", NULL,
		      NULL);
}

static const struct check_result *setting(void **state, const struct check *check, const char *name,
					  const char *value)
{
	_cleanup_free_ char *path = memory_format_text("proc/sys/kernel/%s", name);

	made_up_tree_write(state, path, value);
	return made_up_tree_run(state, check);
}

static void test_sample_rate(void **state)
{
	static const char name[] = "perf_event_max_sample_rate";
	static const char mend[] = "sudo sysctl kernel.perf_event_max_sample_rate=100000";

	assert_null(made_up_tree_run(state, &check_sample_rate));
	assert_result(setting(state, &check_sample_rate, name, "100000"), CHECK_GOOD, "100000 Hz",
		      NULL, NULL);
	assert_result(setting(state, &check_sample_rate, name, "4998"), CHECK_NOTE, "4998 Hz",
		      "than 4999", mend);
	assert_result(setting(state, &check_sample_rate, name, "996"), CHECK_WARNING, "996 Hz",
		      "than 997", mend);
}

static void test_stack_depth(void **state)
{
	static const char name[] = "perf_event_max_stack";

	assert_null(made_up_tree_run(state, &check_stack_depth));
	assert_result(setting(state, &check_stack_depth, name, "127"), CHECK_GOOD, "is 127", NULL,
		      NULL);
	assert_result(setting(state, &check_stack_depth, name, "126"), CHECK_WARNING, "is 126",
		      "callers", "sudo sysctl kernel.perf_event_max_stack=127");
}

static void test_seccomp(void **state)
{
	assert_null(made_up_tree_run(state, &check_seccomp));
	made_up_tree_set_process(state, 0, 0);
	assert_result(made_up_tree_run(state, &check_seccomp), CHECK_GOOD, "no seccomp filter",
		      NULL, NULL);
	made_up_tree_set_process(state, 0, 2);
	assert_result(made_up_tree_run(state, &check_seccomp), CHECK_NOTE, "filter decides", NULL,
		      NULL);
}

static void test_tracefs(void **state)
{
	assert_result(made_up_tree_run(state, &check_tracefs), CHECK_NOTE, "has no tracefs",
		      "tracepoints", NULL);
	made_up_tree_set_process(state, 0, 0);
	made_up_tree_write(state, "sys/kernel/tracing/.x", "");
	assert_result(made_up_tree_run(state, &check_tracefs), CHECK_NOTE, "not open to this user",
		      "sudo", NULL);
	made_up_tree_set_process(state, UINT64_C(1) << CAPABILITY_SYS_ADMIN, 0);
	assert_result(made_up_tree_run(state, &check_tracefs), CHECK_NOTE, "not mounted",
		      "tracepoints", "sudo mount -t tracefs tracefs /sys/kernel/tracing");
	made_up_tree_write(state, "sys/kernel/tracing/events/enable", "0");
	assert_result(made_up_tree_run(state, &check_tracefs), CHECK_GOOD, "is mounted", NULL,
		      NULL);
}

static void test_bpf(void **state)
{
	const uint64_t bpf = UINT64_C(1) << CAPABILITY_BPF;
	const uint64_t perfmon = UINT64_C(1) << CAPABILITY_PERFMON;

	made_up_tree_set_process(state, 0, 0);
	assert_result(made_up_tree_run(state, &check_bpf), CHECK_WARNING, "only by root",
		      "deeper than the kernel's copy", "sudo perf-profile COMMAND");
	made_up_tree_set_process(state, bpf, 0);
	assert_result(made_up_tree_run(state, &check_bpf), CHECK_WARNING, "only by root",
		      "deeper than the kernel's copy", "sudo perf-profile COMMAND");
	made_up_tree_set_process(state, bpf | perfmon, 0);
	assert_result(made_up_tree_run(state, &check_bpf), CHECK_NOTE, "no BTF", NULL, NULL);
	made_up_tree_write(state, "sys/kernel/btf/vmlinux", "x");
	assert_result(made_up_tree_run(state, &check_bpf), CHECK_GOOD, "can be loaded", NULL, NULL);
}

#define TREE_TEST(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, made_up_tree_set_up, made_up_tree_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_paranoid),
		TREE_TEST(test_root_of_a_user_namespace_is_bound),
		TREE_TEST(test_paranoid_without_proc),
		TREE_TEST(test_kptr_restrict),
		TREE_TEST(test_mlock_limit),
		TREE_TEST(test_sample_rate),
		TREE_TEST(test_stack_depth),
		TREE_TEST(test_seccomp),
		TREE_TEST(test_tracefs),
		TREE_TEST(test_bpf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
