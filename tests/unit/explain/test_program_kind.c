#include "base/clock.h"
#include "explain/explanation_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

/** Ten seconds on four CPUs; times are in seconds, the rest as in struct program_facts. */
struct kind_case {
	enum program_kind kind;
	double user_s, system_s;
	uint64_t switches, major_faults;
	double lock_share, io_share;
	uint32_t n_cpus; /**< 0: four. */
	uint64_t involuntary_switches;
	double others_s; /**< CPU time of other programs. */
};

static const struct kind_case cases[] = {
	{ PROGRAM_SERIAL, 9.9, 0.1, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_SERIAL, 9.0, 0, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_CPU_BOUND, 8.9, 0, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_CPU_BOUND, 9.9, 0.1, 20, 0, 0, 0, 1, 0, 0 },
	{ PROGRAM_CPU_BOUND, 5.0, 0, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_CPU_BOUND, 13, 0, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_PARALLEL, 15, 0, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_PARALLEL, 39, 0.5, 20, 0, 0.1, 0, 0, 0, 0 },
	{ PROGRAM_KERNEL_BOUND, 4.9, 5.1, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_SERIAL, 5.1, 4.9, 20, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_LOCK_BOUND, 20, 1, 500, 0, 0.2, 0, 0, 0, 0 },
	{ PROGRAM_PARALLEL, 20, 1, 499, 0, 0.2, 0, 0, 0, 0 }, /* a lock nobody waits for */
	{ PROGRAM_LOCK_BOUND, 1, 1, 5000, 0, 0.05, 0, 0, 0, 0 },
	{ PROGRAM_IDLE, 1, 1, 5000, 0, 0.04, 0.04, 0, 0, 0 },
	{ PROGRAM_IO_BOUND, 1, 1, 5000, 0, 0, 0.05, 0, 0, 0 },
	{ PROGRAM_IO_BOUND, 1, 1, 10, 500, 0, 0, 0, 0, 0 },
	{ PROGRAM_IDLE, 0.01, 0, 10, 0, 0, 0, 0, 0, 0 },
	{ PROGRAM_CROWDED_OUT, 4, 0, 20, 0, 0, 0, 0, 900, 0 },
	{ PROGRAM_IDLE, 4, 0, 20, 0, 0, 0, 0, 199, 0 },   /* too few to matter */
	{ PROGRAM_IDLE, 4, 0, 300, 0, 0, 0, 0, 1199, 0 }, /* it waits itself, too */
	{ PROGRAM_SERIAL, 9.9, 0.1, 20, 0, 0, 0, 0, 900, 0 },
	{ PROGRAM_CROWDED_OUT, 4, 0, 300, 0, 0, 0, 0, 201, 33 },
	{ PROGRAM_IDLE, 4, 0, 300, 0, 0, 0, 0, 201, 30 }, /* a CPU was free, at times */
	{ PROGRAM_IDLE, 4, 0, 500, 0, 0, 0, 0, 201, 33 },
};

static void test_kinds(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct program_facts facts = {
			.n_samples = 5000,
			.wall_ns = 10 * NS_PER_S,
			.user_cpu_ns = (uint64_t)(cases[i].user_s * NS_PER_S),
			.system_cpu_ns = (uint64_t)(cases[i].system_s * NS_PER_S),
			.n_cpus = cases[i].n_cpus ? cases[i].n_cpus : 4,
			.voluntary_switches = cases[i].switches,
			.involuntary_switches = cases[i].involuntary_switches,
			.machine_busy_ns = (uint64_t)((cases[i].user_s + cases[i].system_s +
						       cases[i].others_s) *
						      NS_PER_S),
			.major_faults = cases[i].major_faults,
			.lock_share = cases[i].lock_share,
			.io_share = cases[i].io_share,
		};
		_cleanup_free_ char *reason = NULL;
		enum program_kind kind = program_kind_of(&facts, &reason);

		if (kind != cases[i].kind)
			fail_msg("case %zu is %s: %s", i, program_kind_name(kind), reason);
		assert_true(reason[strlen(reason) - 1] == '.');
	}
}

static void assert_kind(const struct program_facts *facts, enum program_kind expected,
			const char *expected_reason)
{
	_cleanup_free_ char *reason = NULL;

	assert_int_equal(program_kind_of(facts, &reason), expected);
	assert_string_equal(reason, expected_reason);
}

static void test_reasons_have_figures(void **state)
{
	assert_kind(
		&(struct program_facts){ .n_samples = 5000,
					 .wall_ns = 5 * NS_PER_S,
					 .user_cpu_ns = 4 * NS_PER_S,
					 .system_cpu_ns = 1 * NS_PER_S,
					 .n_cpus = 2 },
		PROGRAM_SERIAL,
		"5.00 s of CPU time in 5.00 s: 1.00 of 2 CPUs busy, 20.0 % of it in the kernel.");
	assert_kind(
		&(struct program_facts){ .n_samples = 500,
					 .wall_ns = 10 * NS_PER_S,
					 .user_cpu_ns = 1 * NS_PER_S,
					 .n_cpus = 2,
					 .voluntary_switches = 1000,
					 .lock_share = 0.25 },
		PROGRAM_LOCK_BOUND,
		"1.00 s of CPU time in 10.00 s: 0.10 of 2 CPUs busy, 0.0 % of it in the kernel; "
		"25.0 % of the samples in locking and 100 waits a second.");
}

static void test_too_short(void **state)
{
	assert_kind(&(struct program_facts){ .n_samples = 99,
					     .wall_ns = 100 * NS_PER_MS,
					     .user_cpu_ns = 99 * NS_PER_MS,
					     .n_cpus = 2 },
		    PROGRAM_TOO_SHORT,
		    "It ran for 100 ms with 99 ms of CPU time and gave 99 samples.");
	/* Hardly any CPU time, but long enough to see that it waits. */
	assert_kind(&(struct program_facts){ .n_samples = 3,
					     .wall_ns = 100 * NS_PER_MS,
					     .user_cpu_ns = 3 * NS_PER_MS,
					     .n_cpus = 2 },
		    PROGRAM_IDLE,
		    "3 ms of CPU time in 100 ms: 0.03 of 2 CPUs busy, 0.0 % of it in the kernel; 0 "
		    "waits a second, what for is not visible in samples of CPU time.");
	assert_kind(&(struct program_facts){ .n_samples = 1,
					     .wall_ns = 2 * NS_PER_MS,
					     .user_cpu_ns = 500000,
					     .n_cpus = 2 },
		    PROGRAM_TOO_SHORT,
		    "It ran for 2 ms with 500 us of CPU time and gave 1 sample.");
}

static void test_unknown_without_times(void **state)
{
	assert_kind(&(struct program_facts){ .n_samples = 5000 }, PROGRAM_UNKNOWN,
		    "The recording does not say how long the program ran.");
}

static void test_names_are_different_words(void **state)
{
	for (enum program_kind a = PROGRAM_UNKNOWN; a <= PROGRAM_TOO_SHORT; a++) {
		assert_non_null(program_kind_description(a));
		for (enum program_kind b = PROGRAM_UNKNOWN; b < a; b++)
			assert_string_not_equal(program_kind_name(a), program_kind_name(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_reasons_have_figures),
		cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_unknown_without_times),
		cmocka_unit_test(test_names_are_different_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
