#include "base/memory.h"
#include "check/checks_internal.h"
#include "check/command_file_internal.h"
#include "elf_builder.h"
#include "made_up_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define CODE_ADDRESS   0x401000
#define HEADER_ADDRESS 0x402000
#define FUNCTION_BYTES 32

/** A program of @p n_functions, the first @p n_keeping of which keep frame pointers. */
struct program {
	struct elf_builder builder;
	char *path;
};

static void append_u32(struct byte_vector *bytes, uint32_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		byte_vector_append(bytes, (uint8_t)(value >> shift));
}

static void add_code(struct elf_builder *builder, uint32_t n_functions, uint32_t n_keeping)
{
	/* endbr64; push %rbp; mov %rdi,%rax; mov %rsp,%rbp; and a push of another register. */
	static const uint8_t keeping[FUNCTION_BYTES] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48,
							 0x89, 0xf8, 0x48, 0x89, 0xe5, 0xc3 };
	static const uint8_t other[FUNCTION_BYTES] = { 0x53, 0x48, 0x89, 0xfb, 0xc3 };
	struct byte_vector code = { 0 };

	for (uint32_t i = 0; i < n_functions; i++)
		byte_vector_append_bytes(&code, i < n_keeping ? keeping : other, FUNCTION_BYTES);
	elf_builder_add_code(builder, ".text", CODE_ADDRESS,
			     (struct bytes){ code.items, code.count });
	byte_vector_deinit(&code);
}

/** .eh_frame_hdr with one entry a function. */
static void add_table(struct elf_builder *builder, uint32_t n_functions, uint32_t n_claimed)
{
	static const uint8_t encodings[] = { 1, 0x1b, 0x03, 0x3b };
	struct byte_vector header = { 0 };

	byte_vector_append_bytes(&header, encodings, sizeof(encodings));
	append_u32(&header, 0);
	append_u32(&header, n_claimed);
	for (uint32_t i = 0; i < n_functions; i++) {
		append_u32(&header, CODE_ADDRESS + i * FUNCTION_BYTES - HEADER_ADDRESS);
		append_u32(&header, 0);
	}
	elf_builder_add_section(builder, ".eh_frame_hdr", SHT_PROGBITS, SHF_ALLOC, HEADER_ADDRESS,
				(struct bytes){ header.items, header.count });
	byte_vector_deinit(&header);
}

static void program_init(struct program *program, void **state)
{
	struct made_up_tree *tree = *state;

	elf_builder_init(&program->builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	program->path = memory_format_text("%s/program", tree->path);
	tree->context.command = program->path;
}

static void program_finish(struct program *program)
{
	elf_builder_write(&program->builder, program->path);
	elf_builder_deinit(&program->builder);
}

static void test_no_command(void **state)
{
	assert_null(made_up_tree_run(state, &check_command_symbols));
	assert_null(made_up_tree_run(state, &check_command_build_id));
	assert_null(made_up_tree_run(state, &check_command_frame_pointers));
}

static void test_stripped(void **state)
{
	struct program program;

	program_init(&program, state);
	add_code(&program.builder, 1, 0);
	program_finish(&program);
	assert_result(made_up_tree_run(state, &check_command_symbols), CHECK_WARNING,
		      "program is stripped", "build with -g", NULL);
	assert_result(made_up_tree_run(state, &check_command_build_id), CHECK_NOTE, "no build id",
		      "--build-id", NULL);
	assert_result(made_up_tree_run(state, &check_command_frame_pointers), CHECK_WARNING,
		      "no unwind information", "-fno-omit-frame-pointer", NULL);
	free(program.path);
}

static void test_symbols_of_rust_without_debug_information(void **state)
{
	struct program program;

	program_init(&program, state);
	add_code(&program.builder, 1, 0);
	elf_builder_add_section(&program.builder, ".comment", SHT_PROGBITS, 0, 0,
				bytes_of_text("rustc version 1.80.0"));
	elf_builder_add_symbol(&program.builder, "main", CODE_ADDRESS, 16, STT_FUNC);
	program_finish(&program);
	assert_result(made_up_tree_run(state, &check_command_symbols), CHECK_NOTE,
		      "function names but no debug information", "CARGO_PROFILE_RELEASE_DEBUG=1",
		      NULL);
	free(program.path);
}

static void test_debug_information_and_build_id(void **state)
{
	struct program program;

	program_init(&program, state);
	add_code(&program.builder, 1, 0);
	elf_builder_add_build_id(&program.builder, "0123456789abcdef");
	elf_builder_add_section(&program.builder, ".debug_info", SHT_PROGBITS, 0, 0,
				bytes_of_text("x"));
	program_finish(&program);
	assert_result(made_up_tree_run(state, &check_command_symbols), CHECK_GOOD,
		      "has debug information", NULL, NULL);
	assert_result(made_up_tree_run(state, &check_command_build_id), CHECK_GOOD,
		      "0123456789abcdef", NULL, NULL);
	free(program.path);
}

static const struct check_result *frame_pointers(void **state, uint32_t n_functions,
						 uint32_t n_keeping, uint32_t n_claimed)
{
	struct program program;
	const struct check_result *result;

	program_init(&program, state);
	add_code(&program.builder, n_functions, n_keeping);
	add_table(&program.builder, n_functions, n_claimed);
	program_finish(&program);
	result = made_up_tree_run(state, &check_command_frame_pointers);
	remove(program.path);
	free(program.path);
	return result;
}

static void test_frame_pointers(void **state)
{
	assert_result(frame_pointers(state, 10, 10, 10), CHECK_GOOD,
		      "keeps frame pointers (100 % of 10", NULL, NULL);
	assert_result(frame_pointers(state, 10, 5, 10), CHECK_GOOD,
		      "keeps frame pointers (50 % of 10", NULL, NULL);
	assert_result(frame_pointers(state, 10, 1, 10), CHECK_GOOD, "in places (10 % of 10",
		      "--call-graph fp", NULL);
	assert_result(frame_pointers(state, 100, 9, 100), CHECK_GOOD,
		      "keeps no frame pointers (9 % of 100", "--call-graph fp", NULL);
}

/** Evenly chosen, not the first ones. */
static void test_many_functions_are_sampled(void **state)
{
	assert_result(frame_pointers(state, 6000, 3000, 6000), CHECK_GOOD, "(50 % of 2000", NULL,
		      NULL);
}

/** A count that the section cannot hold is cut to what it holds. */
static void test_table_that_claims_too_much(void **state)
{
	assert_result(frame_pointers(state, 4, 4, UINT32_MAX), CHECK_GOOD, "(100 % of 4", NULL,
		      NULL);
	assert_result(frame_pointers(state, 4, 4, 0), CHECK_WARNING, "no unwind information",
		      "stacks", NULL);
}

static void test_go_keeps_frame_pointers(void **state)
{
	struct program program;

	program_init(&program, state);
	add_code(&program.builder, 1, 0);
	elf_builder_add_section(&program.builder, ".gopclntab", SHT_PROGBITS, SHF_ALLOC, 0x403000,
				bytes_of_text("x"));
	program_finish(&program);
	assert_result(made_up_tree_run(state, &check_command_frame_pointers), CHECK_GOOD,
		      "is a Go program", NULL, NULL);
	free(program.path);
}

static void test_script_and_nonsense(void **state)
{
	struct made_up_tree *tree = *state;
	_cleanup_free_ char *script = memory_format_text("%s/script", tree->path);

	made_up_tree_write(state, "script", "#! /usr/bin/env python3\nprint()\n");
	tree->context.command = script;
	assert_result(made_up_tree_run(state, &check_command_symbols), CHECK_NOTE,
		      "script is a script run by /usr/bin/env python3", "interpreter", NULL);
	assert_null(made_up_tree_run(state, &check_command_build_id));
	assert_null(made_up_tree_run(state, &check_command_frame_pointers));

	made_up_tree_write(state, "script",
			   "\x7f"
			   "ELF nonsense");
	assert_result(made_up_tree_run(state, &check_command_symbols), CHECK_NOTE,
		      "script cannot be looked at", NULL, NULL);
}

#define TREE_TEST(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, made_up_tree_set_up, made_up_tree_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_no_command),
		TREE_TEST(test_stripped),
		TREE_TEST(test_symbols_of_rust_without_debug_information),
		TREE_TEST(test_debug_information_and_build_id),
		TREE_TEST(test_frame_pointers),
		TREE_TEST(test_many_functions_are_sampled),
		TREE_TEST(test_table_that_claims_too_much),
		TREE_TEST(test_go_keeps_frame_pointers),
		TREE_TEST(test_script_and_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
