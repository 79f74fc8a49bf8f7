#include "arch/architecture.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START UINT64_C(0x401000)

#define CODE(...)                                                                                  \
	((struct bytes){ (const uint8_t[]){ __VA_ARGS__ },                                         \
			 sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static bool find(struct bytes code, struct code_exit_vector *ret)
{
	return architecture_find(EM_X86_64)->find_exits(code, START, ret);
}

static void test_every_return_is_found(void **state)
{
	struct code_exit_vector exits = { 0 };

	/* test edi,edi; je +1; ret; mov eax,0xc3c3c3c3; rep ret; ret 8 */
	assert_true(find(CODE(0x85, 0xff, 0x74, 0x01, 0xc3, 0xb8, 0xc3, 0xc3, 0xc3, 0xc3, 0xf3,
			      0xc3, 0xc2, 0x08, 0x00),
			 &exits));
	assert_int_equal(exits.count, 3);
	assert_int_equal(exits.items[0].address, START + 4);
	assert_int_equal(exits.items[1].address, START + 10);
	assert_int_equal(exits.items[2].address, START + 12);
	for (size_t i = 0; i < exits.count; i++)
		assert_int_equal(exits.items[i].target, CODE_EXIT_RETURN);
	code_exit_vector_deinit(&exits);
}

static void test_jumps_out_are_told_from_jumps_within(void **state)
{
	struct code_exit_vector exits = { 0 };

	/* jmp +0 (within); jmp *%rax (a switch); jmp *x(%rip); jmp +0x100; jne +0x7f (may stay) */
	assert_true(find(CODE(0xeb, 0x00, 0xff, 0xe0, 0xff, 0x25, 0x00, 0x00, 0x00, 0x00, 0xe9,
			      0x00, 0x01, 0x00, 0x00, 0x75, 0x7f),
			 &exits));
	assert_int_equal(exits.count, 2);
	assert_int_equal(exits.items[0].address, START + 4);
	assert_true(exits.items[0].target == CODE_EXIT_ELSEWHERE);
	assert_int_equal(exits.items[1].address, START + 10);
	assert_int_equal(exits.items[1].target, START + 15 + 0x100);
	code_exit_vector_deinit(&exits);
}

static void test_what_is_no_code(void **state)
{
	struct code_exit_vector exits = { 0 };

	/* Cut off in the middle of an instruction. */
	assert_false(find(CODE(0x90, 0xb8, 0x00), &exits));
	assert_true(find((struct bytes){ 0 }, &exits));
	assert_int_equal(exits.count, 0);
	code_exit_vector_deinit(&exits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_return_is_found),
		cmocka_unit_test(test_jumps_out_are_told_from_jumps_within),
		cmocka_unit_test(test_what_is_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
