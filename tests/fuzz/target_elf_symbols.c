/** The symbol tables of an ELF file, and the names of its procedure linkage table. */

#include "object/object_internal.h"
#include "seed_programs.h"
#include "symbols/elf_symbols_internal.h"

static void find_all(const struct symbol_table *table)
{
	size_t hint = 0;
	uint64_t last = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct symbol_entry *entry = &table->entries[i];
		const struct symbol_entry *found = symbol_table_find(table, entry->address, &hint);

		FUZZ_CHECK(i == 0 || entry->address > last);
		FUZZ_CHECK(entry->size_bytes > 0 && found && symbol_table_name(table, found));
		last = entry->address;
	}
}

static void run(struct bytes input)
{
	struct elf_image image;
	struct symbol_table table = { 0 };
	struct elf_symbols_found found;
	struct object *object;
	struct error *error = elf_image_adopt(memory_duplicate(input.data, input.size), input.size,
					      ELF_IMAGE_DEBUG, &image);

	if (error) {
		fuzz_check_error(error);
		return;
	}
	object = memory_allocate(1, sizeof(*object));
	object_take_image(object, &image);
	fuzz_check_error(elf_symbols_read(object, NULL, &table, &found));
	find_all(&table);
	symbol_table_deinit(&table);
	object_destroy(object);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	seed_programs_add(seeds);
	/* Compiled programs: .dynsym, relocations and real stubs. */
	for (size_t i = 0; fuzz_seeds_file(seeds, i); i++) {
		struct bytes bytes = fuzz_file_bytes(fuzz_seeds_file(seeds, i));

		fuzz_seeds_add(seeds, bytes);
		free((void *)bytes.data);
	}
}

const struct fuzz_target fuzz_target = { run, make_seeds };
