#include "unwind/expression.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** Registers 0 to 16 have number * 0x100; register 5 is unknown. Memory at A holds A + 1. */
static bool read_register(void *context, uint32_t number, uint64_t *ret)
{
	*ret = number * UINT64_C(0x100);
	return number != 5;
}

static bool read_word(void *context, uint64_t address, uint64_t *ret)
{
	*ret = address + 1;
	return address < 0x100000;
}

static enum expression_result evaluate(const uint8_t *operations, size_t size_bytes,
				       const uint64_t *initial, uint64_t *ret)
{
	const struct expression_environment environment = {
		.architecture = architecture_find(EM_X86_64),
		.read_register = read_register,
		.read_word = read_word,
	};

	return expression_evaluate((struct bytes){ operations, size_bytes }, &environment, initial,
				   ret);
}

static void assert_value(uint64_t wanted, const uint8_t *operations, size_t size_bytes)
{
	uint64_t value = 0;

	assert_int_equal(evaluate(operations, size_bytes, NULL, &value), EXPRESSION_OK);
	assert_int_equal(value, wanted);
}

static void assert_result(enum expression_result wanted, const uint8_t *operations,
			  size_t size_bytes)
{
	uint64_t value = 0x5a5a;

	assert_int_equal(evaluate(operations, size_bytes, NULL, &value), wanted);
	assert_int_equal(value, 0x5a5a);
}

#define OPERATIONS(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void test_constants(void **state)
{
	assert_value(31, OPERATIONS(0x4f));
	assert_value(0xff, OPERATIONS(0x08, 0xff));
	assert_value(UINT64_MAX, OPERATIONS(0x09, 0xff));
	assert_value(0xfffe, OPERATIONS(0x0a, 0xfe, 0xff));
	assert_value((uint64_t)-2, OPERATIONS(0x0b, 0xfe, 0xff));
	assert_value(0xfffffffd, OPERATIONS(0x0c, 0xfd, 0xff, 0xff, 0xff));
	assert_value((uint64_t)-3, OPERATIONS(0x0d, 0xfd, 0xff, 0xff, 0xff));
	assert_value(0x0807060504030201, OPERATIONS(0x0e, 1, 2, 3, 4, 5, 6, 7, 8));
	assert_value(0x0807060504030201, OPERATIONS(0x03, 1, 2, 3, 4, 5, 6, 7, 8));
	assert_value(300, OPERATIONS(0x10, 0xac, 0x02));
	assert_value((uint64_t)-1, OPERATIONS(0x11, 0x7f));
}

static void test_registers_and_memory(void **state)
{
	assert_value(0x708, OPERATIONS(0x77, 8));
	assert_value(0x6f8, OPERATIONS(0x92, 7, 0x78));
	assert_value(0x709, OPERATIONS(0x77, 8, 0x06));
	assert_value(0x09, OPERATIONS(0x77, 8, 0x94, 1));
	assert_result(EXPRESSION_NO_REGISTER, OPERATIONS(0x75, 0));
	assert_result(EXPRESSION_NO_REGISTER, OPERATIONS(0x92, 40, 0));
	assert_result(EXPRESSION_NO_MEMORY, OPERATIONS(0x0c, 0, 0, 0x10, 0, 0x06));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x30, 0x94, 9));
}

static void test_arithmetic(void **state)
{
	assert_value(4, OPERATIONS(0x36, 0x35, 0x1a));                  /* 6 & 5 */
	assert_value((uint64_t)-3, OPERATIONS(0x09, 0xf9, 0x32, 0x1b)); /* -7 / 2 */
	assert_value(1, OPERATIONS(0x36, 0x35, 0x1c));                  /* minus */
	assert_value(1, OPERATIONS(0x37, 0x33, 0x1d));                  /* mod */
	assert_value(30, OPERATIONS(0x36, 0x35, 0x1e));                 /* mul */
	assert_value((uint64_t)-6, OPERATIONS(0x36, 0x1f));             /* neg */
	assert_value(~UINT64_C(6), OPERATIONS(0x36, 0x20));             /* not */
	assert_value(7, OPERATIONS(0x36, 0x35, 0x21));                  /* or */
	assert_value(11, OPERATIONS(0x36, 0x35, 0x22));                 /* plus */
	assert_value(134, OPERATIONS(0x36, 0x23, 0x80, 0x01));          /* plus_uconst */
	assert_value(48, OPERATIONS(0x36, 0x33, 0x24));                 /* shl */
	assert_value(1, OPERATIONS(0x36, 0x32, 0x25));                  /* shr */
	assert_value((uint64_t)-2, OPERATIONS(0x09, 0xf8, 0x32, 0x26)); /* shra */
	assert_value((uint64_t)-1, OPERATIONS(0x09, 0xf8, 0x08, 200, 0x26));
	assert_value(0, OPERATIONS(0x36, 0x08, 64, 0x24));
	assert_value(3, OPERATIONS(0x36, 0x35, 0x27));                   /* xor */
	assert_value(5, OPERATIONS(0x09, 0xfb, 0x19));                   /* abs */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x36, 0x30, 0x1b)); /* by zero */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x36, 0x30, 0x1d));
	/* INT64_MIN / -1 must not trap. */
	assert_value(UINT64_C(1) << 63,
		     OPERATIONS(0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b));
}

static void test_comparisons_are_signed(void **state)
{
	assert_value(1, OPERATIONS(0x30, 0x09, 0xff, 0x2a)); /* 0 >= -1 */
	assert_value(1, OPERATIONS(0x30, 0x09, 0xff, 0x2b)); /* > */
	assert_value(0, OPERATIONS(0x30, 0x09, 0xff, 0x2c)); /* <= */
	assert_value(0, OPERATIONS(0x30, 0x09, 0xff, 0x2d)); /* < */
	assert_value(1, OPERATIONS(0x33, 0x33, 0x29));       /* == */
	assert_value(0, OPERATIONS(0x33, 0x33, 0x2e));       /* != */
}

static void test_stack_operations(void **state)
{
	assert_value(6, OPERATIONS(0x33, 0x12, 0x22));          /* dup */
	assert_value(1, OPERATIONS(0x31, 0x32, 0x13));          /* drop */
	assert_value(1, OPERATIONS(0x31, 0x32, 0x14));          /* over */
	assert_value(1, OPERATIONS(0x31, 0x32, 0x33, 0x15, 2)); /* pick */
	assert_value(1, OPERATIONS(0x31, 0x32, 0x16));          /* swap */
	assert_value(2, OPERATIONS(0x31, 0x32, 0x33, 0x17));    /* rot: 3 1 2 */
	assert_value(3, OPERATIONS(0x31, 0x32, 0x33, 0x17, 0x13, 0x13));
	assert_value(1, OPERATIONS(0x31, 0x96)); /* nop */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x13));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x31, 0x16));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x31, 0x32, 0x17));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x31, 0x15, 1));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x22));
}

static void test_branches(void **state)
{
	assert_value(5, OPERATIONS(0x2f, 1, 0, 0x37, 0x35));             /* skip over lit7 */
	assert_value(7, OPERATIONS(0x37, 0x31, 0x28, 1, 0, 0x35));       /* taken */
	assert_value(5, OPERATIONS(0x37, 0x30, 0x28, 1, 0, 0x35));       /* not taken */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x2f, 0x00, 0x80)); /* before the start */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x2f, 0x10, 0x00)); /* past the end */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x2f, 0xfd, 0xff)); /* for ever */
}

static void test_what_is_no_expression(void **state)
{
	assert_result(EXPRESSION_INVALID, NULL, 0);
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x50)); /* DW_OP_reg0 */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0xff));
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x0e, 1, 2)); /* cut off */
	/* dup in a loop: too deep. */
	assert_result(EXPRESSION_INVALID, OPERATIONS(0x31, 0x12, 0x2f, 0xfc, 0xff));
}

static void test_initial_value(void **state)
{
	const uint64_t cfa = 0x1000;
	uint64_t value;

	assert_int_equal(evaluate(OPERATIONS(0x23, 8), &cfa, &value), EXPRESSION_OK);
	assert_int_equal(value, 0x1008);
}

static struct bytes bytes_of(const uint8_t *operations, size_t size_bytes)
{
	return (struct bytes){ operations, size_bytes };
}

static void test_match_register_offset(void **state)
{
	struct expression_register_offset match;

	assert_true(expression_match_register_offset(bytes_of(OPERATIONS(0x76, 0x70)), &match));
	assert_int_equal(match.register_number, 6);
	assert_int_equal(match.offset, -16);
	assert_true(expression_match_register_offset(bytes_of(OPERATIONS(0x92, 16, 4)), &match));
	assert_int_equal(match.register_number, 16);
	assert_false(expression_match_register_offset(bytes_of(OPERATIONS(0x76)), &match));
	assert_false(expression_match_register_offset(bytes_of(OPERATIONS(0x76, 0, 6)), &match));
	assert_false(expression_match_register_offset(bytes_of(OPERATIONS(0x30)), &match));
}

static void test_match_dereference(void **state)
{
	struct expression_dereference match;

	assert_true(expression_match_dereference(bytes_of(OPERATIONS(0x76, 0x78, 0x06)), &match));
	assert_int_equal(match.address.register_number, 6);
	assert_int_equal(match.address.offset, -8);
	assert_int_equal(match.addend, 0);
	assert_true(expression_match_dereference(
		bytes_of(OPERATIONS(0x77, 0xa0, 0x01, 0x06, 0x23, 8)), &match));
	assert_int_equal(match.address.offset, 160);
	assert_int_equal(match.addend, 8);
	assert_false(expression_match_dereference(bytes_of(OPERATIONS(0x77, 8)), &match));
	assert_false(expression_match_dereference(bytes_of(OPERATIONS(0x77, 8, 6, 6)), &match));
}

static void test_match_plt(void **state)
{
	const struct architecture *architecture = architecture_find(EM_X86_64);
	const uint8_t plt[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };
	struct expression_plt match;

	assert_true(expression_match_plt((struct bytes){ plt, sizeof(plt) }, architecture, &match));
	assert_int_equal(match.offset, 8);
	assert_int_equal(match.threshold, 11);
	for (size_t i = 0; i < sizeof(plt); i++) {
		uint8_t other[sizeof(plt)];

		assert_false(expression_match_plt((struct bytes){ plt, i }, architecture, &match));
		memcpy(other, plt, sizeof(plt));
		other[i] = 0x96;
		if (i != 1)
			assert_false(expression_match_plt((struct bytes){ other, sizeof(other) },
							  architecture, &match));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_registers_and_memory),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_comparisons_are_signed),
		cmocka_unit_test(test_stack_operations),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_what_is_no_expression),
		cmocka_unit_test(test_initial_value),
		cmocka_unit_test(test_match_register_offset),
		cmocka_unit_test(test_match_dereference),
		cmocka_unit_test(test_match_plt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
