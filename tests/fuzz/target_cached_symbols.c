/** A symbol table as the cache keeps it. */

#include "fuzz_target.h"
#include "symbols/symbol_table_file_internal.h"

static void run(struct bytes input)
{
	struct symbol_table table;
	uint32_t tag;
	size_t hint = 0;
	struct error *error = symbol_table_file_read(input, &table, &tag);

	if (error) {
		fuzz_check_error(error);
		return;
	}
	for (size_t i = 0; i < table.count; i++) {
		const struct symbol_entry *entry =
			symbol_table_find(&table, table.entries[i].address, &hint);
		struct address_vector addresses = { 0 };

		if (entry)
			FUZZ_CHECK(symbol_table_name(&table, entry));
		symbol_table_boundaries(&table, table.entries[i].address,
					table.entries[i].address + 64, &addresses);
		address_vector_deinit(&addresses);
	}
	symbol_table_deinit(&table);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	static const char names[] = "\0main\0other";
	struct symbol_table_builder builder = { 0 };
	struct byte_vector content = { 0 };
	struct symbol_table table;

	symbol_table_set_pool(&builder.table, SYMBOL_POOL_MAIN, names, sizeof(names));
	for (uint64_t i = 0; i < 4; i++)
		symbol_candidate_vector_append(&builder.candidates,
					       (struct symbol_candidate){
						       .address = 0x100 * i,
						       .end = 0x100 * i + 0x180,
						       .name_offset = i % 2 ? 1 : 6,
						       .is_sized = true,
					       });
	symbol_table_build(&builder, &table);
	symbol_table_file_write(&table, 77, &content);
	fuzz_seeds_add_vector(seeds, &content);
	symbol_table_deinit(&table);
	byte_vector_deinit(&content);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
