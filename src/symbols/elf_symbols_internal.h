#pragma once

/** Function symbols of ELF files. */

#include "object/object.h"
#include "symbols/symbol_table_internal.h"

/** What an ELF file had to offer. */
struct elf_symbols_found {
	bool has_full; /**< .symtab, its own or its debug file's, .gnu_debugdata, or Go's table. */
	bool has_dynamic; /**< .dynsym */
};

/**
 * Read .symtab (of @p debug_file when the object has none, else what stripped programs still
 * carry) and .dynsym, and name the entries of the procedure linkage table after the functions they
 * jump to.
 *
 * @param debug_file  May be NULL. Its strings, too, are borrowed by the table.
 *
 * Fails with what is damaged; @p table_ret then holds what could be read.
 */
struct error *elf_symbols_read(struct object *object, const struct object *debug_file,
			       struct symbol_table *table_ret,
			       struct elf_symbols_found *found_ret) MUST_CHECK;

/**
 * Add a `name@plt` candidate for each stub of .plt, .plt.sec and .plt.got.
 * Only x86-64 stubs are understood (x86-64 psABI section 5.2); others add nothing.
 */
void plt_symbols_add(Elf *elf, struct symbol_table_builder *builder);

/**
 * Add the functions of .gopclntab, as SYMBOL_POOL_MAIN. The section's text is borrowed.
 *
 * @param is_found_ret  Whether there is such a section.
 */
struct error *go_symbols_add(struct object *object, struct symbol_table_builder *builder,
			     bool *is_found_ret) MUST_CHECK;
