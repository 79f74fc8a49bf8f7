#include "analyze/branch_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/** Newest first: b returned to a, which had called c, in whose call to d the sample lies. */
static const struct perf_branch_entry branches[] = {
	{ .from = 0x30, .to = 0x400, .type = PERF_BR_CALL },
	{ .from = 0x20, .to = 0x300, .type = PERF_BR_IND_CALL },
	{ .from = 0x25, .to = 0x26, .type = PERF_BR_COND },
	{ .from = 0x210, .to = 0x15, .type = PERF_BR_RET },
	{ .from = 0x10, .to = 0x200, .type = PERF_BR_CALL },
};

static const struct sample_record sample = { .branches = branches, .n_branches = 5 };

static void test_types(void **state)
{
	struct address_vector chain = { 0 };

	branch_chain(&sample, PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_TYPE_SAVE, &chain);
	assert_int_equal(chain.count, 2);
	assert_int_equal(chain.items[0], 0x30);
	assert_int_equal(chain.items[1], 0x20);
	address_vector_deinit(&chain);
}

static void test_call_stack(void **state)
{
	struct address_vector chain = { 0 };

	branch_chain(&sample, PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER, &chain);
	assert_int_equal(chain.count, 5);
	assert_int_equal(chain.items[0], 0x30);
	branch_chain(&sample, PERF_SAMPLE_BRANCH_ANY_CALL, &chain);
	assert_int_equal(chain.count, 5);
	address_vector_deinit(&chain);
}

static void test_jumps_are_no_callers(void **state)
{
	struct address_vector chain = { 0 };

	branch_chain(&sample, PERF_SAMPLE_BRANCH_ANY, &chain);
	assert_int_equal(chain.count, 0);
	branch_chain(&sample, 0, &chain);
	assert_int_equal(chain.count, 0);
	address_vector_deinit(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_call_stack),
		cmocka_unit_test(test_jumps_are_no_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
