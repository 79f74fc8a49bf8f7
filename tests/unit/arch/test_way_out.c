#include "arch/architecture.h"
#include "arch/x86_64/instruction.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Where the code under test lies. */
#define START UINT64_C(0x401000)

static struct bytes read_code(void *context, uint64_t address)
{
	const struct bytes *code = context;

	if (address < START || address - START >= code->size)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ code->data + (address - START), code->size - (address - START) };
}

static bool find(struct bytes code, uint64_t offset, struct way_out *ret)
{
	const struct code_source source = { read_code, &code };

	return architecture_find(EM_X86_64)->find_way_out(&source, START + offset, false, ret);
}

#define CODE(...)                                                                                  \
	((struct bytes){ (const uint8_t[]){ __VA_ARGS__ },                                         \
			 sizeof((const uint8_t[]){ __VA_ARGS__ }) })

/** The CFA is @p offset from the stack pointer, and the frame pointer in place. */
static void assert_from_stack_pointer(struct bytes code, uint64_t offset, int32_t cfa_offset)
{
	struct way_out way;

	assert_true(find(code, offset, &way));
	assert_false(way.is_from_frame_pointer);
	assert_int_equal(way.cfa_offset, cfa_offset);
	assert_true(way.has_frame_pointer);
	assert_false(way.is_frame_pointer_saved);
}

static void assert_frame_pointer_saved(struct bytes code, uint64_t offset, bool is_from_it,
				       int32_t cfa_offset)
{
	struct way_out way;

	assert_true(find(code, offset, &way));
	assert_int_equal(way.is_from_frame_pointer, is_from_it);
	assert_int_equal(way.cfa_offset, cfa_offset);
	assert_true(way.has_frame_pointer);
	assert_true(way.is_frame_pointer_saved);
	assert_int_equal(way.frame_pointer_offset, -16);
}

static void assert_none(struct bytes code)
{
	struct way_out way;

	assert_false(find(code, 0, &way));
}

static void test_room_on_the_stack(void **state)
{
	/* CPython 3.12: sub $8,%rsp; call *%rcx; add $8,%rsp; ret */
	const struct bytes code = CODE(0x48, 0x83, 0xec, 8, 0xff, 0xd1, 0x48, 0x83, 0xc4, 8, 0xc3);

	assert_from_stack_pointer(code, 0, 8);
	assert_from_stack_pointer(code, 4, 16);
	assert_from_stack_pointer(code, 6, 16);
	assert_from_stack_pointer(code, 10, 8);
}

static void test_kept_frame_pointer(void **state)
{
	/* push %rbp; mov %rsp,%rbp; sub $32,%rsp; call; leave; ret */
	const struct bytes code =
		CODE(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 32, 0xe8, 0, 0, 0, 0, 0xc9, 0xc3);

	assert_from_stack_pointer(code, 0, 8);
	assert_frame_pointer_saved(code, 4, true, 16);
	assert_frame_pointer_saved(code, 13, true, 16);
	assert_from_stack_pointer(code, 14, 8);
}

static void test_frame_pointer_from_the_stack(void **state)
{
	/* mov %rsp,%rbp; pop %rbp; ret: CPython 3.13 ends so, without the first */
	assert_frame_pointer_saved(CODE(0x5d, 0xc3), 0, false, 16);
	/* lea -16(%rbp),%rsp; pop %rbx; pop %r12; pop %rbp; ret */
	assert_frame_pointer_saved(CODE(0x48, 0x8d, 0x65, 0xf0, 0x5b, 0x41, 0x5c, 0x5d, 0xc3), 0,
				   true, 16);
	/* pop %rbp; push %rbp; mov %rsp,%rbp; leave; ret: as a tail call does */
	assert_frame_pointer_saved(CODE(0x5d, 0x55, 0x48, 0x89, 0xe5, 0xc9, 0xc3), 0, false, 16);
	/* mov 8(%rsp),%rbp; add $16,%rsp; ret */
	assert_frame_pointer_saved(CODE(0x48, 0x8b, 0x6c, 0x24, 8, 0x48, 0x83, 0xc4, 16, 0xc3), 0,
				   false, 24);
}

static void test_branches(void **state)
{
	/* je 1f; ud2; 1: pop %rcx; ret */
	assert_from_stack_pointer(CODE(0x74, 2, 0x0f, 0x0b, 0x59, 0xc3), 0, 16);
	/* 1: jmp 1b; */
	assert_none(CODE(0xeb, 0xfe));
	/* jmp 1f; int3; 1: push $1; pop %rax; repz ret */
	assert_from_stack_pointer(CODE(0xeb, 1, 0xcc, 0x6a, 1, 0x58, 0xf3, 0xc3), 0, 8);
	/* je past all; jmp past all */
	assert_none(CODE(0x74, 0x70, 0xe9, 0, 0, 0, 0x70));
}

static void test_nothing_to_follow(void **state)
{
	assert_none(CODE(0xff, 0xe0));             /* jmp *%rax */
	assert_none(CODE(0xf4, 0xc3));             /* hlt */
	assert_none(CODE(0x48, 0x89, 0xc4, 0xc3)); /* mov %rax,%rsp; ret */
	assert_none(CODE(0x48, 0x29, 0xc4, 0xc3)); /* sub %rax,%rsp; ret */
	assert_none(CODE(0x90, 0x90));             /* the code ends */
	assert_none(CODE(0x06, 0xc3));             /* no such instruction */
	assert_none((struct bytes){ NULL, 0 });
	/* and $-16,%rsp, and rsp from rbp again: known once more */
	assert_frame_pointer_saved(CODE(0x48, 0x83, 0xe4, 0xf0, 0xc9, 0xc3), 0, true, 16);
}

static void test_another_function_behind_a_call(void **state)
{
	/* call abort; push %rbx; pop %rbx; ret */
	assert_none(CODE(0xe8, 0, 0, 0, 0, 0x53, 0x5b, 0xc3));
	/* call abort; endbr64; ret */
	assert_none(CODE(0xe8, 0, 0, 0, 0, 0xf3, 0x0f, 0x1e, 0xfa, 0xc3));
	/* call abort; nopl (%rax); ret */
	assert_none(CODE(0xe8, 0, 0, 0, 0, 0x0f, 0x1f, 0, 0xc3));
	/* At the start of one that is asked for, it is no sign. */
	assert_from_stack_pointer(CODE(0xf3, 0x0f, 0x1e, 0xfa, 0xc3), 0, 8);
}

static void test_instruction_sizes(void **state)
{
	static const struct {
		uint8_t code[INSTRUCTION_SIZE_MAX_BYTES];
		uint8_t size_bytes;
	} cases[] = {
		{ { 0x90 }, 1 },
		{ { 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 }, 10 },          /* movabs */
		{ { 0x66, 0xb8, 1, 2 }, 4 },                             /* mov $N,%ax */
		{ { 0xa1, 1, 2, 3, 4, 5, 6, 7, 8 }, 9 },                 /* mov N,%eax */
		{ { 0xf7, 0xc0, 1, 2, 3, 4 }, 6 },                       /* test $N,%eax */
		{ { 0xf7, 0xd8 }, 2 },                                   /* neg %eax */
		{ { 0xf6, 0x05, 1, 2, 3, 4, 5 }, 7 },                    /* testb $N,N(%rip) */
		{ { 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 }, 10 }, /* nopw */
		{ { 0x0f, 0x84, 1, 2, 3, 4 }, 6 },                       /* je */
		{ { 0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8 }, 6 },              /* palignr */
		{ { 0xc5, 0xf8, 0x77 }, 3 },                             /* vzeroupper */
		{ { 0xc4, 0xe2, 0x7d, 0x18, 0x05, 1, 2, 3, 4 }, 9 },     /* vbroadcastss */
		{ { 0x62, 0xf1, 0x7c, 0x48, 0x10, 0x44, 0x24, 1 }, 8 }, /* vmovups 64(%rsp),%zmm0 */
		{ { 0x62, 0xf3, 0x7d, 0x48, 0x3f, 0xc1, 6 }, 7 },       /* vpcmpb */
		{ { 0xc8, 16, 0, 0 }, 4 },                              /* enter */
		{ { 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0 }, 9 }, /* mov %fs:40,%rax */
		{ { 0x41, 0xff, 0x54, 0xdc, 8 }, 5 },                   /* call *8(%r12,%rbx,8) */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes code = { cases[i].code, sizeof(cases[i].code) };
		struct instruction instruction;

		assert_true(instruction_decode(code, &instruction));
		assert_int_equal(instruction.size_bytes, cases[i].size_bytes);
		/* Every shorter run of bytes is none. */
		while (code.size > 0) {
			code.size = MIN(code.size, (size_t)cases[i].size_bytes) - 1;
			assert_false(instruction_decode(code, &instruction));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room_on_the_stack),
		cmocka_unit_test(test_kept_frame_pointer),
		cmocka_unit_test(test_frame_pointer_from_the_stack),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_nothing_to_follow),
		cmocka_unit_test(test_another_function_behind_a_call),
		cmocka_unit_test(test_instruction_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
