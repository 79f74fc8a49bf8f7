#include "elf_builder.h"
#include "object/object_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/*
 * Random damage to a file that has everything. Nothing is expected of the
 * result but that all of it can be read: the sanitizers are the judges.
 */

#define N_MUTATIONS 4000

/** Longer than the page the builder keeps for headers, so that every part is hit. */
static struct bytes content(void)
{
	static uint8_t bytes[3000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 5);
	return (struct bytes){ bytes, sizeof(bytes) };
}

static void build(struct elf_builder *builder, uint8_t elf_class, uint8_t data)
{
	elf_builder_init(builder, elf_class, data, EM_X86_64);
	elf_builder_add_code(builder, ".text", 0x1000, content());
	elf_builder_add_code(builder, ".plt", 0x5000, bytes_of_text("plt"));
	elf_builder_add_build_id(builder, "0011223344556677");
	elf_builder_add_compressed(builder, ".debug_info", ELFCOMPRESS_ZLIB, content());
	elf_builder_add_compressed(builder, ".debug_line", ELFCOMPRESS_ZSTD, content());
	elf_builder_add_zdebug(builder, ".zdebug_str", content());
	elf_builder_add_debug_link(builder, "program.debug", 0x12345678);
	elf_builder_add_symbol(builder, "main", 0x1000, 16, STT_FUNC);
}

static uint64_t sum(struct bytes bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes.size; i++)
		sum += bytes.data[i];
	return sum;
}

/** Touch all that an object offers. */
static uint64_t read_everything(struct object *object)
{
	static const char *const names[] = { ".text",      ".debug_info",    ".debug_line",
					     ".debug_str", ".gnu_debuglink", ".symtab",
					     "",           ".shstrtab" };
	uint64_t total = 0, elf_address = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		total += sum(object_section(object, names[i], &elf_address));
	for (uint64_t address = 0; address < 0x8000; address += 0x777) {
		total += sum(object_bytes_at(object, address));
		if (object_elf_address_of_offset(object, address, &elf_address))
			total += elf_address;
	}
	for (size_t i = 0; i < object->segments.count; i++)
		total += sum(object_bytes_at(object, object->segments.items[i].elf_address));
	total += object_debug_file(object) != NULL;
	return total;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/** Change one to four numbers of one to eight bytes; three times of four in headers. */
static void mutate(uint8_t *bytes, size_t size_bytes, uint32_t *random)
{
	static const uint64_t values[] = { 0,          1,          7,         0x7fffffff,
					   0x80000000, UINT32_MAX, INT64_MAX, UINT64_MAX,
					   0x1000,     0xfff1 };
	size_t n_changes = 1 + next_random(random) % 4;

	for (size_t i = 0; i < n_changes; i++) {
		uint32_t where = next_random(random) % 4;
		size_t width = (size_t)1 << next_random(random) % 4;
		size_t tail_bytes = MIN(size_bytes, (size_t)768);
		uint64_t value = next_random(random) % 2
					 ? values[next_random(random) % ARRAY_SIZE(values)]
					 : next_random(random);
		size_t offset = where < 2   ? next_random(random) % 256
				: where < 3 ? size_bytes - 1 - next_random(random) % tail_bytes
					    : next_random(random) % size_bytes;

		memcpy(bytes + offset, &value, MIN(width, size_bytes - offset));
	}
}

static void check_mutations(uint8_t elf_class, uint8_t data, uint32_t seed)
{
	struct elf_builder builder;
	uint32_t random = seed;
	size_t n_opened = 0;
	struct bytes good;

	build(&builder, elf_class, data);
	good = elf_builder_image(&builder);
	for (int i = 0; i < N_MUTATIONS; i++) {
		uint8_t *bytes = memory_duplicate(good.data, good.size);
		/* Every tenth is cut short too. */
		size_t size_bytes = i % 10 ? good.size : next_random(&random) % good.size + 1;
		enum elf_image_use use = i % 2 ? ELF_IMAGE_LOADED : ELF_IMAGE_DEBUG;
		struct elf_image image;
		struct object *object;
		struct error *error;

		mutate(bytes, good.size, &random);
		bytes = memory_resize(bytes, size_bytes, 1);
		error = elf_image_adopt(bytes, size_bytes, use, &image);
		if (error) {
			assert_true(strlen(error->message) > 0);
			error_destroy(error);
			continue;
		}
		n_opened++;
		object = memory_allocate(1, sizeof(*object));
		object_take_image(object, &image);
		read_everything(object);
		object_destroy(object);
	}
	/* Both ways are walked often. */
	assert_in_range(n_opened, N_MUTATIONS / 10, N_MUTATIONS * 9 / 10);
	elf_builder_deinit(&builder);
}

static void test_64_bit(void **state)
{
	check_mutations(ELFCLASS64, ELFDATA2LSB, 1);
}

static void test_32_bit(void **state)
{
	check_mutations(ELFCLASS32, ELFDATA2LSB, 2);
}

static void test_other_byte_order(void **state)
{
	check_mutations(ELFCLASS64, ELFDATA2MSB, 3);
}

static void test_unchanged_file_is_read_whole(void **state)
{
	struct elf_builder builder;
	struct elf_image image;
	struct bytes good;
	struct object *object = memory_allocate(1, sizeof(*object));

	build(&builder, ELFCLASS64, ELFDATA2LSB);
	good = elf_builder_image(&builder);
	assert_null(elf_image_adopt(memory_duplicate(good.data, good.size), good.size,
				    ELF_IMAGE_LOADED, &image));
	object_take_image(object, &image);
	assert_true(read_everything(object) > 4 * sum(content()));
	object_destroy(object);
	elf_builder_deinit(&builder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_64_bit),
		cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_other_byte_order),
		cmocka_unit_test(test_unchanged_file_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
