#include "elf_builder.h"
#include "object/object.h"
#include "temporary_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zlib.h>

#include <cmocka.h>

#define BUILD_ID       "00112233445566778899aabbccddeeff01234567"
#define OTHER_BUILD_ID "ff112233445566778899aabbccddeeff01234567"
#define BUILD_ID_PLACE "usr/lib/debug/.build-id/00/112233445566778899aabbccddeeff01234567.debug"

/** The folder of the test is the --symfs folder, so nothing of this machine is seen. */
struct fixture {
	struct object_registry *registry;
	struct object *object;
};

/** @return the CRC of the file that was written. */
static uint32_t write_debug_file(void **state, const char *name, const char *build_id)
{
	_cleanup_free_ char *path = temporary_path(state, "%s", name);
	struct elf_builder builder;
	struct bytes image;
	uint32_t crc;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	if (build_id)
		elf_builder_add_build_id(&builder, build_id);
	elf_builder_add_section(&builder, ".debug_info", SHT_PROGBITS, 0, 0, bytes_of_text(name));
	image = elf_builder_image(&builder);
	crc = (uint32_t)crc32_z(0, image.data, image.size);
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);
	return crc;
}

static struct object *open_program(void **state, struct fixture *fixture, const char *build_id,
				   const char *link_name, uint32_t link_crc, bool has_debug_info)
{
	struct temporary_folder *folder = *state;
	_cleanup_free_ char *path = temporary_path(state, "opt/bin/program");
	struct elf_builder builder;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_code(&builder, ".text", 0x1000, bytes_of_text("code"));
	if (build_id)
		elf_builder_add_build_id(&builder, build_id);
	if (link_name)
		elf_builder_add_debug_link(&builder, link_name, link_crc);
	if (has_debug_info)
		elf_builder_add_section(&builder, ".debug_info", SHT_PROGBITS, 0, 0,
					bytes_of_text("own"));
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);

	fixture->registry = object_registry_create(folder->path);
	fixture->object = object_registry_find(
		fixture->registry, &(struct object_identity){ .path = "/opt/bin/program" });
	object_open(fixture->object, NULL);
	assert_int_equal(fixture->object->state, OBJECT_OPEN);
	return fixture->object;
}

/** Which debug file is found: its .debug_info is its name. NULL: none may be found. */
static void check_found(struct fixture *fixture, const char *name)
{
	struct object *debug_file = object_debug_file(fixture->object);
	struct bytes content;

	assert_ptr_equal(object_debug_file(fixture->object), debug_file);
	if (name) {
		assert_non_null(debug_file);
		content = object_section(debug_file, ".debug_info", NULL);
		assert_int_equal(content.size, strlen(name));
		assert_memory_equal(content.data, name, content.size);
		assert_int_equal(debug_file->state, OBJECT_OPEN);
		assert_ptr_equal(
			object_registry_objects(fixture->registry)->items[debug_file->index],
			debug_file);
		assert_null(object_debug_file(debug_file));
		assert_true(debug_file->is_debug_file);
		assert_false(fixture->object->is_debug_file);
	} else {
		assert_null(debug_file);
	}
	object_registry_destroy(fixture->registry);
}

static void test_build_id_folder(void **state)
{
	struct fixture fixture;

	write_debug_file(state, BUILD_ID_PLACE, BUILD_ID);
	open_program(state, &fixture, BUILD_ID, NULL, 0, false);
	check_found(&fixture, BUILD_ID_PLACE);
	open_program(state, &fixture, OTHER_BUILD_ID, NULL, 0, false);
	check_found(&fixture, NULL);
	open_program(state, &fixture, "00", NULL, 0, false);
	check_found(&fixture, NULL);
}

static void test_build_id_must_match(void **state)
{
	struct fixture fixture;

	write_debug_file(state, BUILD_ID_PLACE, OTHER_BUILD_ID);
	open_program(state, &fixture, BUILD_ID, NULL, 0, false);
	check_found(&fixture, NULL);
	write_debug_file(state, BUILD_ID_PLACE, NULL);
	open_program(state, &fixture, BUILD_ID, NULL, 0, false);
	check_found(&fixture, NULL);
}

static void test_own_debug_information(void **state)
{
	struct fixture fixture;

	write_debug_file(state, BUILD_ID_PLACE, BUILD_ID);
	open_program(state, &fixture, BUILD_ID, NULL, 0, true);
	check_found(&fixture, NULL);
}

static void test_debug_link_places(void **state)
{
	static const char *const places[] = {
		"opt/bin/program.debug",
		"opt/bin/.debug/program.debug",
		"usr/lib/debug/opt/bin/program.debug",
	};

	/* Last first: what is earlier in the order wins over what is there already. */
	for (size_t i = ARRAY_SIZE(places); i-- > 0;) {
		struct fixture fixture;
		uint32_t crc = write_debug_file(state, places[i], NULL);

		open_program(state, &fixture, NULL, "program.debug", crc, false);
		check_found(&fixture, places[i]);
	}
}

static void test_debug_link_must_match(void **state)
{
	static const char name[] = "opt/bin/program.debug";
	struct fixture fixture;
	uint32_t crc = write_debug_file(state, name, NULL);

	open_program(state, &fixture, NULL, "program.debug", crc ^ 1, false);
	check_found(&fixture, NULL);
	/* The CRC is right but one side has a build id and the other has not the same. */
	open_program(state, &fixture, BUILD_ID, "program.debug", crc, false);
	check_found(&fixture, NULL);
	crc = write_debug_file(state, name, BUILD_ID);
	open_program(state, &fixture, BUILD_ID, "program.debug", crc, false);
	check_found(&fixture, name);
	open_program(state, &fixture, OTHER_BUILD_ID, "program.debug", crc, false);
	check_found(&fixture, NULL);
	open_program(state, &fixture, BUILD_ID, "program.debug", crc ^ 1, false);
	check_found(&fixture, NULL);
}

static void test_hostile_debug_links(void **state)
{
	static const char *const names[] = {
		"", "..", "../bin/program.debug", "/opt/bin/program.debug", "./program.debug",
	};
	uint32_t crc = write_debug_file(state, "opt/bin/program.debug", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture fixture;

		open_program(state, &fixture, NULL, names[i], crc, false);
		check_found(&fixture, NULL);
	}
}

static uint64_t stamp(void **state, const char *build_id, const char *link_name,
		      bool has_debug_info)
{
	struct fixture fixture;
	uint64_t stamp;

	open_program(state, &fixture, build_id, link_name, 0, has_debug_info);
	stamp = object_debug_stamp(fixture.object);
	assert_int_equal(stamp, object_debug_stamp(fixture.object));
	object_registry_destroy(fixture.registry);
	return stamp;
}

static void test_stamp_tells_debug_files_apart(void **state)
{
	uint64_t by_build_id, by_both;

	assert_int_equal(stamp(state, BUILD_ID, "program.debug", false), 0);
	write_debug_file(state, BUILD_ID_PLACE, BUILD_ID);
	by_build_id = stamp(state, BUILD_ID, "program.debug", false);
	assert_int_not_equal(by_build_id, 0);
	write_debug_file(state, "opt/bin/program.debug", BUILD_ID);
	by_both = stamp(state, BUILD_ID, "program.debug", false);
	assert_int_not_equal(by_both, by_build_id);
	/* Of another size: times may be too coarse to tell. */
	write_debug_file(state, BUILD_ID_PLACE, NULL);
	assert_int_not_equal(stamp(state, BUILD_ID, "program.debug", false), by_both);
	/* With its own debug information none of them matters. */
	assert_int_equal(stamp(state, BUILD_ID, "program.debug", true), 0);
}

/** As objcopy(1) leaves it with --only-keep-debug: where code is in memory, and nothing of it. */
static void write_debug_file_of_code(void **state, const uint64_t *addresses, size_t n)
{
	_cleanup_free_ char *path = temporary_path(state, BUILD_ID_PLACE);
	struct elf_builder builder;

	elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_build_id(&builder, BUILD_ID);
	elf_builder_add_section(&builder, ".debug_info", SHT_PROGBITS, 0, 0, bytes_of_text("info"));
	for (size_t i = 0; i < n; i++)
		elf_builder_add_segment(&builder, &(GElf_Phdr){ .p_type = PT_LOAD,
								.p_flags = PF_R | PF_X,
								.p_vaddr = addresses[i],
								.p_memsz = 0x1234 });
	elf_builder_write(&builder, path);
	elf_builder_deinit(&builder);
}

static enum object_state open_gone(void **state, const struct object_mapping *mapping,
				   const char *build_id, uint64_t *elf_address_ret)
{
	struct temporary_folder *folder = *state;
	struct object_registry *registry = object_registry_create(folder->path);
	struct object_identity identity = { .path = "/opt/bin/gone" };
	struct object *object;
	enum object_state result;

	identity.build_id = elf_builder_build_id(build_id);
	object = object_registry_find(registry, &identity);
	object_open(object, mapping);
	result = object->state;
	if (result == OBJECT_OPEN) {
		assert_true(object->is_without_code);
		assert_null(object->problem);
		assert_true(object_elf_address_of_offset(object, mapping->file_offset + 0x321,
							 elf_address_ret));
		assert_false(object_elf_address_of_offset(object, mapping->file_offset - 1,
							  elf_address_ret));
		assert_int_equal(object_bytes_at(object, *elf_address_ret).size, 0);
		assert_int_equal(object_section(object, ".debug_info", NULL).size, 4);
	}
	object_registry_destroy(registry);
	return result;
}

static void test_program_of_which_only_the_debug_file_is_left(void **state)
{
	static const uint64_t one[] = { 0x401000 }, two[] = { 0x401000, 0x501000 };
	struct object_mapping mapping = { .start = 0x7f0000001000,
					  .end = 0x7f0000003000,
					  .file_offset = 0x5000 };
	uint64_t elf_address = 0;

	assert_int_equal(open_gone(state, &mapping, BUILD_ID, &elf_address), OBJECT_MISSING);
	write_debug_file_of_code(state, one, 1);
	assert_int_equal(open_gone(state, &mapping, BUILD_ID, &elf_address), OBJECT_OPEN);
	assert_int_equal(elf_address, 0x401321);
	assert_int_equal(open_gone(state, &mapping, OTHER_BUILD_ID, &elf_address), OBJECT_MISSING);
	assert_int_equal(open_gone(state, NULL, BUILD_ID, &elf_address), OBJECT_MISSING);
	/* Two segments of one size: which of them it is, nobody knows. */
	write_debug_file_of_code(state, two, 2);
	assert_int_equal(open_gone(state, &mapping, BUILD_ID, &elf_address), OBJECT_MISSING);
	/* A mapping of another size. */
	mapping.end += 0x1000;
	write_debug_file_of_code(state, one, 1);
	assert_int_equal(open_gone(state, &mapping, BUILD_ID, &elf_address), OBJECT_MISSING);
}

static void test_unopened(void **state)
{
	struct object_registry *registry = object_registry_create(NULL);

	assert_null(object_debug_file(object_registry_find(
		registry, &(struct object_identity){ .path = "/no/such/file" })));
	assert_null(object_debug_file(object_registry_kernel(registry)));
	object_registry_destroy(registry);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_folder_set_up, temporary_folder_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_build_id_folder),
		TEST(test_build_id_must_match),
		TEST(test_own_debug_information),
		TEST(test_debug_link_places),
		TEST(test_debug_link_must_match),
		TEST(test_hostile_debug_links),
		TEST(test_stamp_tells_debug_files_apart),
		TEST(test_program_of_which_only_the_debug_file_is_left),
		TEST(test_unopened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
