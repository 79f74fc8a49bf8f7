#include "analyze/stack_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <linux/perf_event.h>

#include <cmocka.h>

static struct record record_of(const uint64_t *callchain, uint64_t n_callchain, uint32_t pid)
{
	return (struct record){
		.type = PERF_RECORD_SAMPLE,
		.misc = PERF_RECORD_MISC_USER,
		.pid = pid,
		.sample = { .callchain = callchain, .n_callchain = n_callchain },
	};
}

static bool is_known(struct stack_memo *memo, const struct record *record, uint32_t *stack_ret)
{
	struct stack_memo_entry *entry;

	if (!stack_memo_find(memo, record, &entry))
		return false;
	assert_int_equal(entry->end, STACK_END_UNTRACED);
	*stack_ret = entry->stack;
	return true;
}

static void keep(struct stack_memo *memo, const struct record *record, uint32_t stack)
{
	struct stack_memo_entry *entry;

	assert_false(stack_memo_find(memo, record, &entry));
	stack_memo_keep(memo, record, entry, stack, STACK_END_UNTRACED);
}

static void test_a_chain_is_known_again(void **state)
{
	const uint64_t chain[] = { 1, 2, 3, 4 }, other[] = { 1, 2, 3, 5 };
	struct record first = record_of(chain, 4, 10), shorter = record_of(chain, 3, 10);
	struct record changed = record_of(other, 4, 10), elsewhere = record_of(chain, 4, 11);
	struct record kernel = first;
	struct stack_memo memo = { 0 };
	uint32_t stack = 0;

	keep(&memo, &first, 7);
	assert_true(is_known(&memo, &first, &stack));
	assert_int_equal(stack, 7);
	kernel.misc = PERF_RECORD_MISC_KERNEL;
	assert_false(is_known(&memo, &shorter, &stack));
	assert_false(is_known(&memo, &changed, &stack));
	assert_false(is_known(&memo, &elsewhere, &stack));
	assert_false(is_known(&memo, &kernel, &stack));
	stack_memo_deinit(&memo);
}

static void test_what_is_forgotten_is_not_known(void **state)
{
	const uint64_t chain[] = { 1, 2, 3 };
	struct record record = record_of(chain, 3, 10);
	struct stack_memo memo = { 0 };
	uint32_t stack = 0;

	stack_memo_forget(&memo);
	keep(&memo, &record, 7);
	stack_memo_forget(&memo);
	assert_false(is_known(&memo, &record, &stack));
	keep(&memo, &record, 8);
	assert_true(is_known(&memo, &record, &stack));
	assert_int_equal(stack, 8);
	stack_memo_deinit(&memo);
}

/** More chains than there is room for: what is said to be known is right. */
static void test_many_chains(void **state)
{
	enum {
		N_CHAINS = 200000,
		LENGTH = 40
	};
	struct stack_memo memo = { 0 };
	uint32_t n_known = 0;

	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < N_CHAINS; i++) {
			uint64_t chain[LENGTH] = { i };
			struct record record = record_of(chain, LENGTH, 10);
			struct stack_memo_entry *entry;

			if (stack_memo_find(&memo, &record, &entry)) {
				assert_int_equal(entry->stack, i);
				n_known++;
			} else {
				stack_memo_keep(&memo, &record, entry, i, STACK_END_UNTRACED);
			}
		}
	}
	assert_true(n_known < 2 * N_CHAINS);
	assert_true(memo.addresses.count <= (size_t)1 << 22);
	stack_memo_deinit(&memo);
}

static void keep_numbered(struct stack_memo *memo, uint32_t number)
{
	const uint64_t chain[] = { number, 1 };
	struct record record = record_of(chain, 2, 10);

	keep(memo, &record, number);
}

static bool is_numbered_known(struct stack_memo *memo, uint32_t number, uint32_t *stack_ret)
{
	const uint64_t chain[] = { number, 1 };
	struct record record = record_of(chain, 2, 10);

	return is_known(memo, &record, stack_ret);
}

/** As many as there is room for keep each other's places, whatever their hashes. */
static void test_chains_do_not_take_places(void **state)
{
	enum {
		N_CHAINS = 100000
	};
	struct stack_memo memo = { 0 };
	uint32_t stack = 0;

	for (uint32_t i = 0; i < N_CHAINS; i++)
		keep_numbered(&memo, i);
	for (uint32_t i = 0; i < N_CHAINS; i++) {
		assert_true(is_numbered_known(&memo, i, &stack));
		assert_int_equal(stack, i);
	}
	stack_memo_deinit(&memo);
}

/** Short ones: there are too many before there are too many addresses. */
static void test_more_chains_than_places(void **state)
{
	enum {
		N_CHAINS = 1000000
	};
	struct stack_memo memo = { 0 };
	uint32_t stack = 0;

	for (uint32_t i = 0; i < N_CHAINS; i++) {
		keep_numbered(&memo, i);
		assert_true(i % 1000 || is_numbered_known(&memo, i, &stack));
	}
	stack_memo_deinit(&memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chain_is_known_again),
		cmocka_unit_test(test_what_is_forgotten_is_not_known),
		cmocka_unit_test(test_many_chains),
		cmocka_unit_test(test_chains_do_not_take_places),
		cmocka_unit_test(test_more_chains_than_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
