#include "elf_builder.h"
#include "object/object.h"
#include "temporary_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t classes[] = { ELFCLASS32, ELFCLASS64 };
static const uint8_t orders[] = { ELFDATA2LSB, ELFDATA2MSB };

/** Text that packs well, so that a stored copy is told from an unpacked one. */
static struct bytes long_text(void)
{
	static char text[50000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i / 100 % 26);
	return (struct bytes){ (const uint8_t *)text, sizeof(text) };
}

struct fixture {
	struct elf_builder builder;
	struct object_registry *registry;
	struct object *object;
};

/** Write what the builder holds and open it. */
static void open_built(void **state, struct fixture *fixture)
{
	_cleanup_free_ char *path = temporary_path(state, "file");

	elf_builder_write(&fixture->builder, path);
	fixture->registry = object_registry_create(NULL);
	fixture->object =
		object_registry_find(fixture->registry, &(struct object_identity){ .path = path });
	object_open(fixture->object, NULL);
	assert_int_equal(fixture->object->state, OBJECT_OPEN);
}

static void fixture_deinit(struct fixture *fixture)
{
	object_registry_destroy(fixture->registry);
	elf_builder_deinit(&fixture->builder);
}

static void check_section(struct object *object, const char *name, struct bytes expected)
{
	struct bytes first = object_section(object, name, NULL);
	struct bytes again = object_section(object, name, NULL);

	assert_int_equal(first.size, expected.size);
	assert_memory_equal(first.data, expected.data, expected.size);
	assert_ptr_equal(first.data, again.data);
}

static void test_plain(void **state)
{
	struct fixture fixture;
	uint64_t elf_address = 77;

	elf_builder_init(&fixture.builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&fixture.builder, ".text", 0x1040, bytes_of_text("code"));
	elf_builder_add_section(&fixture.builder, ".bss", SHT_NOBITS, SHF_WRITE, 0x3000,
				bytes_of_text("zero"));
	open_built(state, &fixture);
	assert_int_equal(object_section(fixture.object, ".missing", &elf_address).size, 0);
	assert_int_equal(elf_address, 77);
	check_section(fixture.object, ".text", bytes_of_text("code"));
	object_section(fixture.object, ".text", &elf_address);
	assert_int_equal(elf_address, 0x1040);
	assert_int_equal(object_section(fixture.object, ".bss", &elf_address).size, 0);
	assert_int_equal(elf_address, 0x3000);
	fixture_deinit(&fixture);
}

static void test_compressed(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		struct fixture fixture;

		elf_builder_init(&fixture.builder, classes[i / 2], orders[i % 2], EM_X86_64);
		elf_builder_add_compressed(&fixture.builder, ".debug_info", ELFCOMPRESS_ZLIB,
					   long_text());
		elf_builder_add_compressed(&fixture.builder, ".debug_line", ELFCOMPRESS_ZSTD,
					   long_text());
		elf_builder_add_zdebug(&fixture.builder, ".zdebug_abbrev", long_text());
		open_built(state, &fixture);
		check_section(fixture.object, ".debug_info", long_text());
		check_section(fixture.object, ".debug_line", long_text());
		check_section(fixture.object, ".debug_abbrev", long_text());
		fixture_deinit(&fixture);
	}
}

/** Damage one byte or number of a compressed section; nothing may come out. */
static void check_damaged(void **state, uint32_t type, size_t offset, uint64_t value,
			  size_t size_bytes)
{
	struct fixture fixture;
	struct elf_builder_section *section;

	elf_builder_init(&fixture.builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_compressed(&fixture.builder, ".debug_info", type, long_text());
	section = &fixture.builder.sections.items[1];
	assert_true(offset + size_bytes <= section->content.count);
	memcpy(section->content.items + offset, &value, size_bytes);
	open_built(state, &fixture);
	assert_int_equal(object_section(fixture.object, ".debug_info", NULL).size, 0);
	assert_int_equal(object_section(fixture.object, ".debug_info", NULL).size, 0);
	fixture_deinit(&fixture);
}

static void test_damaged_compression(void **state)
{
	static const uint64_t sizes[] = {
		0, 1, 49999, 50001, UINT64_C(1) << 31, UINT64_C(1) << 40, UINT64_MAX
	};
	static const uint32_t types[] = { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		check_damaged(state, types[i], 0, 0, 4);
		check_damaged(state, types[i], 0, 3, 4);
		check_damaged(state, types[i], 0, types[1 - i], 4);
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			check_damaged(state, types[i], 8, sizes[k], 8);
		check_damaged(state, types[i], sizeof(Elf64_Chdr), UINT64_MAX, 8);
	}
}

static void test_too_short_for_compression(void **state)
{
	for (size_t size = 0; size < sizeof(Elf64_Chdr); size++) {
		struct fixture fixture;
		static const uint8_t zeros[sizeof(Elf64_Chdr)] = { ELFCOMPRESS_ZLIB };

		elf_builder_init(&fixture.builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
		elf_builder_add_section(&fixture.builder, ".debug_info", SHT_PROGBITS,
					SHF_COMPRESSED, 0, (struct bytes){ zeros, size });
		elf_builder_add_section(&fixture.builder, ".zdebug_line", SHT_PROGBITS, 0, 0,
					(struct bytes){ (const uint8_t *)"ZLIB\0\0\0\0\0\0\0\1",
							MIN(size, (size_t)12) });
		open_built(state, &fixture);
		assert_int_equal(object_section(fixture.object, ".debug_info", NULL).size, 0);
		assert_int_equal(object_section(fixture.object, ".debug_line", NULL).size, 0);
		fixture_deinit(&fixture);
	}
}

/** libdw unpacks compressed sections in place and rewrites their headers. */
static void test_libelf_may_unpack_too(void **state)
{
	struct fixture fixture;
	size_t index = 1;

	elf_builder_init(&fixture.builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_compressed(&fixture.builder, ".debug_info", ELFCOMPRESS_ZLIB, long_text());
	open_built(state, &fixture);
	assert_int_equal(elf_compress(elf_getscn(fixture.object->elf, index), 0, 0), 1);
	check_section(fixture.object, ".debug_info", long_text());
	fixture_deinit(&fixture);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_folder_set_up, temporary_folder_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_plain),
		TEST(test_compressed),
		TEST(test_damaged_compression),
		TEST(test_too_short_for_compression),
		TEST(test_libelf_may_unpack_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
