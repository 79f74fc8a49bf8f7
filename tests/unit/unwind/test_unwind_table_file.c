#include "unwind/unwind_table_file.h"

#include "cfi_builder.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#define CODE_SIZE_BYTES 0x30000

/** A table with every kind of content, and what it is made from. */
struct example {
	struct cfi_builder builder;
	struct cfi_section section;
	struct unwind_table_input input;
	struct unwind_table *table;
	struct byte_vector content; /**< As it is kept. */
};

static void example_init(struct example *example)
{
	struct cfi_builder *builder = &example->builder;

	*example = (struct example){ 0 };
	cfi_builder_usual_cie(builder);
	/* Pushes and a frame pointer; a signal-like expression; a register that needs a whole row.
	 */
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x100, 0x40, 0x41, 0x0e, 16, 0x86, 2, 0x43,
			0x0d, TEST_RBP, 0x83, 3);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x140, 0x40, 0x0f, 4, 0x77, 8, 0x30, 0x22);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x20000, 0x40, 0x42, 0x0e, 0, 0x09, TEST_RIP,
			TEST_RDI, 0x42, 0x0e, 8, 0x90, 1);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x20100, 0x40, 0x07, TEST_RIP);
	example->section = cfi_builder_section(builder);
	example->input = (struct unwind_table_input){
		.architecture = architecture_find(EM_X86_64),
		.name = "test",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + CODE_SIZE_BYTES,
		.sections = &example->section,
		.n_sections = 1,
	};
	assert_null(unwind_table_create(&example->input, &example->table));
	unwind_table_write(example->table, &example->content);
}

static void example_deinit(struct example *example)
{
	unwind_table_destroy(example->table);
	byte_vector_deinit(&example->content);
	cfi_builder_deinit(&example->builder);
}

/** As a cache gives it. */
static struct cached cached_of(const uint8_t *bytes, size_t size_bytes)
{
	struct cached cached = { .mapping.size_bytes = size_bytes + 1 };

	cached.mapping.data = mmap(NULL, size_bytes + 1, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(cached.mapping.data != MAP_FAILED);
	if (size_bytes)
		memcpy(cached.mapping.data, bytes, size_bytes);
	cached.content = (struct bytes){ cached.mapping.data, size_bytes };
	return cached;
}

/** NULL: refused. */
static struct unwind_table *read_table(const struct example *example, const uint8_t *bytes,
				       size_t size_bytes)
{
	struct cached cached = cached_of(bytes, size_bytes);
	struct unwind_table *table = NULL;

	error_destroy(unwind_table_read(&cached, &example->input, &table));
	assert_null(cached.mapping.data);
	return table;
}

static void assert_rows_equal(struct unwind_table *table, struct unwind_table *expected,
			      uint64_t elf_address)
{
	const struct unwind_rule *rule = unwind_table_find(table, elf_address);
	const struct unwind_rule *expected_rule = unwind_table_find(expected, elf_address);
	struct cfi_row row, expected_row;

	assert_memory_equal(rule, expected_rule, sizeof(*rule));
	assert_memory_equal(unwind_table_saves(table, rule),
			    unwind_table_saves(expected, expected_rule),
			    sizeof(struct unwind_saves));
	if (rule->kind != UNWIND_RULE_FULL)
		return;
	assert_true(unwind_table_full_row(expected, expected_rule, elf_address, &expected_row));
	assert_true(unwind_table_full_row(table, rule, elf_address, &row));
	assert_int_equal(row.cfa_register, expected_row.cfa_register);
	assert_int_equal(row.cfa_offset, expected_row.cfa_offset);
	assert_ptr_equal(row.cfa_expression.data, expected_row.cfa_expression.data);
	for (size_t i = 0; i < ARRAY_SIZE(row.registers->rules); i++)
		assert_int_equal(row.registers->rules[i].kind,
				 expected_row.registers->rules[i].kind);
}

static void test_the_same_rules_everywhere(void **state)
{
	struct unwind_table_statistics statistics, expected;
	struct unwind_table *table;
	struct example example;
	unsigned int n_full = 0;

	example_init(&example);
	table = read_table(&example, example.content.items, example.content.count);
	assert_non_null(table);
	for (uint64_t at = 0; at < CODE_SIZE_BYTES + 0x20000; at++) {
		uint64_t elf_address = TEST_CODE_ADDRESS - 0x10000 + at;

		assert_rows_equal(table, example.table, elf_address);
		n_full += unwind_table_find(table, elf_address)->kind == UNWIND_RULE_FULL;
	}
	assert_true(n_full > 0x40);
	statistics = unwind_table_statistics(table);
	expected = unwind_table_statistics(example.table);
	assert_int_equal(statistics.n_rows, expected.n_rows);
	assert_int_equal(statistics.n_rules, expected.n_rules);
	assert_int_equal(statistics.n_fdes, expected.n_fdes);
	assert_int_equal(statistics.n_bad_fdes, expected.n_bad_fdes);
	unwind_table_destroy(table);
	example_deinit(&example);
}

static void test_other_sections_are_refused(void **state)
{
	struct example example;

	example_init(&example);
	example.input.n_sections = 0;
	assert_null(read_table(&example, example.content.items, example.content.count));
	example.input.n_sections = 1;
	example.input.code_end = TEST_CODE_ADDRESS + 0x100;
	assert_null(read_table(&example, example.content.items, example.content.count));
	example_deinit(&example);
}

/** The section has changed although its fingerprint has not: the rule fails, nothing else. */
static void test_full_part_that_is_gone(void **state)
{
	struct cfi_builder other = { 0 };
	const struct unwind_rule *rule;
	struct unwind_table *table;
	struct example example;
	struct cfi_row row;

	example_init(&example);
	cfi_builder_usual_cie(&other);
	example.section = cfi_builder_section(&other);
	table = read_table(&example, example.content.items, example.content.count);
	assert_non_null(table);
	rule = unwind_table_find(table, TEST_CODE_ADDRESS + 0x150);
	assert_int_equal(rule->kind, UNWIND_RULE_FULL);
	assert_false(unwind_table_full_row(table, rule, TEST_CODE_ADDRESS + 0x150, &row));
	assert_false(unwind_table_full_row(table, rule, TEST_CODE_ADDRESS + 0x150, &row));
	unwind_table_destroy(table);
	cfi_builder_deinit(&other);
	example_deinit(&example);
}

static void test_cut_anywhere(void **state)
{
	struct example example;

	example_init(&example);
	for (size_t size = 0; size < example.content.count; size++)
		assert_null(read_table(&example, example.content.items, size));
	byte_vector_append(&example.content, 0);
	assert_null(read_table(&example, example.content.items, example.content.count));
	example_deinit(&example);
}

/** What is accepted can be used: the sanitizers are the judges. */
static void use_table(struct unwind_table *table)
{
	for (uint64_t at = 0; at < CODE_SIZE_BYTES; at += 7) {
		const uint64_t elf_address = TEST_CODE_ADDRESS + at;
		const struct unwind_rule *rule = unwind_table_find(table, elf_address);
		struct cfi_row row;

		assert_true(rule->kind <= UNWIND_RULE_FULL);
		assert_true(rule->cfa_register < ARCHITECTURE_REGISTERS_MAX);
		assert_non_null(unwind_table_saves(table, rule));
		if (rule->kind == UNWIND_RULE_FULL)
			unwind_table_full_row(table, rule, elf_address, &row);
	}
}

static void test_changed_anywhere(void **state)
{
	static const uint8_t changes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	struct example example;
	unsigned int n_refused = 0;

	example_init(&example);
	for (size_t i = 0; i < example.content.count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
			struct unwind_table *table;

			example.content.items[i] ^= changes[k];
			table = read_table(&example, example.content.items, example.content.count);
			example.content.items[i] ^= changes[k];
			if (table)
				use_table(table);
			else
				n_refused++;
			unwind_table_destroy(table);
		}
	}
	assert_true(n_refused > 500);
	example_deinit(&example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_rules_everywhere),
		cmocka_unit_test(test_other_sections_are_refused),
		cmocka_unit_test(test_full_part_that_is_gone),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_changed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
