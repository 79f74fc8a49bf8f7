#include "base/memory.h"
#include "check/checks_internal.h"
#include "check/facts_internal.h"
#include "made_up_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static void test_governor(void **state)
{
	made_up_tree_write(state, "sys/devices/system/cpu/online", "0-1\n");
	assert_result(made_up_tree_run(state, &check_governor), CHECK_NOTE, "no CPU frequency",
		      NULL, NULL);
	made_up_tree_write(state, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
			   "performance\n");
	made_up_tree_write(state, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor",
			   "performance\n");
	assert_result(made_up_tree_run(state, &check_governor), CHECK_GOOD, "is performance", NULL,
		      NULL);
	/* One CPU is enough to spoil a comparison. */
	made_up_tree_write(state, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor",
			   "powersave\n");
	assert_result(made_up_tree_run(state, &check_governor), CHECK_NOTE, "is powersave",
		      "follows the load",
		      "echo performance | sudo tee "
		      "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

static void test_turbo(void **state)
{
	assert_null(made_up_tree_run(state, &check_turbo));
	made_up_tree_write(state, "sys/devices/system/cpu/cpufreq/boost", "1\n");
	assert_result(made_up_tree_run(state, &check_turbo), CHECK_NOTE, "turbo is on", "heat",
		      "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
	made_up_tree_write(state, "sys/devices/system/cpu/cpufreq/boost", "0\n");
	assert_result(made_up_tree_run(state, &check_turbo), CHECK_GOOD, "turbo is off", NULL,
		      NULL);
}

static void test_turbo_of_intel_is_the_wrong_way_round(void **state)
{
	made_up_tree_write(state, "sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
	assert_result(made_up_tree_run(state, &check_turbo), CHECK_NOTE, "turbo is on", "heat",
		      "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
	made_up_tree_write(state, "sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
	assert_result(made_up_tree_run(state, &check_turbo), CHECK_GOOD, "turbo is off", NULL,
		      NULL);
}

static void test_smt(void **state)
{
	assert_null(made_up_tree_run(state, &check_smt));
	made_up_tree_write(state, "sys/devices/system/cpu/smt/active", "1\n");
	assert_result(made_up_tree_run(state, &check_smt), CHECK_NOTE, "SMT is on", "twin",
		      "echo off | sudo tee /sys/devices/system/cpu/smt/control");
	made_up_tree_write(state, "sys/devices/system/cpu/smt/active", "0\n");
	assert_result(made_up_tree_run(state, &check_smt), CHECK_GOOD, "SMT is off", NULL, NULL);
}

#define CPU_FLAGS "processor\t: 0\nflags\t\t: fpu vme"

static void test_virtual_machine(void **state)
{
	made_up_tree_write(state, "proc/cpuinfo", CPU_FLAGS "\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_GOOD,
		      "no virtual machine", NULL, NULL);
	made_up_tree_write(state, "proc/cpuinfo", CPU_FLAGS " hypervisor lahf_lm\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_NOTE, "a hypervisor",
		      "host", NULL);
	made_up_tree_write(state, "sys/class/dmi/id/sys_vendor", "QEMU\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_NOTE, "(QEMU)", "host",
		      NULL);
}

static void test_laptop_of_a_hypervisor_vendor(void **state)
{
	made_up_tree_write(state, "proc/cpuinfo", CPU_FLAGS "\n");
	made_up_tree_write(state, "sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_GOOD,
		      "no virtual machine", NULL, NULL);
}

static void test_windows_subsystem(void **state)
{
	made_up_tree_write(state, "proc/cpuinfo", CPU_FLAGS " hypervisor\n");
	made_up_tree_write(state, "proc/sys/kernel/osrelease",
			   "5.15.90.1-microsoft-standard-WSL2\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_NOTE, "(WSL)", "host",
		      NULL);
}

/** Arm has no such flag: the firmware's word is taken. */
static void test_virtual_machine_without_flags(void **state)
{
	made_up_tree_write(state, "proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
	made_up_tree_write(state, "sys/class/dmi/id/product_name", "KVM Virtual Machine\n");
	assert_result(made_up_tree_run(state, &check_virtual_machine), CHECK_NOTE, "(KVM)", "host",
		      NULL);
}

static void test_container(void **state)
{
	static const struct {
		const char *path;
		const char *content;
		const char *name;
	} cases[] = {
		{ "proc/self/cgroup", "0::/kubepods/besteffort/pod1\n", "Kubernetes" },
		{ "proc/self/cgroup", "1:cpu:/docker/0123abc\n", "docker" },
		{ "proc/self/cgroup", "0::/lxc.payload.x\n", "LXC" },
		{ "proc/self/root/run/.containerenv", "", "podman" },
		{ "proc/self/root/.dockerenv", "", "docker" },
	};

	made_up_tree_write(state, "proc/self/cgroup", "0::/user.slice\n");
	assert_null(made_up_tree_run(state, &check_container));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		made_up_tree_write(state, cases[i].path, cases[i].content);
		assert_result(made_up_tree_run(state, &check_container), CHECK_NOTE, cases[i].name,
			      "host's", NULL);
	}
}

static void test_cpu_count(void **state)
{
	struct made_up_tree *tree = *state;

	static const struct {
		const char *online;
		uint32_t count;
	} cases[] = {
		{ "0\n", 1 }, { "0-7\n", 8 }, { "0,2-3,8-15\n", 11 }, { "", 1 }, { "5-2", 1 }
	};

	assert_int_equal(facts_cpu_count(&tree->context), 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		made_up_tree_write(state, "sys/devices/system/cpu/online", cases[i].online);
		assert_int_equal(facts_cpu_count(&tree->context), cases[i].count);
	}
}

static void test_list_has_no_double_names(void **state)
{
	for (size_t i = 0; checks[i]; i++) {
		assert_non_null(checks[i]->run);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(checks[i]->name, checks[j]->name);
	}
}

/** With nothing to read at all, each check answers or stands aside. */
static void test_empty_trees(void **state)
{
	for (size_t i = 0; checks[i]; i++) {
		const struct check_result *result = made_up_tree_run(state, checks[i]);

		if (result)
			assert_non_null(result->fact);
	}
}

#define TREE_TEST(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, made_up_tree_set_up, made_up_tree_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_governor),
		TREE_TEST(test_turbo),
		TREE_TEST(test_turbo_of_intel_is_the_wrong_way_round),
		TREE_TEST(test_smt),
		TREE_TEST(test_virtual_machine),
		TREE_TEST(test_laptop_of_a_hypervisor_vendor),
		TREE_TEST(test_windows_subsystem),
		TREE_TEST(test_virtual_machine_without_flags),
		TREE_TEST(test_container),
		TREE_TEST(test_cpu_count),
		TREE_TEST(test_list_has_no_double_names),
		TREE_TEST(test_empty_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
