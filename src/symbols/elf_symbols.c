#include "symbols/elf_symbols_internal.h"

#include "base/error.h"

#include <string.h>

/** A section as far as symbols care. */
struct section_extent {
	uint64_t address;
	uint64_t end;
	bool is_code;
};

DEFINE_VECTOR(section_extent_vector, struct section_extent)

/** Indexed by section number. */
static void read_extents(Elf *elf, struct section_extent_vector *extents)
{
	Elf_Scn *section = NULL;

	section_extent_vector_append_new(extents);
	while ((section = elf_nextscn(elf, section))) {
		struct section_extent *extent = section_extent_vector_append_new(extents);
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC))
			continue;
		extent->address = header.sh_addr;
		if (!__builtin_add_overflow(header.sh_addr, header.sh_size, &extent->end))
			extent->is_code = header.sh_flags & SHF_EXECINSTR;
		else
			extent->end = header.sh_addr;
	}
}

static Elf_Scn *find_symbol_section(Elf *elf, GElf_Word type, GElf_Shdr *header_ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, header_ret) && header_ret->sh_type == type)
			return section;
	}
	return NULL;
}

static enum symbol_binding binding_of(const GElf_Sym *symbol)
{
	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_LOCAL:
		return SYMBOL_BINDING_LOCAL;
	case STB_WEAK:
		return SYMBOL_BINDING_WEAK;
	default:
		return SYMBOL_BINDING_GLOBAL;
	}
}

/** Whether @p symbol names code; a label without a type does when it lies in a code section. */
static bool is_function(const GElf_Sym *symbol, const struct section_extent *extent)
{
	switch (GELF_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return true;
	case STT_NOTYPE:
		return extent->is_code;
	default:
		return false;
	}
}

/** False: no linker writes such an entry. What is not a function is not looked at. */
static bool add_symbol(const GElf_Sym *symbol, const struct section_extent_vector *extents,
		       enum symbol_pool pool, struct symbol_table_builder *builder)
{
	const struct symbol_pool_text *text = &builder->table.pools[pool];
	uint64_t end;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
		return true;
	if (symbol->st_shndx >= extents->count)
		return false;

	const struct section_extent *extent = &extents->items[symbol->st_shndx];

	if (!is_function(symbol, extent))
		return true;
	if (symbol->st_name >= text->size_bytes ||
	    __builtin_add_overflow(symbol->st_value, symbol->st_size, &end))
		return false;

	char first = text->text[symbol->st_name];

	/* `$x`, `$d`: marks of code and data inside sections (AArch64 ELF section 5.5.5). */
	if (first == '\0' || (first == '$' && !symbol->st_size))
		return true;
	symbol_candidate_vector_append(&builder->candidates,
				       (struct symbol_candidate){
					       .address = symbol->st_value,
					       .end = symbol->st_size ? end : extent->end,
					       .name_offset = symbol->st_name,
					       .pool = (uint8_t)pool,
					       .binding = (uint8_t)binding_of(symbol),
					       .is_sized = symbol->st_size != 0,
				       });
	return symbol->st_value >= extent->address && end <= extent->end;
}

/** @return how many entries are damaged. */
static size_t add_symbols(Elf *elf, Elf_Data *symbols, size_t n_symbols, enum symbol_pool pool,
			  struct symbol_table_builder *builder)
{
	struct section_extent_vector extents = { 0 };
	size_t n_damaged = 0;

	read_extents(elf, &extents);
	for (size_t i = 1; i < n_symbols; i++) {
		GElf_Sym symbol;

		if (!gelf_getsym(symbols, (int)i, &symbol))
			break;
		n_damaged += !add_symbol(&symbol, &extents, pool, builder);
	}
	section_extent_vector_deinit(&extents);
	return n_damaged;
}

/**
 * Read one symbol section and its strings.
 *
 * @param type         SHT_SYMTAB or SHT_DYNSYM.
 * @param n_known      The symbols of a section with no more than these are known
 *                     already (.dynsym is a part of .symtab unless that was thinned out).
 * @param n_symbols_ret  How many it has; left alone when there is no such section.
 * @return what is damaged; all others are in @p builder.
 */
static struct error *read_symbols(const struct object *object, GElf_Word type,
				  enum symbol_pool pool, size_t n_known,
				  struct symbol_table_builder *builder, size_t *n_symbols_ret)
{
	GElf_Shdr header;
	Elf_Scn *section = find_symbol_section(object->elf, type, &header);

	if (!section)
		return NULL;

	const char *section_name = type == SHT_SYMTAB ? ".symtab" : ".dynsym";
	Elf_Data *symbols = elf_getdata(section, NULL);
	Elf_Data *strings = elf_getdata(elf_getscn(object->elf, header.sh_link), NULL);

	if (!symbols || !strings || !strings->d_buf || !header.sh_entsize) {
		return error_new(ERROR_FORMAT, "%s: %s cannot be read: %s", object->path,
				 section_name, elf_errmsg(-1));
	}

	size_t n_symbols = symbols->d_size / header.sh_entsize;
	size_t n_damaged = 0;

	if (n_symbols > SYMBOL_COUNT_MAX) {
		return error_new(ERROR_FORMAT, "%s: %s claims %zu symbols", object->path,
				 section_name, n_symbols);
	}
	symbol_table_set_pool(&builder->table, pool, strings->d_buf, strings->d_size);
	*n_symbols_ret = n_symbols;
	if (n_symbols > n_known)
		n_damaged = add_symbols(object->elf, symbols, n_symbols, pool, builder);
	if (n_damaged) {
		return error_new(ERROR_FORMAT,
				 "%zu of %zu entries of %s are damaged: functions outside their "
				 "section, or names outside .strtab",
				 n_damaged, n_symbols, section_name);
	}
	return NULL;
}

/** Names that strip(1) leaves: those that a distribution packed in, and those Go needs itself. */
static struct error *read_carried(struct object *object, struct symbol_table_builder *builder,
				  bool *is_found_ret)
{
	struct object *mini = object_mini_debug(object);
	size_t n_symbols = 0;

	if (mini)
		RETURN_IF_ERROR(
			read_symbols(mini, SHT_SYMTAB, SYMBOL_POOL_MAIN, 0, builder, &n_symbols));
	*is_found_ret = n_symbols != 0;
	return n_symbols ? NULL : go_symbols_add(object, builder, is_found_ret);
}

struct error *elf_symbols_read(struct object *object, const struct object *debug_file,
			       struct symbol_table *table_ret, struct elf_symbols_found *found_ret)
{
	struct symbol_table_builder builder = { 0 };
	size_t n_full = 0;
	size_t n_dynamic = 0;
	bool has_carried = false;
	struct error *error =
		read_symbols(object, SHT_SYMTAB, SYMBOL_POOL_MAIN, 0, &builder, &n_full);

	if (!error && !n_full && debug_file) {
		error = read_symbols(debug_file, SHT_SYMTAB, SYMBOL_POOL_MAIN, 0, &builder,
				     &n_full);
	}
	if (!error && !n_full)
		error = read_carried(object, &builder, &has_carried);

	struct error *dynamic_error =
		read_symbols(object, SHT_DYNSYM, SYMBOL_POOL_DYNAMIC, n_full, &builder, &n_dynamic);

	if (error)
		error_destroy(dynamic_error);
	else
		error = dynamic_error;
	plt_symbols_add(object->elf, &builder);
	symbol_table_build(&builder, table_ret);
	*found_ret = (struct elf_symbols_found){
		.has_full = n_full || has_carried,
		.has_dynamic = n_dynamic != 0,
	};
	return error;
}
