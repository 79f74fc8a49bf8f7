#include "unwinder_fixture.h"

#include "base/clock.h"

/** Looks every 25 ms up to @p last_ms; how the last one ended. */
static enum stack_end look_until(struct fixture *fixture, uint64_t first_ms, uint64_t last_ms)
{
	struct memory_reader reader;
	enum stack_end end = STACK_END_NONE;

	fixture->beyond = &reader;
	for (uint64_t now_ms = first_ms; now_ms <= last_ms; now_ms += 25) {
		reader = reader_of(fixture, now_ms);
		end = run(fixture, code(FUNCTION_LEAF));
	}
	fixture->beyond = NULL;
	return end;
}

/** LEAF <- FRAME <- FRAME <- ROOT, of which the copy holds the first three words or more. */
static void push_stack_longer_than_copy(struct fixture *fixture)
{
	fixture->registers.values[TEST_RBP] = stack_slot(1);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, stack_slot(3));
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	fixture->n_words = 3;
}

static void test_beyond_the_copy(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	assert_int_equal(unwinder_extent(fixture->unwinder).end, 0);
	assert_int_equal(look_until(fixture, 1000, 1350), STACK_END_COPY_ENDED);
	assert_int_equal(look_until(fixture, 1375, 1375), STACK_END_RECOVERED);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	assert_int_equal(unwinder_extent(fixture->unwinder).end, stack_slot(5));
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[2].flags, ADDRESS_FRAME_IS_RETURN);
	assert_int_equal(fixture->frames.items[3].flags,
			 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_IS_RECOVERED);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_live_recovered, 1);
}

static void test_doubt_beyond_the_copy_keeps_nothing(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(look_until(fixture, 1000, 1400), STACK_END_RECOVERED);
	/* Not behind a call; in no code; no root. */
	fixture->words[4] = code(FUNCTION_ROOT + 3);
	assert_int_equal(look_until(fixture, 2000, 2500), STACK_END_COPY_ENDED);
	fixture->words[4] = 0x123456;
	assert_int_equal(look_until(fixture, 3000, 3500), STACK_END_COPY_ENDED);
	fixture->words[4] = code(AFTER_CALL(FUNCTION_BAD));
	assert_int_equal(look_until(fixture, 4000, 4500), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_live_recovered, 2);
}

/** What was copied changed before the process was looked at. */
static size_t read_changed_words(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	size_t n_read = read_words(context, address, buffer, size_bytes);

	if (STACK_ADDRESS >= address && STACK_ADDRESS + 16 <= address + size_bytes)
		((uint8_t *)buffer)[STACK_ADDRESS - address + 8] ^= 1;
	return n_read;
}

static void test_changed_copy_says_no(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader;

	push_stack_longer_than_copy(fixture);
	assert_int_equal(look_until(fixture, 1000, 1400), STACK_END_RECOVERED);
	reader = reader_of(fixture, 1425);
	reader.read = read_changed_words;
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_callers_that_take_turns_say_no(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	for (uint64_t now_ms = 1000; now_ms < 2000; now_ms += 25) {
		fixture->words[4] = code(AFTER_CALL(now_ms % 250 ? FUNCTION_ROOT : FUNCTION_LEAF));
		fixture->words[5] = code(AFTER_CALL(FUNCTION_ROOT));
		assert_int_equal(look_until(fixture, now_ms, now_ms), STACK_END_COPY_ENDED);
	}
	/* Whoever was there since. */
	assert_int_equal(look_until(fixture, 2000, 2400), STACK_END_RECOVERED);
}

static void test_looks_at_the_same_time_are_one(void **state)
{
	struct fixture *fixture = *state;

	push_stack_longer_than_copy(fixture);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(look_until(fixture, 1000, 1000), STACK_END_COPY_ENDED);
	/* Too far apart: who knows what was between. */
	for (uint64_t now_ms = 2000; now_ms < 20000; now_ms += 500)
		assert_int_equal(look_until(fixture, now_ms, now_ms), STACK_END_COPY_ENDED);
}

static void test_looks_after_the_copy_say_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader;

	push_stack_longer_than_copy(fixture);
	fixture->beyond = &reader;
	for (uint64_t now_ms = 1000; now_ms < 2000; now_ms += 25) {
		reader = reader_of(fixture, now_ms);
		reader.copied_ns = 900 * NS_PER_MS;
		assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	}
	fixture->beyond = NULL;
}

static void test_pieces_further_out_count_as_copied(void **state)
{
	struct fixture *fixture = *state;
	const struct stack_piece pieces[] = {
		{ stack_slot(3), { (const uint8_t *)&fixture->words[3], 8 } },
		{ stack_slot(4), { (const uint8_t *)&fixture->words[4], 8 } },
	};

	push_stack_longer_than_copy(fixture);
	fixture->pieces = pieces;
	fixture->n_pieces = 1;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, stack_slot(4));
	fixture->n_pieces = 2;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[3].flags, ADDRESS_FRAME_IS_RETURN);
	assert_int_equal(unwinder_extent(fixture->unwinder).missing, 0);
}

static size_t read_nothing(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	return 0;
}

static void test_memory_that_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	const struct memory_reader reader = { .read = read_nothing, .may_complete_stacks = true };

	push_stack_longer_than_copy(fixture);
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	fixture->n_words = 0;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_COPY);
}

/** What the kernel makes of push_stack_longer_than_copy(). */
static void give_chain(struct fixture *fixture, const uint64_t *chain, size_t n_chain)
{
	fixture->chain = chain;
	fixture->n_chain = n_chain;
}

static void test_chain_of_frame_pointers(void **state)
{
	struct fixture *fixture = *state;
	uint64_t chain[] = { code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
			     code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)) };

	push_stack_longer_than_copy(fixture);
	give_chain(fixture, chain, ARRAY_SIZE(chain));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_RECOVERED);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[2].flags, ADDRESS_FRAME_IS_RETURN);
	for (size_t i = 3; i < 5; i++)
		assert_int_equal(fixture->frames.items[i].flags,
				 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_IS_RECOVERED);
	/* The kernel stops after 127 frames: what it has is right all the same. */
	give_chain(fixture, chain, 3);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 4);
	give_chain(fixture, chain, 2);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_chain_that_is_not_believed(void **state)
{
	struct fixture *fixture = *state;
	uint64_t chain[] = { code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
			     code(AFTER_CALL(FUNCTION_ROOT)) };

	push_stack_longer_than_copy(fixture);
	give_chain(fixture, chain, ARRAY_SIZE(chain));
	/* Behind no call; in no code. */
	chain[2] = code(FUNCTION_ROOT + 3);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	chain[2] = 0x123456;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	chain[2] = code(AFTER_CALL(FUNCTION_ROOT));
	/* Not what the copy has. */
	chain[1] = code(AFTER_CALL(FUNCTION_LEAF));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 3);
	/* The walk stops in a frame that has no frame pointer: the register is what it likes. */
	chain[1] = code(AFTER_CALL(FUNCTION_FRAME));
	fixture->words[0] = code(AFTER_CALL(FUNCTION_SAVES));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_chain_passes_over_what_has_no_frame_pointer(void **state)
{
	struct fixture *fixture = *state;
	uint64_t chain[] = { code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
			     code(AFTER_CALL(FUNCTION_SAVES)), code(AFTER_CALL(FUNCTION_ROOT)) };

	/* FRAME was called by SAVES; who called that the chain does not know. */
	push_stack_longer_than_copy(fixture);
	give_chain(fixture, chain, ARRAY_SIZE(chain));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_SAVES)));
}

/** A chain that ends beyond the copy, in code without frame pointers; @p reader is borrowed. */
static void push_start_code(struct fixture *fixture, const struct memory_reader *reader)
{
	static uint64_t chain[3]; /* Borrowed by the fixture. */

	chain[0] = code(FUNCTION_LEAF);
	chain[1] = code(AFTER_CALL(FUNCTION_FRAME));
	chain[2] = code(AFTER_CALL(FUNCTION_SAVES));
	push_stack_longer_than_copy(fixture);
	give_chain(fixture, chain, ARRAY_SIZE(chain));
	fixture->beyond = reader;
	fixture->words[3] = 1;
	fixture->words[4] = code(AFTER_CALL(FUNCTION_SAVES));
	fixture->words[7] = code(AFTER_CALL(FUNCTION_SAVES));
}

static void test_start_code_without_frame_pointers(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader = { .read = read_words, .context = fixture };

	push_start_code(fixture, &reader);
	fixture->words[10] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_RECOVERED);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_SAVES)),
		      code(AFTER_CALL(FUNCTION_SAVES)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[5].flags,
			 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_IS_RECOVERED);
	/* It has returned from there since: it was called from where it was. */
	fixture->words[4] = code(AFTER_CALL(FUNCTION_LEAF));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_RECOVERED);
	assert_int_equal(fixture->frames.count, 6);
}

static void test_start_code_that_is_not_found(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader = { .read = read_words, .context = fixture };

	push_start_code(fixture, &reader);
	/* One more is not the start of the program any more. */
	fixture->words[10] = code(AFTER_CALL(FUNCTION_SAVES));
	fixture->words[13] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 4);
	/* The thread has returned from there: what is there now is another's. */
	fixture->words[10] = code(AFTER_CALL(FUNCTION_ROOT));
	fixture->words[4] = code(AFTER_CALL(FUNCTION_LEAF));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
	assert_int_equal(fixture->frames.count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_beyond_the_copy),
		TEST(test_doubt_beyond_the_copy_keeps_nothing),
		TEST(test_changed_copy_says_no),
		TEST(test_callers_that_take_turns_say_no),
		TEST(test_looks_at_the_same_time_are_one),
		TEST(test_looks_after_the_copy_say_nothing),
		TEST(test_pieces_further_out_count_as_copied),
		TEST(test_memory_that_cannot_be_read),
		TEST(test_chain_of_frame_pointers),
		TEST(test_chain_that_is_not_believed),
		TEST(test_chain_passes_over_what_has_no_frame_pointer),
		TEST(test_start_code_without_frame_pointers),
		TEST(test_start_code_that_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
