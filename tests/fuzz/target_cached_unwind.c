/** An unwind table as the cache keeps it. */

#include "cfi_builder.h"
#include "fuzz_target.h"
#include "unwind/unwind_table_file.h"

#include <elf.h>
#include <sys/mman.h>

struct example {
	struct cfi_builder builder;
	struct cfi_section section;
	struct unwind_table_input input;
};

static void example_init(struct example *example)
{
	struct cfi_builder *builder = &example->builder;

	*example = (struct example){ 0 };
	cfi_builder_usual_cie(builder);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x100, 0x40, 0x41, 0x0e, 16, 0x86, 2, 0x43,
			0x0d, TEST_RBP, 0x83, 3);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x140, 0x40, 0x0f, 4, 0x77, 8, 0x30, 0x22);
	CFI_BUILDER_FDE(builder, TEST_CODE_ADDRESS + 0x20000, 0x40, 0x42, 0x0e, 0, 0x09, TEST_RIP,
			TEST_RDI, 0x42, 0x0e, 8, 0x90, 1);
	example->section = cfi_builder_section(builder);
	example->input = (struct unwind_table_input){
		.architecture = architecture_find(EM_X86_64),
		.name = "input",
		.code_start = TEST_CODE_ADDRESS,
		.code_end = TEST_CODE_ADDRESS + 0x30000,
		.sections = &example->section,
		.n_sections = 1,
	};
}

/** As a cache gives it: at the end of a mapping would be best, but the start is what is aligned. */
static struct cached cached_of(struct bytes bytes)
{
	struct cached cached = { .mapping.size_bytes = bytes.size + 1 };

	cached.mapping.data = mmap(NULL, bytes.size + 1, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FUZZ_CHECK(cached.mapping.data != MAP_FAILED);
	if (bytes.size)
		memcpy(cached.mapping.data, bytes.data, bytes.size);
	cached.content = (struct bytes){ cached.mapping.data, bytes.size };
	return cached;
}

static void run(struct bytes input)
{
	struct cached cached = cached_of(input);
	struct unwind_table *table;
	const struct unwind_rule *rule;
	struct example example;
	struct error *error;
	uint64_t address;

	example_init(&example);
	error = unwind_table_read(&cached, &example.input, &table);
	if (!error) {
		for (size_t i = 0; unwind_table_row(table, i, &address, &rule); i++) {
			struct cfi_row row;

			rule = unwind_table_find(table, address);
			FUZZ_CHECK(rule && rule->kind <= UNWIND_RULE_FULL);
			FUZZ_CHECK(unwind_table_saves(table, rule));
			if (rule->kind == UNWIND_RULE_FULL)
				unwind_table_full_row(table, rule, address, &row);
		}
		unwind_table_destroy(table);
	}
	fuzz_check_error(error);
	cfi_builder_deinit(&example.builder);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	struct byte_vector content = { 0 };
	struct unwind_table *table;
	struct example example;

	example_init(&example);
	FUZZ_CHECK(!unwind_table_create(&example.input, &table));
	unwind_table_write(table, &content);
	fuzz_seeds_add_vector(seeds, &content);
	byte_vector_deinit(&content);
	unwind_table_destroy(table);
	cfi_builder_deinit(&example.builder);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
