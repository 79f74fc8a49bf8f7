#include "capture/counters/counter_refusal.h"
#include "capture/counters/counters.h"

#include "base/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A made-up sysfs and tracefs. */
static char folder[] = "/tmp/test_counters.XXXXXX";
static struct event_places places = { folder, folder };

static void write_file(const char *path, const char *content)
{
	_cleanup_free_ char *whole = memory_format_text("%s/%s", folder, path);
	FILE *file;

	for (char *slash = whole + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0755);
		*slash = '/';
	}
	file = fopen(whole, "we");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

#define DEVICES "bus/event_source/devices/"

static int set_up(void **state)
{
	assert_non_null(mkdtemp(folder));
	write_file(DEVICES "cpu/type", "4\n");
	write_file(DEVICES "cpu/format/event", "config:0-7,32-35\n");
	write_file(DEVICES "cpu/format/umask", "config:8-15\n");
	write_file(DEVICES "cpu/format/ldlat", "config1:0-15\n");
	write_file(DEVICES "cpu/events/slots", "event=0x00,umask=0x4\n");
	write_file(DEVICES "cpu/events/topdown-retiring", "event=0x00,umask=0x80\n");
	write_file(DEVICES "cpu/events/loop", "loop\n");
	write_file(DEVICES "power/type", "12\n");
	write_file(DEVICES "power/cpumask", "0,2-3\n");
	write_file(DEVICES "power/format/event", "config:0-7\n");
	write_file(DEVICES "power/events/energy-pkg", "event=0x02\n");
	write_file(DEVICES "power/events/energy-pkg.scale", "2.5e-10\n");
	write_file(DEVICES "power/events/energy-pkg.unit", "Joules\n");
	write_file("events/sched/sched_switch/id", "314\n");
	write_file("devices/system/cpu/online", "0-1,4\n");
	return 0;
}

static int tear_down(void **state)
{
	_cleanup_free_ char *command = memory_format_text("rm -r %s", folder);

	return system(command);
}

static void test_terms_of_a_unit(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse_in(&places, "cpu/event=0x1a2,umask=0x3,ldlat=7/u", &event));
	assert_int_equal(event.type, 4);
	assert_int_equal(event.config, 0x1000003a2);
	assert_int_equal(event.config1, 7);
	assert_true(event.is_user_only);
	assert_string_equal(event.pmu, "cpu");

	assert_null(event_name_parse_in(&places, "slots:k", &event));
	assert_int_equal(event.config, 0x400);
	assert_true(event.is_kernel_only);

	assert_null(event_name_parse_in(&places, "power/energy-pkg/", &event));
	assert_int_equal(event.config, 2);
	assert_true(event.scale > 2.4e-10 && event.scale < 2.6e-10);
	assert_string_equal(event.shown_unit, "Joules");
}

static void test_cache_events(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse_in(&places, "dTLB-load-misses:u", &event));
	assert_int_equal(event.type, PERF_TYPE_HW_CACHE);
	assert_int_equal(event.config, 0x10003);
	assert_null(event_name_parse_in(&places, "LLC-stores", &event));
	assert_int_equal(event.config, 0x00102);
}

static void test_tracepoints(void **state)
{
	struct event_selection event;

	assert_null(event_name_parse_in(&places, "sched:sched_switch", &event));
	assert_int_equal(event.type, PERF_TYPE_TRACEPOINT);
	assert_int_equal(event.config, 314);
}

static void assert_refused(const char *text, const char *hint)
{
	struct event_selection event;
	struct error *error = event_name_parse_in(&places, text, &event);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	if (hint) {
		assert_non_null(error->hint);
		assert_non_null(strstr(error->hint, hint));
	}
	error_destroy(error);
}

static void test_refused_events(void **state)
{
	assert_refused("cpu/slot/", "'slots'");
	assert_refused("cpu/evnt=1/", "'event'");
	assert_refused("cpu/event=0x1000/", NULL);
	assert_refused("cpu/event=zwei/", NULL);
	assert_refused("cpu/event=1", "as in cpu/");
	assert_refused("cpu/loop/", NULL);
	assert_refused("powr/energy-pkg/", "'power'");
	assert_refused("../cpu/slots/", NULL);
	assert_refused("sched:sched_swich", "'sched_switch'");
	assert_refused("shed:sched_switch", "'sched'");
	assert_refused("..:sched_switch", NULL);
}

static void test_cpu_lists(void **state)
{
	struct index_vector cpus = { 0 };

	online_cpus_read(&places, &cpus);
	assert_int_equal(cpus.count, 3);
	assert_int_equal(cpus.items[2], 4);
	index_vector_clear(&cpus);
	pmu_read_cpus(&places, "power", &cpus);
	assert_int_equal(cpus.count, 3);
	assert_int_equal(cpus.items[1], 2);
	index_vector_deinit(&cpus);
}

static void test_lists_and_groups(void **state)
{
	struct counter_list list = { 0 };

	assert_null(counter_list_add(
		&list, &places, "task-clock,{cycles,cpu/event=1,umask=2/}:u,{branches,slots}"));
	assert_int_equal(list.requests.count, 5);
	assert_int_equal(list.n_groups, 2);
	assert_int_equal(list.requests.items[0].group, COUNTER_WITHOUT_GROUP);
	assert_int_equal(list.requests.items[1].group, list.requests.items[2].group);
	assert_int_not_equal(list.requests.items[2].group, list.requests.items[3].group);
	assert_string_equal(list.requests.items[1].name, "cycles:u");
	assert_true(list.requests.items[2].event.is_user_only);
	counter_list_deinit(&list);
}

static void test_wrong_lists_change_nothing(void **state)
{
	static const char *const wrong[] = { "",          "cycles,",  "{cycles", "{cycles}x", "{}",
					     "cycles,no", "cycles}b", "{a{b}}",  ",cycles" };
	struct counter_list list = { 0 };

	assert_null(counter_list_add(&list, &places, "cycles"));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error *error = counter_list_add(&list, &places, wrong[i]);

		assert_non_null(error);
		error_destroy(error);
		assert_int_equal(list.requests.count, 1);
		assert_int_equal(list.n_groups, 0);
	}
	counter_list_deinit(&list);
}

static void test_an_event_may_have_a_name_of_its_own(void **state)
{
	struct counter_list list = { 0 };

	assert_null(counter_list_add(
		&list, &places,
		"{cpu/event=0x76,name=cycles_of_it/,cpu/event=0x1a0,umask=0x1e,name=a.b/u}"));
	assert_int_equal(list.requests.count, 2);
	assert_int_equal(list.n_groups, 1);
	assert_string_equal(list.requests.items[0].name, "cycles_of_it");
	assert_string_equal(list.requests.items[1].name, "a.b");
	assert_int_equal(list.requests.items[1].event.config, UINT64_C(0x100001ea0));
	assert_true(list.requests.items[1].event.is_user_only);
	counter_list_deinit(&list);
}

static void test_kinds_of_cores_are_counted_apart(void **state)
{
	struct counter_list list = { 0 };

	write_file(DEVICES "cpu_core/type", "4\n");
	write_file(DEVICES "cpu_atom/type", "10\n");
	assert_null(counter_list_add(&list, &places, "{cycles,instructions}:u,page-faults"));
	assert_int_equal(list.requests.count, 5);
	assert_int_equal(list.n_groups, 2);
	assert_string_equal(list.requests.items[0].name, "cpu_core/cycles/u");
	assert_string_equal(list.requests.items[1].name, "cpu_atom/cycles/u");
	assert_int_equal(list.requests.items[1].event.config, UINT64_C(10) << 32);
	assert_int_equal(list.requests.items[0].group, list.requests.items[2].group);
	assert_int_not_equal(list.requests.items[0].group, list.requests.items[1].group);
	assert_string_equal(list.requests.items[4].name, "page-faults");
	counter_list_deinit(&list);
}

/* A made-up kernel: what it was asked, and what it refuses. */
static struct {
	bool is_kernel_refused; /**< As at perf_event_paranoid 2. */
	int errno_of_hardware;
	int group_size_max;
	int n_opened, n_in_group;
	int descriptors_left;
} kernel;

static int open_made_up(struct perf_event_attr *attr, pid_t task, int cpu, int group_fd,
			unsigned long flags)
{
	(void)flags;
	errno = 0;
	if (kernel.is_kernel_refused && !attr->exclude_kernel)
		errno = EACCES;
	else if (kernel.errno_of_hardware && attr->type == PERF_TYPE_HARDWARE)
		errno = kernel.errno_of_hardware;
	else if (kernel.group_size_max && group_fd >= 0 &&
		 kernel.n_in_group >= kernel.group_size_max)
		errno = EINVAL;
	else if (kernel.descriptors_left && kernel.n_opened >= kernel.descriptors_left)
		errno = EMFILE;
	if (errno)
		return -1;
	assert_int_equal(attr->disabled, group_fd < 0);
	kernel.n_in_group = group_fd < 0 ? 1 : kernel.n_in_group + 1;
	kernel.n_opened++;
	return dup(STDIN_FILENO);
}

static const uint32_t two_cpus[] = { 0, 1 };

static void open_list(struct counter_list *list, const char *text, enum counter_target_kind kind,
		      struct counter_set *ret)
{
	const struct counter_target target = {
		.kind = kind,
		.pid = 1,
		.cpus = two_cpus,
		.n_cpus = ARRAY_SIZE(two_cpus),
		.open_event = open_made_up,
	};

	*list = (struct counter_list){ 0 };
	assert_null(counter_list_add(list, &event_places_of_kernel, text));
	counter_set_open(list, &target, &places, ret);
}

static void test_all_is_opened_on_each_cpu(void **state)
{
	struct counter_list list;
	struct counter_set counters;

	memset(&kernel, 0, sizeof(kernel));
	open_list(&list, "task-clock,page-faults", COUNTERS_OF_SYSTEM, &counters);
	assert_int_equal(kernel.n_opened, 4);
	assert_int_equal(counter_set_n_open(&counters), 2);
	counter_set_deinit(&counters);
	counter_list_deinit(&list);
}

static void test_kernel_side_is_left_out_when_refused(void **state)
{
	struct counter_list list;
	struct counter_set counters;

	memset(&kernel, 0, sizeof(kernel));
	kernel.is_kernel_refused = true;
	open_list(&list, "page-faults,page-faults:u,context-switches", COUNTERS_OF_LAUNCHED,
		  &counters);
	assert_true(counters.items[0].is_kernel_left_out);
	assert_false(counters.items[1].is_kernel_left_out);
	/* Switches are always in the kernel: without its side they would be a wrong zero. */
	assert_int_equal(counters.items[2].state, COUNTER_NOT_ALLOWED);
	assert_non_null(strstr(counters.items[2].reason, "perf_event_paranoid"));
	counter_set_deinit(&counters);
	counter_list_deinit(&list);
}

static void test_group_that_is_too_large(void **state)
{
	struct counter_list list;
	struct counter_set counters;

	memset(&kernel, 0, sizeof(kernel));
	kernel.group_size_max = 2;
	open_list(&list, "{page-faults,minor-faults,major-faults}", COUNTERS_OF_LAUNCHED,
		  &counters);
	assert_int_equal(counter_set_n_open(&counters), 3);
	assert_false(counters.items[1].is_out_of_group);
	assert_true(counters.items[2].is_out_of_group);
	counter_set_deinit(&counters);
	counter_list_deinit(&list);
}

static void test_missing_and_full(void **state)
{
	struct counter_list list;
	struct counter_set counters;

	memset(&kernel, 0, sizeof(kernel));
	kernel.descriptors_left = 1;
	open_list(&list, "task-clock,page-faults", COUNTERS_OF_LAUNCHED, &counters);
	assert_int_equal(counters.items[1].state, COUNTER_FAILED);
	assert_non_null(strstr(counters.items[1].reason, "ulimit -n"));
	assert_int_equal(counter_read(&counters.items[1]).time_enabled_ns, 0);
	counter_set_deinit(&counters);
	counter_list_deinit(&list);
}

static char *reason(struct counter_surroundings surroundings, enum counter_target_kind kind,
		    int errno_value)
{
	const struct counter_target target = { .kind = kind };
	const struct event_selection cycles = { .type = PERF_TYPE_HARDWARE };

	return counter_refusal_reason(&surroundings, &target, &cycles, errno_value);
}

static void assert_reason(struct counter_surroundings surroundings, enum counter_target_kind kind,
			  int errno_value, const char *part)
{
	_cleanup_free_ char *text = reason(surroundings, kind, errno_value);

	assert_non_null(strstr(text, part));
}

static void test_reasons_are_told_apart(void **state)
{
	const struct counter_surroundings in_vm = { .is_virtual = true, .paranoid = 2 };
	const struct counter_surroundings bare = { .has_pmu = true, .paranoid = 4 };
	const struct counter_surroundings filtered = { .is_seccomp_filtered = true };
	const struct counter_surroundings allowed = { .has_pmu = true, .paranoid = 1 };

	assert_reason(in_vm, COUNTERS_OF_LAUNCHED, ENOENT, "no PMU in this virtual machine");
	assert_reason(bare, COUNTERS_OF_LAUNCHED, ENOENT, "processor does not count");
	assert_reason(bare, COUNTERS_OF_LAUNCHED, EACCES, "perf_event_paranoid=2");
	assert_reason(filtered, COUNTERS_OF_LAUNCHED, EPERM, "seccomp");
	assert_reason(allowed, COUNTERS_OF_SYSTEM, EACCES, "perf_event_paranoid=0");
	assert_reason(allowed, COUNTERS_OF_TASKS, EACCES, "own processes");
}

static void test_scaling(void **state)
{
	const struct counter_reading third = { 100, 3000, 1000 };
	const struct counter_reading never = { 0, 3000, 0 };
	const struct counter_reading asleep = { 0, 0, 0 };
	struct counter_reading since =
		counter_reading_since(third, (struct counter_reading){ 40, 1000, 500 });

	assert_true(counter_reading_scaled(&third) == 300);
	assert_true(counter_reading_running_share(&third) > 0.33);
	assert_true(counter_reading_running_share(&third) < 0.34);
	assert_true(counter_reading_scaled(&never) == 0);
	assert_true(counter_reading_running_share(&never) == 0);
	assert_true(counter_reading_running_share(&asleep) == 1);
	assert_int_equal(since.value, 60);
	assert_int_equal(since.time_enabled_ns, 2000);
	assert_int_equal(since.time_running_ns, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms_of_a_unit),
		cmocka_unit_test(test_cache_events),
		cmocka_unit_test(test_tracepoints),
		cmocka_unit_test(test_refused_events),
		cmocka_unit_test(test_cpu_lists),
		cmocka_unit_test(test_lists_and_groups),
		cmocka_unit_test(test_wrong_lists_change_nothing),
		cmocka_unit_test(test_an_event_may_have_a_name_of_its_own),
		cmocka_unit_test(test_kinds_of_cores_are_counted_apart),
		cmocka_unit_test(test_all_is_opened_on_each_cpu),
		cmocka_unit_test(test_kernel_side_is_left_out_when_refused),
		cmocka_unit_test(test_group_that_is_too_large),
		cmocka_unit_test(test_missing_and_full),
		cmocka_unit_test(test_reasons_are_told_apart),
		cmocka_unit_test(test_scaling),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
