#include "arch/architecture.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool follows_call(const uint8_t *code, size_t size_bytes)
{
	return architecture_find(EM_X86_64)->may_follow_call(
		(struct bytes){ .data = code, .size = size_bytes });
}

#define FOLLOWS_CALL(...)                                                                          \
	follows_call((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_end_of_a_thread(void **state)
{
	static const uint8_t go[] = { 0xbf, 0x6f, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t musl[] = { 0x89, 0xc7, 0x31, 0xc0, 0xb0, 60, 0x0f, 0x05 };
	static const uint8_t exit_group[] = { 0xb8, 231, 0, 0, 0, 0x0f, 0x05 };
	const struct architecture *architecture = architecture_find(EM_X86_64);

	assert_true(architecture->has_exit((struct bytes){ go, sizeof(go) }));
	assert_true(architecture->has_exit((struct bytes){ musl, sizeof(musl) }));
	assert_false(architecture->has_exit((struct bytes){ go, sizeof(go) - 1 }));
	assert_false(architecture->has_exit((struct bytes){ exit_group, sizeof(exit_group) }));
	assert_false(architecture->has_exit((struct bytes){ NULL, 0 }));
}

static void test_execve_is_recognized(void **state)
{
	static const uint8_t execve[] = { 0x90, 0xb8, 59, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t execveat[] = { 0xb8, 0x42, 1, 0, 0, 0x0f, 0x05 };
	static const uint8_t exit[] = { 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };
	const struct architecture *architecture = architecture_find(EM_X86_64);

	assert_true(architecture->may_follow_exec((struct bytes){ execve, sizeof(execve) }));
	assert_true(architecture->may_follow_exec((struct bytes){ execveat, sizeof(execveat) }));
	assert_false(architecture->may_follow_exec((struct bytes){ exit, sizeof(exit) }));
	assert_false(architecture->may_follow_exec((struct bytes){ execve, sizeof(execve) - 2 }));
	assert_false(architecture->may_follow_exec((struct bytes){ execve + 2, 6 }));
	assert_false(architecture->may_follow_exec((struct bytes){ NULL, 0 }));
}

static void test_architecture_is_found_by_machine(void **state)
{
	assert_non_null(architecture_find(EM_X86_64));
	assert_string_equal(architecture_find(EM_X86_64)->name, "x86_64");
	assert_null(architecture_find(EM_68K));
}

static void test_list_is_consistent(void **state)
{
	for (const struct architecture *const *entry = architectures; *entry; entry++) {
		const struct architecture *architecture = *entry;

		assert_ptr_equal(architecture_find(architecture->elf_machine), architecture);
		assert_true(architecture->n_registers <= ARCHITECTURE_REGISTERS_MAX);
		assert_true(architecture->n_callee_saved_registers <=
			    ARCHITECTURE_CALLEE_SAVED_MAX);
		assert_true(architecture->instruction_pointer_register < architecture->n_registers);
	}
}

static void test_every_register_comes_from_perf_once(void **state)
{
	const struct architecture *architecture = architecture_find(EM_X86_64);
	uint64_t seen = 0;
	size_t n_registers = (size_t)__builtin_popcountll(architecture->perf_registers_mask);

	assert_int_equal(n_registers, architecture->n_registers);
	for (size_t i = 0; i < n_registers; i++)
		seen |= UINT64_C(1) << architecture->dwarf_register_of_perf[i];
	assert_int_equal(seen, (UINT64_C(1) << architecture->n_registers) - 1);
	/* Bit 8 of the mask is PERF_REG_X86_IP, bit 7 is _SP, bit 1 is _BX. */
	assert_int_equal(architecture->dwarf_register_of_perf[8], 16);
	assert_int_equal(architecture->dwarf_register_of_perf[7], 7);
	assert_int_equal(architecture->dwarf_register_of_perf[1], 3);
}

static void test_direct_call(void **state)
{
	assert_true(FOLLOWS_CALL(0xe8, 1, 2, 3, 4));
	assert_true(FOLLOWS_CALL(0x90, 0x67, 0xe8, 1, 2, 3, 4));
	assert_false(FOLLOWS_CALL(0xe9, 1, 2, 3, 4));
	assert_false(FOLLOWS_CALL(1, 2, 3, 4));
}

static void test_indirect_calls_of_every_length(void **state)
{
	assert_true(FOLLOWS_CALL(0xff, 0xd0));                            /* call *%rax */
	assert_true(FOLLOWS_CALL(0x41, 0xff, 0xd3));                      /* call *%r11 */
	assert_true(FOLLOWS_CALL(0xff, 0x13));                            /* call *(%rbx) */
	assert_true(FOLLOWS_CALL(0xff, 0x14, 0x24));                      /* call *(%rsp) */
	assert_true(FOLLOWS_CALL(0xff, 0x50, 0x08));                      /* call *8(%rax) */
	assert_true(FOLLOWS_CALL(0xff, 0x54, 0x24, 0x08));                /* call *8(%rsp) */
	assert_true(FOLLOWS_CALL(0xff, 0x90, 1, 2, 3, 0));                /* call *N(%rax) */
	assert_true(FOLLOWS_CALL(0xff, 0x15, 1, 2, 3, 0));                /* call *N(%rip) */
	assert_true(FOLLOWS_CALL(0xff, 0x94, 0x24, 1, 2, 3, 0));          /* call *N(%rsp) */
	assert_true(FOLLOWS_CALL(0xff, 0x14, 0xc5, 1, 2, 3, 0));          /* call *N(,%rax,8) */
	assert_true(FOLLOWS_CALL(0x64, 0xff, 0x14, 0x25, 0x10, 0, 0, 0)); /* call *%fs:0x10 */
}

static void test_other_instructions(void **state)
{
	assert_false(FOLLOWS_CALL(0xff, 0xe0));             /* jmp *%rax */
	assert_false(FOLLOWS_CALL(0xff, 0x35, 1, 2, 3, 0)); /* push N(%rip) */
	assert_false(FOLLOWS_CALL(0xff, 0x14));             /* needs a SIB byte */
	assert_false(FOLLOWS_CALL(0x48, 0x89, 0xe5));
	assert_false(FOLLOWS_CALL(0x90));
	assert_false(follows_call(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_a_thread),
		cmocka_unit_test(test_execve_is_recognized),
		cmocka_unit_test(test_architecture_is_found_by_machine),
		cmocka_unit_test(test_list_is_consistent),
		cmocka_unit_test(test_every_register_comes_from_perf_once),
		cmocka_unit_test(test_direct_call),
		cmocka_unit_test(test_indirect_calls_of_every_length),
		cmocka_unit_test(test_other_instructions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
