/** .gopclntab: the function table that Go programs carry, in an ELF file made around it. */

#include "elf_builder.h"
#include "fuzz_target.h"
#include "object/object_internal.h"
#include "symbols/elf_symbols_internal.h"

static void run(struct bytes input)
{
	struct symbol_table_builder builder = { 0 };
	struct symbol_table table;
	struct elf_builder elf;
	struct elf_image image;
	struct object *object;
	struct bytes file;
	bool is_found;

	elf_builder_init(&elf, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
	elf_builder_add_section(&elf, ".gopclntab", SHT_PROGBITS, 0, 0, input);
	file = elf_builder_image(&elf);
	FUZZ_CHECK(!elf_image_adopt(memory_duplicate(file.data, file.size), file.size,
				    ELF_IMAGE_DEBUG, &image));
	object = memory_allocate(1, sizeof(*object));
	object->path = memory_duplicate_text("/srv/program");
	object_take_image(object, &image);
	fuzz_check_error(go_symbols_add(object, &builder, &is_found));
	symbol_table_build(&builder, &table);
	for (size_t i = 0; i < table.count; i++)
		FUZZ_CHECK(table.entries[i].size_bytes &&
			   symbol_table_name(&table, &table.entries[i]));
	symbol_table_deinit(&table);
	object_destroy(object);
	elf_builder_deinit(&elf);
}

static void put(struct byte_vector *bytes, uint64_t value, size_t size_bytes)
{
	byte_vector_append_bytes(bytes, &value, size_bytes);
}

/** Two functions, by Go 1.20's form. */
static void add_table(struct fuzz_seeds *seeds)
{
	struct byte_vector bytes = { 0 };

	enum {
		NAMES = 8 + 8 * 8,
		FUNCTIONS = NAMES + 16
	};

	put(&bytes, 0xfffffff1, 4);
	put(&bytes, 0x08010000, 4);
	put(&bytes, 2, 8);
	put(&bytes, 0, 8);
	put(&bytes, 0x1000, 8);
	put(&bytes, NAMES, 8);
	for (int i = 0; i < 3; i++)
		put(&bytes, 0, 8);
	put(&bytes, FUNCTIONS, 8);
	byte_vector_append_bytes(&bytes, "main.a\0\0main.b\0", 16);
	for (uint32_t i = 0; i < 3; i++) {
		put(&bytes, i * 16, 4);
		put(&bytes, 24 + i * 8, 4);
	}
	for (uint32_t i = 0; i < 2; i++) {
		put(&bytes, i * 16, 4);
		put(&bytes, i * 8, 4);
	}
	fuzz_seeds_add_vector(seeds, &bytes);
	byte_vector_deinit(&bytes);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	static const uint8_t old_form[] = { 0xfb, 0xff, 0xff, 0xff, 0, 0, 1,   4, 1, 0,
					    0,    0,    0,    0x10, 0, 0, 28,  0, 0, 0,
					    16,   0x10, 0,    0,    0, 0, 0,   0, 0, 0x10,
					    0,    0,    36,   0,    0, 0, 'm', 0 };

	add_table(seeds);
	fuzz_seeds_add(seeds, (struct bytes){ old_form, sizeof(old_form) });
}

const struct fuzz_target fuzz_target = { run, make_seeds };
