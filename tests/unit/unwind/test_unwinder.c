#include "unwinder_fixture.h"

static void test_chain_to_the_root(void **state)
{
	struct fixture *fixture = *state;
	const struct object *object = fixture->process.mappings.items[1].object;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0x1111);
	push(fixture, 0x2222); /* saved rbp */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[0].flags, 0);
	assert_int_equal(fixture->frames.items[1].flags, ADDRESS_FRAME_IS_RETURN);
	assert_ptr_equal(fixture->frames.items[1].object, object);
	assert_int_equal(fixture->frames.items[1].elf_address,
			 TEST_CODE_ADDRESS + AFTER_CALL(FUNCTION_FRAME));
	assert_string_equal(unwinder_object_problem(fixture->unwinder, object),
			    "damaged entries of unwind information: 1"); /* FUNCTION_BAD */
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_tables, 1);
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_frames, 3);
}

static void test_every_shorter_copy_says_so(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	for (size_t n_words = 1; n_words < 4; n_words++) {
		fixture->n_words = n_words;
		assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_COPY_ENDED);
		assert_int_equal(fixture->frames.count, 2);
	}
	fixture->n_words = 0;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_COPY);
	assert_int_equal(fixture->frames.count, 1);
}

static void test_ends(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NULL_RETURN);
	assert_int_equal(fixture->frames.count, 1);
	fixture->words[0] = 0x123456;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_MAPPING);
	assert_int_equal(fixture->frames.count, 1);
	assert_int_equal(run(fixture, code(FUNCTION_BAD)), STACK_END_BAD_RULE);
	fixture->registers.values[TEST_RBP] = STACK_ADDRESS - 64;
	assert_int_equal(run(fixture, code(FUNCTION_FRAME)), STACK_END_STUCK);
	assert_int_equal(run(fixture, code(FUNCTION_ENTRY) + 4), STACK_END_ENTRY);
	assert_int_equal(run(fixture, 0x10), STACK_END_NO_MAPPING);
	assert_int_equal(fixture->frames.count, 1);
	assert_null(fixture->frames.items[0].object);
}

static void test_go_changes_stacks(void **state)
{
	struct fixture *fixture = *state;

	/* What lies above on this stack is no caller, though it looks like one. */
	push(fixture, code(AFTER_CALL(FUNCTION_SWITCH)));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_SWITCH);
	assert_int_equal(fixture->frames.count, 2);
	/* Before and after it goes over, it is a function like others. */
	fixture->words[0] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_SWITCH)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_go_says_what_is_outermost(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(FUNCTION_OUTERMOST + 1)); /* as goroutines return: no call before it */
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	fixture->words[0] = code(FUNCTION_AFTER + 1);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
}

static void test_start_of_a_thread(void **state)
{
	struct fixture *fixture = *state;

	/* SAVES returns to no code; but had LEAF returned to it, it would have ended the thread. */
	push(fixture, code(AFTER_CALL(FUNCTION_SAVES)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0x123456);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	/* The same bytes say nothing of one that was interrupted there. */
	fixture->words[2] = 0x123456;
	assert_int_equal(run(fixture, code(AFTER_CALL(FUNCTION_SAVES))), STACK_END_NO_MAPPING);
}

static void test_start_code_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	/* LEAF <- a libc's start code, which keeps something <- the entry stub. */
	fixture->registers.values[TEST_RBP] = 1;
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, code(AFTER_CALL(FUNCTION_ENTRY)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ENTRY);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_GAP)),
		      code(AFTER_CALL(FUNCTION_ENTRY)));
	/* A caller that is described must not be left out. */
	fixture->words[2] = code(AFTER_CALL(FUNCTION_FRAME));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_too_deep(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < UNWIND_FRAMES_MAX + 10; i++)
		push(fixture, code(AFTER_CALL(FUNCTION_LEAF)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_TOO_DEEP);
	assert_int_equal(fixture->frames.count, UNWIND_FRAMES_MAX);
}

static void test_caller_is_looked_up_inside_its_call(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(FUNCTION_LAST + 0x10));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
	/* The sampled address itself is exact: here there is no caller. */
	assert_int_equal(run(fixture, code(FUNCTION_LAST + 0x10)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 1);
}

static void test_register_that_an_inner_frame_saved(void **state)
{
	struct fixture *fixture = *state;

	/* LEAF <- SAVES (pushed rbx) <- LEAF's kind <- BASE, whose CFA is rbx + 16. */
	fixture->registers.values[TEST_RBX] = 0xdead;
	push(fixture, code(AFTER_CALL(FUNCTION_SAVES)));
	push(fixture, 0);
	push(fixture, stack_slot(6)); /* rbx at CFA - 16 */
	push(fixture, code(AFTER_CALL(FUNCTION_LEAF)));
	push(fixture, code(AFTER_CALL(FUNCTION_BASE)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 5);
}

static void test_caller_saved_register_is_lost_in_callers(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_R10] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_REALIGNED)));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_BAD_RULE);
	/* At the leaf it is known; and rbp outside the frame was taken back already. */
	fixture->registers.values[TEST_RBP] = stack_slot(4);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	fixture->words[1] = code(AFTER_CALL(FUNCTION_FRAME));
	fixture->words[5] = code(AFTER_CALL(FUNCTION_ROOT));
	assert_int_equal(run(fixture, code(FUNCTION_REALIGNED)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_REALIGNED), code(AFTER_CALL(FUNCTION_FRAME)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_frame_pointer_taken_back_before_the_return(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_EPILOGUE)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_plt(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_PLT + 0x1a)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	fixture->words[0] = 3; /* the index it pushed */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_PLT + 0x1b)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_stack_pointer_kept_in_memory(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0);
	push(fixture, stack_slot(4));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_DEREFERENCE)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
}

static void test_return_address_in_a_register(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RDI] = code(AFTER_CALL(FUNCTION_LEAF));
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_VFORK)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_VFORK), code(AFTER_CALL(FUNCTION_LEAF)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_signal_frame(void **state)
{
	struct fixture *fixture = *state;

	/* The handler returns to the trampoline; what it interrupted needs rbx and rbp. */
	push(fixture, code(FUNCTION_SIGNAL));
	push(fixture, stack_slot(7));       /* rbx */
	push(fixture, stack_slot(9));       /* rbp */
	push(fixture, code(FUNCTION_BASE)); /* rip: the first byte, so not a return */
	push(fixture, stack_slot(6));       /* rsp */
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_FRAME)));
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(FUNCTION_SIGNAL), code(FUNCTION_BASE),
		      code(AFTER_CALL(FUNCTION_FRAME)), code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[1].flags, 0);
	assert_int_equal(fixture->frames.items[2].flags, 0);
	assert_int_equal(fixture->frames.items[3].flags, ADDRESS_FRAME_IS_RETURN);
}

static void test_signal_trampoline_without_cfi(void **state)
{
	struct fixture *fixture = *state;
	const int16_t *offsets = architecture_find(EM_X86_64)->sigreturn_register_offsets;
	uint64_t *context;

	push(fixture, code(FUNCTION_TRAMPOLINE));
	for (size_t i = 0; i < 40; i++)
		push(fixture, 0);
	context = fixture->words + 1;
	context[offsets[TEST_RIP] / 8] = code(FUNCTION_LEAF);
	context[offsets[TEST_RSP] / 8] = stack_slot(fixture->n_words);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(FUNCTION_TRAMPOLINE), code(FUNCTION_LEAF),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[1].flags, 0);

	/* The same, sampled inside the trampoline: before, in and after its system call. */
	fixture->registers.values[TEST_RSP] = stack_slot(0);
	memmove(fixture->words, fixture->words + 1, (fixture->n_words - 1) * 8);
	fixture->words[offsets[TEST_RSP] / 8] = stack_slot(fixture->n_words - 2);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE)), STACK_END_ROOT);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE + 7)), STACK_END_ROOT);
	assert_int_equal(run(fixture, code(FUNCTION_TRAMPOLINE + 9)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 3);
}

static void test_leaf_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_ROOT);
	assert_int_equal(fixture->frames.count, 2);
	assert_int_equal(fixture->frames.items[1].flags, ADDRESS_FRAME_IS_RETURN);
	/* A code address, but no call before it. */
	fixture->words[0] = code(FUNCTION_ROOT + 0x20);
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_NO_RULE);
	/* One push further, as in the start of _init. */
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_GAP)), STACK_END_ROOT);
}

static void test_way_out_of_code_without_cfi(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, code(AFTER_CALL(FUNCTION_ROOM)));
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), code(AFTER_CALL(FUNCTION_ROOM)),
		      code(AFTER_CALL(FUNCTION_ROOT)));
	/* No call before it: the way out was that of another function. */
	fixture->words[2] = code(FUNCTION_ROOT + 0x20);
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 2);
}

/** Run-time code that keeps no frame pointer: CPython's trampolines. */
static size_t read_trampoline(void *context, uint64_t address, void *buffer, size_t size_bytes)
{
	/* sub $8,%rsp; call *%rcx; add $8,%rsp; ret */
	static const uint8_t trampoline[] = { 0x48, 0x83, 0xec, 8, 0xff, 0xd1,
					      0x48, 0x83, 0xc4, 8, 0xc3 };
	size_t position = (size_t)(address - JIT_ADDRESS);
	size_t n_bytes;

	if (address < JIT_ADDRESS || position >= sizeof(trampoline))
		return read_words(context, address, buffer, size_bytes);
	n_bytes = MIN(size_bytes, sizeof(trampoline) - position);
	memcpy(buffer, trampoline + position, n_bytes);
	return n_bytes;
}

static void test_way_out_of_code_made_at_run_time(void **state)
{
	struct fixture *fixture = *state;
	struct memory_reader reader = reader_of(fixture, 1000);

	reader.read = read_trampoline;
	fixture->registers.values[TEST_RBP] = 3;
	push(fixture, JIT_ADDRESS + 6);
	push(fixture, 0x1111);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	/* Without the process, nobody can look. */
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_RULE);
	fixture->beyond = &reader;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_LEAF), JIT_ADDRESS + 6,
		      code(AFTER_CALL(FUNCTION_ROOT)));
	/* That was its code, not its stack: nothing had to be recovered. */
	assert_int_equal(fixture->frames.items[2].flags, ADDRESS_FRAME_IS_RETURN);
}

static void test_jump_to_nowhere(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, 0), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, 0, code(AFTER_CALL(FUNCTION_ROOT)));
}

static void test_frame_pointers_of_jit_code(void **state)
{
	struct fixture *fixture = *state;

	fixture->registers.values[TEST_RBP] = stack_slot(1);
	push(fixture, 0x77);
	push(fixture, stack_slot(4));
	push(fixture, JIT_ADDRESS + 0x80);
	push(fixture, 0x77);
	push(fixture, 0);
	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_ROOT);
	ASSERT_FRAMES(fixture, JIT_ADDRESS + 0x40, JIT_ADDRESS + 0x80,
		      code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(fixture->frames.items[0].flags, 0);
	assert_int_equal(fixture->frames.items[1].flags,
			 ADDRESS_FRAME_IS_RETURN | ADDRESS_FRAME_BY_FRAME_POINTER);

	fixture->words[5] = JIT_ADDRESS + 0x90;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_FP_ROOT);
	assert_int_equal(fixture->frames.count, 3);
	fixture->words[5] = 0;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NULL_RETURN);
	fixture->n_words = 4;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_COPY_ENDED);
}

static void test_compiled_code_without_cfi_keeps_its_frame_pointer(void **state)
{
	struct fixture *fixture = *state;

	/* On top lies what an earlier call left there; the caller has no CFI either. */
	fixture->registers.values[TEST_RBP] = stack_slot(2);
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0);
	push(fixture, stack_slot(4));
	push(fixture, code(AFTER_CALL(FUNCTION_GAP)));
	push(fixture, 0);
	push(fixture, code(FUNCTION_GAP + 0x41)); /* as runtime.goexit + 1: no call before it */
	assert_int_equal(run(fixture, code(FUNCTION_GAP + 0x20)), STACK_END_FP_ROOT);
	ASSERT_FRAMES(fixture, code(FUNCTION_GAP + 0x20), code(AFTER_CALL(FUNCTION_GAP)),
		      code(FUNCTION_GAP + 0x41));
}

static void test_frame_pointers_that_are_none(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t values[] = {
		0, 1, stack_slot(0) + 4, STACK_ADDRESS - 8, STACK_ADDRESS + (1 << 20), stack_slot(2)
	};

	for (size_t i = 0; i < 4; i++)
		push(fixture, 0x4444);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		fixture->registers.values[TEST_RBP] = values[i];
		assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NO_RULE);
		assert_int_equal(fixture->frames.count, 1);
	}
	fixture->registers.valid_mask &= ~(UINT64_C(1) << TEST_RBP);
	fixture->registers.values[TEST_RBP] = stack_slot(0);
	fixture->words[1] = JIT_ADDRESS + 0x80;
	assert_int_equal(run(fixture, JIT_ADDRESS + 0x40), STACK_END_NO_RULE);
}

static void test_new_mappings_are_seen(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, code(AFTER_CALL(FUNCTION_ROOT)));
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_ROOT);
	fixture->process.mappings.count = 1;
	fixture->process.generation++;
	assert_int_equal(run(fixture, code(FUNCTION_LEAF)), STACK_END_NO_MAPPING);
}

static void test_file_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	const struct object *object;

	map(fixture, "/nonexistent/library.so", code(0x10000), 0);
	object = fixture->process.mappings.items[2].object;
	push(fixture, 0);
	assert_int_equal(run(fixture, code(0x10100)), STACK_END_NO_RULE);
	assert_int_equal(fixture->frames.count, 1);
	assert_ptr_equal(fixture->frames.items[0].object, object);
	assert_non_null(unwinder_object_problem(fixture->unwinder, object));
	assert_int_equal(unwinder_statistics(fixture->unwinder).n_table_failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_chain_to_the_root),
		TEST(test_every_shorter_copy_says_so),
		TEST(test_ends),
		TEST(test_go_changes_stacks),
		TEST(test_go_says_what_is_outermost),
		TEST(test_start_of_a_thread),
		TEST(test_start_code_without_cfi),
		TEST(test_too_deep),
		TEST(test_caller_is_looked_up_inside_its_call),
		TEST(test_register_that_an_inner_frame_saved),
		TEST(test_caller_saved_register_is_lost_in_callers),
		TEST(test_frame_pointer_taken_back_before_the_return),
		TEST(test_plt),
		TEST(test_stack_pointer_kept_in_memory),
		TEST(test_return_address_in_a_register),
		TEST(test_signal_frame),
		TEST(test_signal_trampoline_without_cfi),
		TEST(test_leaf_without_cfi),
		TEST(test_way_out_of_code_without_cfi),
		TEST(test_way_out_of_code_made_at_run_time),
		TEST(test_jump_to_nowhere),
		TEST(test_frame_pointers_of_jit_code),
		TEST(test_compiled_code_without_cfi_keeps_its_frame_pointer),
		TEST(test_frame_pointers_that_are_none),
		TEST(test_new_mappings_are_seen),
		TEST(test_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
