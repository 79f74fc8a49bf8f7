/** /proc/kallsyms. */

#include "fuzz_target.h"
#include "symbols/kallsyms_internal.h"

static void run(struct bytes input)
{
	struct symbol_table table = { 0 };
	char *text = memory_allocate(input.size + 1, 1);
	struct error *error;
	size_t hint = 0;

	if (input.size)
		memcpy(text, input.data, input.size);
	error = kallsyms_parse(text, input.size, &table);
	if (error) {
		fuzz_check_error(error);
		return;
	}
	for (size_t i = 0; i < table.count; i++) {
		const struct symbol_entry *entry =
			symbol_table_find(&table, table.entries[i].address, &hint);

		FUZZ_CHECK(entry && symbol_table_name(&table, entry));
	}
	symbol_table_deinit(&table);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "ffffffff81000000 T _text\nffffffff81000000 t startup_64\n"
				   "ffffffff81000100 W weak\nffffffff81000200 D data\n"
				   "ffffffffc0000000 t helper\t[module]\n"
				   "ffffffffc0001000 t bpf_prog_1\t[bpf]\n");
	fuzz_seeds_add_text(seeds, "0000000000000000 T _text\n0000000000000000 t other\n");
	fuzz_seeds_add_text(seeds, "0000000000000010 A cpu_start\nffffffff81000000 T last");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
