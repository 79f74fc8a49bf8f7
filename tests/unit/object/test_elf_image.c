#include "elf_builder.h"
#include "object/elf_image_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BUILD_ID "00112233445566778899aabbccddeeff01234567"

static struct elf_builder *make_program(struct elf_builder *builder, uint8_t elf_class,
					uint8_t data)
{
	elf_builder_init(builder, elf_class, data, EM_X86_64);
	builder->entry_elf_address = 0x401040;
	elf_builder_add_code(builder, ".text", 0x401040, bytes_of_text("code and more code"));
	elf_builder_add_build_id(builder, BUILD_ID);
	elf_builder_add_section(builder, ".data", SHT_PROGBITS, 0, 0, bytes_of_text("data"));
	return builder;
}

static struct error *adopt(struct bytes bytes, enum elf_image_use use, struct elf_image *ret)
{
	return elf_image_adopt(memory_duplicate(bytes.data, bytes.size), bytes.size, use, ret);
}

static void test_classes_and_byte_orders(void **state)
{
	static const uint8_t classes[] = { ELFCLASS32, ELFCLASS64 };
	static const uint8_t orders[] = { ELFDATA2LSB, ELFDATA2MSB };

	for (size_t i = 0; i < 4; i++) {
		struct elf_builder builder;
		struct elf_image image;
		char build_id[BUILD_ID_TEXT_SIZE_BYTES];
		const struct elf_section *section;

		make_program(&builder, classes[i / 2], orders[i % 2]);
		assert_null(adopt(elf_builder_image(&builder), ELF_IMAGE_LOADED, &image));
		assert_int_equal(image.is_64_bit, classes[i / 2] == ELFCLASS64);
		assert_int_equal(image.machine, EM_X86_64);
		assert_int_equal(image.entry_elf_address, 0x401040);
		assert_int_equal(image.segments.count, 1);
		assert_int_equal(image.segments.items[0].elf_address, 0x401040);
		assert_int_equal(image.segments.items[0].file_size_bytes, 18);
		assert_true(image.segments.items[0].is_executable);
		build_id_format(&image.build_id, build_id);
		assert_string_equal(build_id, BUILD_ID);
		section = elf_image_find_section(&image, ".text");
		assert_non_null(section);
		assert_int_equal(section->elf_address, 0x401040);
		assert_memory_equal(section->stored.data, "code and more code", 18);
		assert_null(elf_image_find_section(&image, ".tex"));
		elf_image_deinit(&image);
		elf_builder_deinit(&builder);
	}
}

static void test_without_section_headers(void **state)
{
	struct elf_builder builder;
	struct elf_image image;
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];

	make_program(&builder, ELFCLASS64, ELFDATA2LSB)->is_without_sections = true;
	assert_null(adopt(elf_builder_image(&builder), ELF_IMAGE_LOADED, &image));
	assert_int_equal(image.sections.count, 0);
	build_id_format(&image.build_id, build_id);
	assert_string_equal(build_id, BUILD_ID);
	elf_image_deinit(&image);
	elf_builder_deinit(&builder);
}

/** One header field with a value that cannot be true, and what is said of it. */
struct damage {
	size_t offset;
	size_t size_bytes;
	uint64_t value;
	const char *message; /**< NULL: the file is usable all the same. */
};

#define HEADER_FIELD(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define SEGMENT_FIELD(field)                                                                       \
	sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field)

static const struct damage damages[] = {
	{ EI_MAG0, 1, 'X', "not an ELF file" },
	{ EI_MAG3, 1, 0, "not an ELF file" },
	{ EI_CLASS, 1, 0, "unknown class" },
	{ EI_CLASS, 1, 3, "unknown class" },
	{ EI_DATA, 1, 0, "unknown byte order" },
	{ EI_DATA, 1, 3, "unknown byte order" },
	{ EI_VERSION, 1, 0, "unknown version" },
	{ EI_VERSION, 1, 2, "unknown version" },
	{ EI_OSABI, 1, 0xff, NULL },
	{ HEADER_FIELD(e_type), 0xffff, NULL },
	{ HEADER_FIELD(e_machine), 0xffff, NULL },
	{ HEADER_FIELD(e_entry), UINT64_MAX, NULL },
	{ HEADER_FIELD(e_flags), UINT32_MAX, NULL },
	{ HEADER_FIELD(e_phoff), UINT64_MAX, "program headers outside" },
	{ HEADER_FIELD(e_phoff), 1 << 20, "program headers outside" },
	{ HEADER_FIELD(e_phentsize), 0, "program headers of a strange size" },
	{ HEADER_FIELD(e_phentsize), 0xffff, "program headers of a strange size" },
	{ HEADER_FIELD(e_phnum), 0xfff0, "damaged" },
	{ HEADER_FIELD(e_phnum), 0, NULL },
	{ HEADER_FIELD(e_shoff), UINT64_MAX, "section headers outside" },
	{ HEADER_FIELD(e_shoff), 1 << 20, "section headers outside" },
	{ HEADER_FIELD(e_shoff), 0, NULL },
	{ HEADER_FIELD(e_shentsize), 0, "section headers of a strange size" },
	{ HEADER_FIELD(e_shentsize), 65, "section headers of a strange size" },
	{ HEADER_FIELD(e_shnum), 0xfff0, "damaged" },
	{ HEADER_FIELD(e_shnum), 0, "damaged" },
	{ HEADER_FIELD(e_shstrndx), 0xfff0, "damaged" },
	{ HEADER_FIELD(e_shstrndx), 0, NULL },
	{ SEGMENT_FIELD(p_offset), UINT64_MAX, "a segment outside the file" },
	{ SEGMENT_FIELD(p_offset), 1 << 20, "a segment outside the file" },
	{ SEGMENT_FIELD(p_filesz), UINT64_MAX, "a segment outside the file" },
	{ SEGMENT_FIELD(p_filesz), 1 << 20, "a segment outside the file" },
	{ SEGMENT_FIELD(p_memsz), 1, "larger in the file" },
	{ SEGMENT_FIELD(p_memsz), UINT64_MAX, "past the end of the address space" },
	{ SEGMENT_FIELD(p_vaddr), UINT64_MAX, "past the end of the address space" },
	{ SEGMENT_FIELD(p_align), UINT64_MAX, NULL },
	{ SEGMENT_FIELD(p_flags), 0, NULL },
};

static void test_damaged_headers(void **state)
{
	struct elf_builder builder;
	struct bytes good = elf_builder_image(make_program(&builder, ELFCLASS64, ELFDATA2LSB));

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *damage = &damages[i];
		uint8_t *bytes = memory_duplicate(good.data, good.size);
		struct elf_image image = { 0 };
		struct error *error;

		memcpy(bytes + damage->offset, &damage->value, damage->size_bytes);
		error = elf_image_adopt(bytes, good.size, ELF_IMAGE_LOADED, &image);
		if (damage->message) {
			assert_non_null(error);
			assert_int_equal(error->code, ERROR_FORMAT);
			if (!strstr(error->message, damage->message))
				fail_msg("damage %zu: %s", i, error->message);
		} else if (error) {
			fail_msg("damage %zu: %s", i, error->message);
		}
		error_destroy(error);
		elf_image_deinit(&image);
	}
	elf_builder_deinit(&builder);
}

/** Every section header field, one after the other: sections may go, nothing else may happen. */
static void test_damaged_section_headers(void **state)
{
	static const uint64_t values[] = { 0, 1, 0x7fffffff, UINT32_MAX, UINT64_MAX };
	struct elf_builder builder;
	struct bytes good = elf_builder_image(make_program(&builder, ELFCLASS64, ELFDATA2LSB));
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)good.data;
	size_t table_size = header->e_shnum * sizeof(Elf64_Shdr), n_opened = 0;

	for (size_t offset = 0; offset < table_size; offset += 4) {
		uint8_t *bytes = memory_duplicate(good.data, good.size);
		struct elf_image image = { 0 };
		struct error *error;

		memcpy(bytes + header->e_shoff + offset, &values[offset / 4 % ARRAY_SIZE(values)],
		       4);
		error = elf_image_adopt(bytes, good.size, ELF_IMAGE_LOADED, &image);
		n_opened += !error;
		for (size_t i = 0; i < image.sections.count; i++) {
			const struct elf_section *section = &image.sections.items[i];

			assert_true(section->stored.size <= good.size);
			assert_true(memchr(section->name, 0, good.size) != NULL);
		}
		error_destroy(error);
		elf_image_deinit(&image);
	}
	assert_true(n_opened > table_size / 4 / 2);
	elf_builder_deinit(&builder);
}

/** The last name of a string table that ends without a NUL. */
static void test_unended_section_name(void **state)
{
	struct elf_builder builder;
	struct bytes good = elf_builder_image(make_program(&builder, ELFCLASS64, ELFDATA2LSB));
	uint8_t *bytes = memory_duplicate(good.data, good.size);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	Elf64_Shdr *names = (Elf64_Shdr *)(bytes + header->e_shoff) + header->e_shstrndx;
	struct elf_image image;

	names->sh_size--;
	assert_null(elf_image_adopt(bytes, good.size, ELF_IMAGE_LOADED, &image));
	assert_non_null(elf_image_find_section(&image, ".text"));
	assert_null(elf_image_find_section(&image, ".shstrtab"));
	elf_image_deinit(&image);
	elf_builder_deinit(&builder);
}

static void test_every_truncation(void **state)
{
	struct elf_builder builder;
	struct bytes good = elf_builder_image(make_program(&builder, ELFCLASS64, ELFDATA2LSB));

	for (size_t size = 1; size < good.size; size += size < 256 ? 1 : 37) {
		struct bytes cut = { good.data, size };
		struct elf_image image;
		struct error *error = adopt(cut, ELF_IMAGE_LOADED, &image);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_FORMAT);
		error_destroy(error);
	}
	elf_builder_deinit(&builder);
}

static void test_debug_file_segments_may_be_empty(void **state)
{
	struct elf_builder builder;
	struct elf_image image;
	struct error *error;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_segment(&builder, &(GElf_Phdr){
						  .p_type = PT_LOAD,
						  .p_flags = PF_R | PF_X,
						  .p_offset = 1 << 24,
						  .p_vaddr = 0x1000,
						  .p_filesz = 64,
						  .p_memsz = 64,
					  });
	elf_builder_add_section(&builder, ".debug_info", SHT_PROGBITS, 0, 0, bytes_of_text("info"));
	assert_null(adopt(elf_builder_image(&builder), ELF_IMAGE_DEBUG, &image));
	assert_int_equal(image.segments.items[0].file_size_bytes, 0);
	elf_image_deinit(&image);
	error = adopt(elf_builder_image(&builder), ELF_IMAGE_LOADED, &image);
	assert_non_null(error);
	error_destroy(error);
	elf_builder_deinit(&builder);
}

static void test_segments_are_sorted(void **state)
{
	static const uint64_t offsets[] = { 0x300, 0x100, 0x400, 0x200 };
	struct elf_builder builder;
	struct elf_image image;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		elf_builder_add_segment(&builder, &(GElf_Phdr){
							  .p_type = PT_LOAD,
							  .p_offset = offsets[i],
							  .p_vaddr = 0x10000 + offsets[i],
							  .p_filesz = 16,
							  .p_memsz = 32,
						  });
	assert_null(adopt(elf_builder_image(&builder), ELF_IMAGE_LOADED, &image));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		assert_int_equal(image.segments.items[i].file_offset, 0x100 * (i + 1));
		assert_int_equal(image.segments.items[i].elf_address, 0x10000 + 0x100 * (i + 1));
		assert_int_equal(image.segments.items[i].memory_size_bytes, 32);
	}
	elf_image_deinit(&image);
	elf_builder_deinit(&builder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes_and_byte_orders),
		cmocka_unit_test(test_without_section_headers),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_damaged_section_headers),
		cmocka_unit_test(test_unended_section_name),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_debug_file_segments_may_be_empty),
		cmocka_unit_test(test_segments_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
