#include "unwind/unwind_table.h"

#include "cfi_builder.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct unwind_table *make_table_of(const struct cfi_section *sections, size_t n_sections)
{
	const struct unwind_table_input input = {
		.architecture = architecture_find(EM_X86_64),
		.name = "test",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + 0x1000000,
		.sections = sections,
		.n_sections = n_sections,
	};
	struct unwind_table *table = NULL;

	assert_null(unwind_table_create(&input, &table));
	return table;
}

static struct unwind_table *make_table(const struct cfi_builder *builder)
{
	struct cfi_section section = cfi_builder_section(builder);

	return make_table_of(&section, 1);
}

static const struct unwind_rule *rule_at(const struct unwind_table *table, uint64_t offset)
{
	return unwind_table_find(table, TEST_CODE_ADDRESS + offset);
}

static void assert_register_rule(const struct unwind_rule *rule, uint8_t cfa_register,
				 int32_t cfa_offset)
{
	assert_int_equal(rule->kind, UNWIND_RULE_REGISTER);
	assert_int_equal(rule->cfa_register, cfa_register);
	assert_int_equal(rule->cfa_offset, cfa_offset);
	assert_int_equal(rule->return_address_offset, -8);
}

/** The rule of a function's first instruction after @p instructions. */
static struct unwind_rule single_rule(const uint8_t *instructions, size_t size_bytes)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;
	struct unwind_rule rule;

	cfi_builder_usual_cie(&builder);
	cfi_builder_fde(&builder, TEST_CODE_ADDRESS, 16,
			(struct bytes){ instructions, size_bytes });
	table = make_table(&builder);
	rule = *rule_at(table, 0);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
	return rule;
}

#define SINGLE_RULE(...)                                                                           \
	single_rule((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_rows_of_a_function(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x100, 0x40, 0x41, 0x0e, 16, 0x86, 2, 0x43,
			0x0d, TEST_RBP);
	table = make_table(&builder);
	assert_int_equal(rule_at(table, 0xff)->kind, UNWIND_RULE_GAP);
	assert_register_rule(rule_at(table, 0x100), TEST_RSP, 8);
	assert_int_equal(rule_at(table, 0x100)->frame_pointer, UNWIND_FRAME_POINTER_SAME);
	assert_register_rule(rule_at(table, 0x103), TEST_RSP, 16);
	assert_int_equal(rule_at(table, 0x103)->frame_pointer, UNWIND_FRAME_POINTER_AT_CFA);
	assert_int_equal(rule_at(table, 0x103)->frame_pointer_offset, -16);
	assert_register_rule(rule_at(table, 0x104), TEST_RBP, 16);
	assert_register_rule(rule_at(table, 0x13f), TEST_RBP, 16);
	assert_int_equal(rule_at(table, 0x140)->kind, UNWIND_RULE_GAP);
	assert_int_equal(unwind_table_find(table, 0)->kind, UNWIND_RULE_GAP);
	assert_int_equal(unwind_table_find(table, UINT64_MAX)->kind, UNWIND_RULE_GAP);
	assert_int_equal(unwind_table_statistics(table).n_rows, 4);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_functions_in_any_order_over_pages(void **state)
{
	const uint64_t starts[] = { 0x30000, 0x10, 0xfff0, 0x20000, 0x345678 };
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;
	uint64_t address;
	uint64_t last_address = 0;
	const struct unwind_rule *rule;

	cfi_builder_usual_cie(&builder);
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + starts[i], 0x40, 0x44, 0x0e,
				(uint8_t)(16 + i * 8));
	table = make_table(&builder);
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		assert_int_equal(rule_at(table, starts[i] - 1)->kind, UNWIND_RULE_GAP);
		assert_register_rule(rule_at(table, starts[i] + 3), TEST_RSP, 8);
		assert_register_rule(rule_at(table, starts[i] + 4), TEST_RSP, 16 + (int32_t)i * 8);
		assert_register_rule(rule_at(table, starts[i] + 0x3f), TEST_RSP,
				     16 + (int32_t)i * 8);
		assert_int_equal(rule_at(table, starts[i] + 0x40)->kind, UNWIND_RULE_GAP);
	}
	/* A page without a row of its own. */
	assert_int_equal(rule_at(table, 0x155555)->kind, UNWIND_RULE_GAP);
	for (size_t i = 0; unwind_table_row(table, i, &address, &rule); i++) {
		assert_true(address > last_address);
		assert_ptr_equal(unwind_table_find(table, address), rule);
		last_address = address;
	}
	assert_int_equal(last_address, TEST_CODE_ADDRESS + 0x345678 + 0x40);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_function_over_a_page_border(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0xfff0, 0x30000, 0x41, 0x0e, 16);
	table = make_table(&builder);
	assert_register_rule(rule_at(table, 0x10000), TEST_RSP, 16);
	assert_register_rule(rule_at(table, 0x25000), TEST_RSP, 16);
	assert_register_rule(rule_at(table, 0x3ffef), TEST_RSP, 16);
	assert_int_equal(rule_at(table, 0x3fff0)->kind, UNWIND_RULE_GAP);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_padding_is_no_gap(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x31, 0x00);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x40, 0x10, 0x00);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x60, 0x10, 0x00);
	table = make_table(&builder);
	assert_register_rule(rule_at(table, 0x3f), TEST_RSP, 8);
	assert_int_equal(rule_at(table, 0x50)->kind, UNWIND_RULE_GAP);
	assert_register_rule(rule_at(table, 0x60), TEST_RSP, 8);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_kinds_of_rules(void **state)
{
	struct unwind_rule rule;

	assert_int_equal(SINGLE_RULE(0x07, TEST_RIP).kind, UNWIND_RULE_ROOT);
	rule = SINGLE_RULE(0x0c, TEST_R10, 0);
	assert_register_rule(&rule, TEST_R10, 0);
	rule = SINGLE_RULE(0x0c, TEST_RSP, 0xa0, 0xff, 32);
	assert_register_rule(&rule, TEST_RSP, 540576);
	rule = SINGLE_RULE(0x0f, 2, 0x76, 0x10);
	assert_register_rule(&rule, TEST_RBP, 16);

	rule = SINGLE_RULE(0x0f, 3, 0x76, 0x78, 0x06, 0x10, TEST_RBP, 2, 0x76, 0x00);
	assert_int_equal(rule.kind, UNWIND_RULE_DEREFERENCE);
	assert_int_equal(rule.cfa_register, TEST_RBP);
	assert_int_equal(rule.cfa_offset, -8);
	assert_int_equal(rule.operand, 0);
	assert_int_equal(rule.frame_pointer, UNWIND_FRAME_POINTER_AT_SELF);
	assert_int_equal(rule.frame_pointer_offset, 0);

	rule = SINGLE_RULE(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3a, 0x2a, 0x33, 0x24, 0x22);
	assert_int_equal(rule.kind, UNWIND_RULE_PLT);
	assert_int_equal(rule.cfa_offset, 8);
	assert_int_equal(rule.operand, 10);

	assert_int_equal(SINGLE_RULE(0x07, TEST_RBP).frame_pointer, UNWIND_FRAME_POINTER_LOST);
	/* Saved further from the CFA than 16 bits say. */
	rule = SINGLE_RULE(0x05, TEST_RBP, 0xa0, 0xff, 32);
	assert_int_equal(rule.frame_pointer_offset, -540576 * 8);
}

static void test_rows_that_need_the_whole_row(void **state)
{
	/* Return address in a register; stack pointer in one; an expression with no short form. */
	assert_int_equal(SINGLE_RULE(0x09, TEST_RIP, TEST_RDI).kind, UNWIND_RULE_FULL);
	assert_int_equal(SINGLE_RULE(0x09, TEST_RSP, TEST_R8).kind, UNWIND_RULE_FULL);
	assert_int_equal(SINGLE_RULE(0x0f, 4, 0x77, 8, 0x30, 0x22).kind, UNWIND_RULE_FULL);
	assert_int_equal(SINGLE_RULE(0x16, TEST_RBP, 2, 0x77, 0).kind, UNWIND_RULE_FULL);
	assert_int_equal(SINGLE_RULE(0x14, TEST_RBX, 2).kind, UNWIND_RULE_FULL);
}

static void test_full_row_is_found_again(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;
	struct cfi_row row;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 16, 0x42, 0x0e, 0, 0x09, TEST_RIP, TEST_RDI,
			0x42, 0x0e, 8, 0x90, 1);
	table = make_table(&builder);
	assert_int_equal(rule_at(table, 1)->kind, UNWIND_RULE_REGISTER);
	assert_int_equal(rule_at(table, 3)->kind, UNWIND_RULE_FULL);
	assert_int_equal(rule_at(table, 4)->kind, UNWIND_RULE_REGISTER);
	assert_true(unwind_table_full_row(table, rule_at(table, 3), TEST_CODE_ADDRESS + 3, &row));
	assert_int_equal(row.registers->rules[TEST_RIP].kind, CFI_REGISTER_IN_REGISTER);
	assert_int_equal(row.registers->rules[TEST_RIP].offset, TEST_RDI);
	assert_int_equal(row.cfa_offset, 0);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_callee_saved_registers(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;
	const struct unwind_saves *saves;

	cfi_builder_usual_cie(&builder);
	/* rbx is the first callee-saved register, r12 to r15 follow. */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 16, 0x41, 0x83, 2, 0x8c, 3, 0x41, 0x07, 13,
			0x10, 15, 2, 0x76, 0x68);
	table = make_table(&builder);
	saves = unwind_table_saves(table, rule_at(table, 0));
	assert_int_equal(saves->at_cfa_mask | saves->at_frame_pointer_mask | saves->lost_mask, 0);
	saves = unwind_table_saves(table, rule_at(table, 1));
	assert_int_equal(saves->at_cfa_mask, 1 << 0 | 1 << 1);
	assert_int_equal(saves->offsets[0], -16);
	assert_int_equal(saves->offsets[1], -24);
	saves = unwind_table_saves(table, rule_at(table, 2));
	assert_int_equal(saves->at_cfa_mask, 1 << 0 | 1 << 1);
	assert_int_equal(saves->lost_mask, 1 << 2);
	assert_int_equal(saves->at_frame_pointer_mask, 1 << 4);
	assert_int_equal(saves->offsets[4], -24);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_entries_of_no_code_are_counted(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x20, 0x00);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x40000000, 0x20, 0x00);
	/* Of a function that the linker threw away. */
	CFI_BUILDER_FDE(&builder, 0, 0x20, 0x00);
	table = make_table(&builder);
	assert_int_equal(unwind_table_statistics(table).n_fdes, 1);
	assert_int_equal(unwind_table_statistics(table).n_bad_fdes, 1);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_damage_is_bad_from_there_on(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x20, 0x41, 0x0e, 16, 0x41, 0x3f);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20, 0x20, 0x00);
	table = make_table(&builder);
	assert_register_rule(rule_at(table, 0), TEST_RSP, 8);
	assert_int_equal(rule_at(table, 1)->kind, UNWIND_RULE_BAD);
	assert_int_equal(rule_at(table, 0x1f)->kind, UNWIND_RULE_BAD);
	assert_register_rule(rule_at(table, 0x20), TEST_RSP, 8);
	assert_int_equal(unwind_table_statistics(table).n_bad_fdes, 1);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_first_section_is_believed(void **state)
{
	struct cfi_builder eh_frame = { 0 };
	struct cfi_builder debug_frame = { .is_debug_frame = true };
	struct cfi_section sections[2];
	struct unwind_table *table;

	cfi_builder_usual_cie(&eh_frame);
	CFI_BUILDER_FDE(&eh_frame, TEST_CODE_ADDRESS, 0x40, 0x0e, 16);
	cfi_builder_usual_cie(&debug_frame);
	CFI_BUILDER_FDE(&debug_frame, TEST_CODE_ADDRESS, 0x40, 0x0e, 24);
	CFI_BUILDER_FDE(&debug_frame, TEST_CODE_ADDRESS + 0x30, 0x40, 0x0e, 32);
	CFI_BUILDER_FDE(&debug_frame, 0, 0x40, 0x0e, 40); /* of a deleted function */
	sections[0] = cfi_builder_section(&eh_frame);
	sections[1] = cfi_builder_section(&debug_frame);
	table = make_table_of(sections, 2);
	assert_register_rule(rule_at(table, 0), TEST_RSP, 16);
	assert_register_rule(rule_at(table, 0x3f), TEST_RSP, 16);
	assert_register_rule(rule_at(table, 0x40), TEST_RSP, 32);
	assert_register_rule(rule_at(table, 0x6f), TEST_RSP, 32);
	assert_int_equal(rule_at(table, 0x70)->kind, UNWIND_RULE_GAP);
	assert_int_equal(unwind_table_find(table, 0x10)->kind, UNWIND_RULE_GAP);
	unwind_table_destroy(table);
	cfi_builder_deinit(&eh_frame);
	cfi_builder_deinit(&debug_frame);
}

/** Rows in order and each address by the first that speaks of it, whatever overlaps. */
static void test_functions_over_each_other(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;
	const struct unwind_rule *rule;
	uint64_t address;
	uint64_t last_address = 0;

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x10, 0, 0x0e, 16);     /* no length */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x40, 0x0e, 24);         /* the first */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x40, 0x0e, 32);         /* the same again */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x60, 0x0e, 40);         /* and longer */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20, 0x10, 0x0e, 48);  /* inside */
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x50, 0x1000, 0x0e, 56, /* across the end */
			0x02, 0x08, 0x0e, 64, 0x02, 0x20, 0x0e, 72);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20, 0x7fffffff, 0x0e, 80); /* past all */
	table = make_table(&builder);
	assert_int_equal(rule_at(table, 0)->cfa_offset, 24);
	assert_int_equal(rule_at(table, 0x10)->cfa_offset, 24);
	assert_int_equal(rule_at(table, 0x3f)->cfa_offset, 24);
	assert_int_equal(rule_at(table, 0x40)->cfa_offset, 40);
	assert_int_equal(rule_at(table, 0x5f)->cfa_offset, 40);
	assert_int_equal(rule_at(table, 0x60)->cfa_offset, 64);
	assert_int_equal(rule_at(table, 0x78)->cfa_offset, 72);
	assert_int_equal(rule_at(table, 0x1050)->kind, UNWIND_RULE_GAP);
	for (size_t i = 0; unwind_table_row(table, i, &address, &rule); i++) {
		assert_true(address >= last_address);
		last_address = address;
	}
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

/** Rules that no row of their own changes: the FDE has no instructions. */
static void test_full_row_of_the_cie_alone(void **state)
{
	static const uint8_t instructions[] = { 0x0c, TEST_RSP, 8, 0x09, TEST_RIP, TEST_RDI };
	struct cfi_builder builder = { .is_debug_frame = true };
	struct unwind_table *table;
	struct cfi_row row;

	cfi_builder_cie(&builder, 4, "", (struct bytes){ 0 },
			(struct bytes){ instructions, sizeof(instructions) });
	cfi_builder_fde(&builder, TEST_CODE_ADDRESS, 16, (struct bytes){ 0 });
	table = make_table(&builder);
	assert_int_equal(rule_at(table, 3)->kind, UNWIND_RULE_FULL);
	assert_true(unwind_table_full_row(table, rule_at(table, 3), TEST_CODE_ADDRESS + 3, &row));
	assert_int_equal(row.registers->rules[TEST_RIP].kind, CFI_REGISTER_IN_REGISTER);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

static void test_nothing_to_use(void **state)
{
	struct unwind_table_input input = {
		.architecture = architecture_find(EM_X86_64),
		.name = "libempty.so",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + 0x1000,
	};
	struct unwind_table *table = NULL;
	struct error *error;

	error = unwind_table_create(&input, &table);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, "libempty.so"));
	error_destroy(error);

	input.code_end = TEST_CODE_ADDRESS + UNWIND_TABLE_CODE_SIZE_MAX_BYTES + 1;
	error = unwind_table_create(&input, &table);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	error_destroy(error);
	assert_null(table);
}

static void test_same_rules_are_stored_once(void **state)
{
	struct cfi_builder builder = { 0 };
	struct unwind_table *table;

	cfi_builder_usual_cie(&builder);
	for (uint64_t i = 0; i < 1000; i++)
		CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + i * 0x40, 0x40, 0x41, 0x0e, 16, 0x83,
				2, 0x42, 0x0e, 64);
	table = make_table(&builder);
	assert_int_equal(unwind_table_statistics(table).n_fdes, 1000);
	assert_int_equal(unwind_table_statistics(table).n_rows, 3001);
	/* The three, and those for gaps and for damage. */
	assert_int_equal(unwind_table_statistics(table).n_rules, 5);
	unwind_table_destroy(table);
	cfi_builder_deinit(&builder);
}

/** Any byte may be wrong: nothing is read past the end, rows stay in order. */
static void test_every_damaged_byte(void **state)
{
	const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct cfi_builder builder = { 0 };
	struct unwind_table_input input = {
		.architecture = architecture_find(EM_X86_64),
		.name = "test",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + 0x1000000,
		.n_sections = 1,
	};

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS, 0x40, 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d,
			TEST_RBP, 0x0a, 0x42, 0x10, TEST_RBX, 2, 0x76, 0, 0x0b);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x40, 0x40, 0x0f, 3, 0x76, 8, 0x06, 0x42,
			0x0e, 24, 0x09, TEST_RIP, TEST_RDI);
	for (size_t i = 0; i < builder.bytes.count * ARRAY_SIZE(values); i++) {
		uint8_t *damaged = memory_duplicate(builder.bytes.items, builder.bytes.count);
		struct cfi_section section = cfi_builder_section(&builder);
		struct unwind_table *table = NULL;
		const struct unwind_rule *rule;
		uint64_t address;
		uint64_t last_address = 0;
		struct cfi_row row;

		damaged[i / ARRAY_SIZE(values)] = values[i % ARRAY_SIZE(values)];
		section.bytes.data = damaged;
		input.sections = &section;
		error_destroy(unwind_table_create(&input, &table));
		for (size_t j = 0; table && unwind_table_row(table, j, &address, &rule); j++) {
			assert_true(address >= last_address);
			last_address = address;
			if (rule->kind == UNWIND_RULE_FULL)
				unwind_table_full_row(table, rule, address, &row);
		}
		unwind_table_destroy(table);
		free(damaged);
	}
	cfi_builder_deinit(&builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_a_function),
		cmocka_unit_test(test_functions_in_any_order_over_pages),
		cmocka_unit_test(test_function_over_a_page_border),
		cmocka_unit_test(test_padding_is_no_gap),
		cmocka_unit_test(test_kinds_of_rules),
		cmocka_unit_test(test_rows_that_need_the_whole_row),
		cmocka_unit_test(test_full_row_is_found_again),
		cmocka_unit_test(test_callee_saved_registers),
		cmocka_unit_test(test_entries_of_no_code_are_counted),
		cmocka_unit_test(test_damage_is_bad_from_there_on),
		cmocka_unit_test(test_first_section_is_believed),
		cmocka_unit_test(test_nothing_to_use),
		cmocka_unit_test(test_every_damaged_byte),
		cmocka_unit_test(test_same_rules_are_stored_once),
		cmocka_unit_test(test_functions_over_each_other),
		cmocka_unit_test(test_full_row_of_the_cie_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
