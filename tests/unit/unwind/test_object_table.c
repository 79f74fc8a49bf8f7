#include "unwind/object_table.h"

#include "cfi_builder.h"
#include "elf_builder.h"
#include "temporary_folder.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEADER_ADDRESS (TEST_SECTION_ADDRESS - 0x1000)

/** A program whose only function, at TEST_CODE_ADDRESS, has CFA = rsp + @p cfa_offset. */
struct program {
	struct elf_builder elf;
	struct cfi_builder cfi;
};

static void program_init(struct program *program, bool is_debug_frame, uint8_t cfa_offset)
{
	static const uint8_t code[64] = { 0x90 };

	*program = (struct program){ .cfi.is_debug_frame = is_debug_frame };
	elf_builder_init(&program->elf, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&program->elf, ".text", TEST_CODE_ADDRESS,
			     (struct bytes){ code, sizeof(code) });
	cfi_builder_usual_cie(&program->cfi);
	CFI_BUILDER_FDE(&program->cfi, TEST_CODE_ADDRESS, 64, 0x0e, cfa_offset);
}

static struct bytes program_cfi(const struct program *program)
{
	return (struct bytes){ program->cfi.bytes.items, program->cfi.bytes.count };
}

/** Write it, open it and look its function up; 0: no table. */
static int32_t program_cfa_offset(struct program *program, void **state)
{
	struct object_registry *registry = object_registry_create(NULL);
	_cleanup_free_ char *path = temporary_path(state, "program");
	const struct object_identity identity = { .path = path };
	struct object *object = object_registry_find(registry, &identity);
	struct unwind_table *table = NULL;
	int32_t cfa_offset = 0;

	elf_builder_write(&program->elf, path);
	object_open(object, NULL);
	assert_int_equal(object->state, OBJECT_OPEN);
	error_destroy(object_table_create(object, &table));
	if (table)
		cfa_offset = unwind_table_find(table, TEST_CODE_ADDRESS)->cfa_offset;
	unwind_table_destroy(table);
	object_registry_destroy(registry);
	elf_builder_deinit(&program->elf);
	cfi_builder_deinit(&program->cfi);
	return cfa_offset;
}

static void test_eh_frame(void **state)
{
	struct program program;

	program_init(&program, false, 24);
	elf_builder_add_section(&program.elf, ".eh_frame", SHT_PROGBITS, SHF_ALLOC,
				TEST_SECTION_ADDRESS, program_cfi(&program));
	assert_int_equal(program_cfa_offset(&program, state), 24);
}

static void test_debug_frame(void **state)
{
	struct program program;

	program_init(&program, true, 32);
	elf_builder_add_section(&program.elf, ".debug_frame", SHT_PROGBITS, 0, 0,
				program_cfi(&program));
	assert_int_equal(program_cfa_offset(&program, state), 32);
}

/** Add a part of the file that is loaded, found through program headers alone. */
static void add_loaded(struct program *program, uint64_t elf_address, struct bytes content)
{
	const struct elf_builder_section *section = elf_builder_add_section(
		&program->elf, ".loaded", SHT_PROGBITS, SHF_ALLOC, elf_address, content);
	const GElf_Phdr header = {
		.p_type = PT_LOAD,
		.p_flags = PF_R,
		.p_offset = section->file_offset,
		.p_vaddr = elf_address,
		.p_filesz = content.size,
		.p_memsz = content.size,
		.p_align = ELF_BUILDER_PAGE_BYTES,
	};

	elf_builder_add_segment(&program->elf, &header);
}

static void add_eh_frame_header(struct program *program, uint8_t version)
{
	/* The pointer is signed, 4 bytes, relative to its own address. */
	const uint32_t distance = TEST_SECTION_ADDRESS - (HEADER_ADDRESS + 4);
	const GElf_Phdr header = {
		.p_type = PT_GNU_EH_FRAME,
		.p_flags = PF_R,
		.p_vaddr = HEADER_ADDRESS,
		.p_filesz = 8,
		.p_memsz = 8,
	};
	uint8_t content[8] = { version, 0x1b, 0xff, 0xff };

	memcpy(content + 4, &distance, sizeof(distance));
	add_loaded(program, HEADER_ADDRESS, (struct bytes){ content, sizeof(content) });
	elf_builder_add_segment(&program->elf, &header);
}

static void test_file_without_section_headers(void **state)
{
	struct program program;

	program_init(&program, false, 40);
	/* The terminator, then what is no call frame information any more. */
	cfi_builder_u32(&program.cfi, 0);
	cfi_builder_u32(&program.cfi, 0x12345678);
	add_eh_frame_header(&program, 1);
	add_loaded(&program, TEST_SECTION_ADDRESS, program_cfi(&program));
	program.elf.is_without_sections = true;
	assert_int_equal(program_cfa_offset(&program, state), 40);
}

static void test_header_of_an_unknown_version(void **state)
{
	struct program program;

	program_init(&program, false, 40);
	add_eh_frame_header(&program, 2);
	add_loaded(&program, TEST_SECTION_ADDRESS, program_cfi(&program));
	program.elf.is_without_sections = true;
	assert_int_equal(program_cfa_offset(&program, state), 0);
}

static void test_none_at_all(void **state)
{
	struct program program;

	program_init(&program, false, 40);
	assert_int_equal(program_cfa_offset(&program, state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_folder_set_up, temporary_folder_tear_down)
		TEST(test_eh_frame),
		TEST(test_debug_frame),
		TEST(test_file_without_section_headers),
		TEST(test_header_of_an_unknown_version),
		TEST(test_none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
