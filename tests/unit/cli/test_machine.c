#include "../base/cmocka_headers.h"

#include "cli/machine.h"

#include <string.h>
#include <sys/utsname.h>

static void facts_are_those_of_the_kernel(void **state)
{
	struct machine machine;
	struct utsname names;

	assert_int_equal(uname(&names), 0);
	machine_init(&machine);
	assert_string_equal(machine.hostname, names.nodename);
	assert_string_equal(machine.kernel_release, names.release);
	assert_string_equal(machine.architecture, names.machine);
	assert_in_range(machine.n_cpus_online, 1, machine.n_cpus_available);
	/* 4 MiB is less, 1 PiB more, than any machine this runs on. */
	assert_in_range(machine.memory_total_kib, 4096, UINT64_C(1) << 40);
	machine_deinit(&machine);
	assert_null(machine.hostname);
}

static void processor_texts_are_one_line(void **state)
{
	struct machine machine;

	machine_init(&machine);
	if (machine.cpu_model)
		assert_null(strpbrk(machine.cpu_model, "\n"));
	if (machine.cpu_id) {
		size_t n_commas = 0;

		for (const char *letter = machine.cpu_id; *letter; letter++)
			n_commas += *letter == ',';
		assert_int_equal(n_commas, 3);
	}
	machine_deinit(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_those_of_the_kernel),
		cmocka_unit_test(processor_texts_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
