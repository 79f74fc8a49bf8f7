/** DWARF no compiler writes: made byte by byte (DWARF 4, 32-bit format). */

#include "elf_builder.h"
#include "fixture_program.h"
#include "temporary_folder.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CODE_ADDRESS    0x401000
#define CODE_SIZE_BYTES 64

/** Numbers of the abbreviations below. */
enum {
	UNIT = 1,    /**< low_pc, high_pc, children */
	INSTANCE,    /**< low_pc, high_pc, abstract_origin */
	NAMED,       /**< name; nothing else */
	BLOCK,       /**< children */
	FUNCTION,    /**< low_pc, high_pc, name, children */
	LINKED_BLOCK /**< sibling, children */
};

static const uint8_t abbreviations[] = {
	UNIT,
	DW_TAG_compile_unit,
	1,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data4,
	0,
	0,
	INSTANCE,
	DW_TAG_subprogram,
	0,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data4,
	DW_AT_abstract_origin,
	DW_FORM_ref4,
	0,
	0,
	NAMED,
	DW_TAG_subprogram,
	0,
	DW_AT_name,
	DW_FORM_string,
	0,
	0,
	BLOCK,
	DW_TAG_lexical_block,
	1,
	0,
	0,
	FUNCTION,
	DW_TAG_subprogram,
	1,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data4,
	DW_AT_name,
	DW_FORM_string,
	0,
	0,
	LINKED_BLOCK,
	DW_TAG_lexical_block,
	1,
	DW_AT_sibling,
	DW_FORM_ref4,
	0,
	0,
	0,
};

static void append_number(struct byte_vector *bytes, uint64_t value, int size_bytes)
{
	for (int i = 0; i < size_bytes; i++)
		byte_vector_append(bytes, (uint8_t)(value >> (8 * i)));
}

static void append_range(struct byte_vector *info)
{
	append_number(info, CODE_ADDRESS, 8);
	append_number(info, CODE_SIZE_BYTES, 4);
}

static void append_text(struct byte_vector *info, const char *text)
{
	byte_vector_append_bytes(info, text, strlen(text) + 1);
}

/** A unit header (its length is set by resolve()) and the unit's own entry. */
static struct byte_vector begin_unit(void)
{
	struct byte_vector info = { 0 };

	append_number(&info, 0, 4);
	append_number(&info, 4, 2); /* version */
	append_number(&info, 0, 4); /* abbreviations */
	append_number(&info, 8, 1); /* size of an address */
	byte_vector_append(&info, UNIT);
	append_range(&info);
	return info;
}

struct outcome {
	enum symbol_status status;
	char name[64];     /**< Of the first frame; "": none. */
	char problem[128]; /**< "": none. */
};

/** What the symbolizer says of an address in a program with this unit. Frees @p info. */
static struct outcome resolve(void **state, struct byte_vector *info)
{
	static const uint8_t code[CODE_SIZE_BYTES];
	_cleanup_free_ char *path = temporary_path(state, "program");
	struct outcome outcome = { 0 };
	struct fixture_program program;
	struct elf_builder builder;
	struct symbol_result result;
	const char *problem;

	append_number(info, 0, 1); /* end of the unit's children */
	for (int i = 0; i < 4; i++)
		info->items[i] = (uint8_t)((info->count - 4) >> (8 * i));
	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&builder, ".text", CODE_ADDRESS, (struct bytes){ code, sizeof(code) });
	elf_builder_add_section(&builder, ".debug_info", SHT_PROGBITS, 0, 0,
				(struct bytes){ info->items, info->count });
	elf_builder_add_section(&builder, ".debug_abbrev", SHT_PROGBITS, 0, 0,
				(struct bytes){ abbreviations, sizeof(abbreviations) });
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);
	byte_vector_deinit(info);

	fixture_program_open(&program, path, &(struct symbolizer_options){ 0 });
	result = fixture_program_resolve(&program, CODE_ADDRESS + 8);
	outcome.status = result.status;
	if (result.n_frames)
		strncpy(outcome.name, result.frames[0].name, sizeof(outcome.name) - 1);
	problem = symbolizer_object_problem(program.symbolizer, program.object);
	if (problem)
		strncpy(outcome.problem, problem, sizeof(outcome.problem) - 1);
	fixture_program_close(&program);
	return outcome;
}

static void append_honest_function(struct byte_vector *info)
{
	byte_vector_append(info, FUNCTION);
	append_range(info);
	append_text(info, "honest");
	append_number(info, 0, 1);
}

static void test_honest_unit(void **state)
{
	struct byte_vector info = begin_unit();
	struct outcome outcome;

	append_honest_function(&info);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_FOUND);
	assert_string_equal(outcome.name, "honest");
	assert_string_equal(outcome.problem, "");
}

static void test_code_outside_the_program(void **state)
{
	struct byte_vector info = begin_unit();
	struct outcome outcome;

	append_honest_function(&info);
	byte_vector_append(&info, FUNCTION);
	append_number(&info, CODE_ADDRESS + 0x100000, 8);
	append_number(&info, 16, 4);
	append_text(&info, "astray");
	append_number(&info, 0, 1);
	outcome = resolve(state, &info);
	assert_string_equal(outcome.name, "honest");
	assert_non_null(strstr(outcome.problem, "outside the program's code"));
}

static void test_origin_of_itself(void **state)
{
	struct byte_vector info = begin_unit();
	size_t offset = info.count;
	struct outcome outcome;

	byte_vector_append(&info, INSTANCE);
	append_range(&info);
	append_number(&info, offset, 4);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_NO_MATCH);
	assert_non_null(strstr(outcome.problem, "in a circle"));
}

static void test_origins_of_each_other(void **state)
{
	struct byte_vector info = begin_unit();
	size_t first = info.count;
	size_t second = first + 1 + 8 + 4 + 4;
	struct outcome outcome;

	byte_vector_append(&info, INSTANCE);
	append_range(&info);
	append_number(&info, second, 4);
	byte_vector_append(&info, INSTANCE);
	append_range(&info);
	append_number(&info, first, 4);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_NO_MATCH);
	assert_non_null(strstr(outcome.problem, "in a circle"));
}

static void test_origin_outside_the_unit(void **state)
{
	struct byte_vector info = begin_unit();
	struct outcome outcome;

	byte_vector_append(&info, INSTANCE);
	append_range(&info);
	append_number(&info, 0x7fffffff, 4);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_NO_MATCH);
}

static void test_origin_gives_the_name(void **state)
{
	struct byte_vector info = begin_unit();
	size_t offset = info.count;
	struct outcome outcome;

	byte_vector_append(&info, NAMED);
	append_text(&info, "abstract");
	byte_vector_append(&info, INSTANCE);
	append_range(&info);
	append_number(&info, offset, 4);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_FOUND);
	assert_string_equal(outcome.name, "abstract");
}

static void test_nested_too_deep(void **state)
{
	enum {
		DEPTH = 100000
	};
	struct byte_vector info = begin_unit();
	struct outcome outcome;

	byte_vector_append(&info, FUNCTION);
	append_range(&info);
	append_text(&info, "outer");
	for (int i = 0; i < DEPTH; i++)
		byte_vector_append(&info, BLOCK);
	for (int i = 0; i <= DEPTH; i++)
		append_number(&info, 0, 1);
	outcome = resolve(state, &info);
	assert_int_equal(outcome.status, SYMBOL_FOUND);
	assert_string_equal(outcome.name, "outer");
	assert_non_null(strstr(outcome.problem, "nested too deep"));
}

static void test_sibling_that_goes_back(void **state)
{
	struct byte_vector info = begin_unit();
	size_t offset = info.count;
	struct outcome outcome;

	byte_vector_append(&info, FUNCTION);
	append_range(&info);
	append_text(&info, "before");
	byte_vector_append(&info, LINKED_BLOCK);
	append_number(&info, offset, 4);
	append_number(&info, 0, 2);
	outcome = resolve(state, &info);
	/* What was read before the damage stands. */
	assert_int_equal(outcome.status, SYMBOL_FOUND);
	assert_string_equal(outcome.name, "before");
	assert_string_not_equal(outcome.problem, "");
}

int main(void)
{
#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_folder_set_up, temporary_folder_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_honest_unit),
		TEST(test_code_outside_the_program),
		TEST(test_origin_of_itself),
		TEST(test_origins_of_each_other),
		TEST(test_origin_outside_the_unit),
		TEST(test_origin_gives_the_name),
		TEST(test_nested_too_deep),
		TEST(test_sibling_that_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
