/** Call frame information: .eh_frame or .debug_frame (the first byte says which) to a table. */

#include "cfi_builder.h"
#include "fuzz_target.h"
#include "unwind/expression.h"
#include "unwind/unwind_table.h"

#include <elf.h>

#define CODE_SIZE_BYTES 0x40000

static bool read_register(void *context, uint32_t number, uint64_t *ret)
{
	*ret = 0x7fff0000 + number;
	return number != 3;
}

static bool read_word(void *context, uint64_t address, uint64_t *ret)
{
	*ret = address * 3;
	return address % 5 != 0;
}

static void evaluate_all(const struct architecture *architecture, const struct cfi_row *row)
{
	const struct expression_environment environment = {
		.architecture = architecture,
		.read_register = read_register,
		.read_word = read_word,
	};
	uint64_t value, cfa = 0x7fff0100;

	if (row->cfa_expression.data)
		expression_evaluate(row->cfa_expression, &environment, NULL, &value);
	for (size_t i = 0; i < ARRAY_SIZE(row->registers->rules); i++) {
		const struct cfi_register_rule *rule = &row->registers->rules[i];

		if (rule->kind == CFI_REGISTER_AT_EXPRESSION ||
		    rule->kind == CFI_REGISTER_IS_EXPRESSION)
			expression_evaluate(
				(struct bytes){ rule->expression, rule->expression_size_bytes },
				&environment, &cfa, &value);
	}
}

static void walk_table(struct unwind_table *table, const struct architecture *architecture)
{
	const struct unwind_rule *rule;
	uint64_t address, last = 0;

	for (size_t i = 0; unwind_table_row(table, i, &address, &rule); i++) {
		struct cfi_row row;

		FUZZ_CHECK(i == 0 || address >= last);
		last = address;
		rule = unwind_table_find(table, address);
		FUZZ_CHECK(rule && rule->kind <= UNWIND_RULE_FULL);
		if (rule->saves_index)
			FUZZ_CHECK(unwind_table_saves(table, rule));
		if (rule->kind == UNWIND_RULE_FULL &&
		    unwind_table_full_row(table, rule, address, &row))
			evaluate_all(architecture, &row);
	}
}

static void run(struct bytes input)
{
	const struct architecture *architecture = architecture_find(EM_X86_64);
	struct cfi_section section = { .name = "section", .address = TEST_SECTION_ADDRESS };
	const struct unwind_table_input table_input = {
		.architecture = architecture,
		.name = "input",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + CODE_SIZE_BYTES,
		.sections = &section,
		.n_sections = 1,
	};
	struct unwind_table *table;
	struct error *error;

	if (input.size < 1)
		return;
	section.is_debug_frame = input.data[0] & 1;
	section.ends_at_terminator = input.data[0] & 2;
	section.bytes = (struct bytes){ input.data + 1, input.size - 1 };
	error = unwind_table_create(&table_input, &table);
	if (error) {
		fuzz_check_error(error);
		return;
	}
	walk_table(table, architecture);
	unwind_table_destroy(table);
}

static void add_seed(struct fuzz_seeds *seeds, bool is_debug_frame, bool is_64_bit_format)
{
	struct cfi_builder builder = { .is_debug_frame = is_debug_frame,
				       .is_64_bit_format = is_64_bit_format };
	struct byte_vector seed = { 0 };

	cfi_builder_usual_cie(&builder);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x100, 0x40, 0x41, 0x0e, 16, 0x86, 2, 0x43,
			0x0d, TEST_RBP, 0x83, 3);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x140, 0x40, 0x0f, 4, 0x77, 8, 0x30, 0x22);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20000, 0x40, 0x42, 0x0e, 0, 0x09, TEST_RIP,
			TEST_RDI, 0x42, 0x0e, 8, 0x90, 1);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20100, 0x40, 0x07, TEST_RIP);
	CFI_BUILDER_FDE(&builder, TEST_CODE_ADDRESS + 0x20140, 0x80, 0x0a, 0x0e, 32, 0x44, 0x0b,
			0x2e, 16, 0x10, TEST_RBX, 3, 0x77, 8, 0x06, 0x16, TEST_R12, 2, 0x77, 16);
	byte_vector_append(&seed, is_debug_frame);
	byte_vector_append_bytes(&seed, builder.bytes.items, builder.bytes.count);
	fuzz_seeds_add_vector(seeds, &seed);
	byte_vector_deinit(&seed);
	cfi_builder_deinit(&builder);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	add_seed(seeds, false, false);
	add_seed(seeds, true, false);
	add_seed(seeds, true, true);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
