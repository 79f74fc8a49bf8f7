#include "symbols/elf_symbols_internal.h"

#include <string.h>

/** The longest stub: `endbr64; bnd jmp *slot(%rip); nop`. */
#define STUB_SIZE_MAX_BYTES 16

/** A slot of the global offset table and what the loader writes into it. */
struct got_slot {
	uint64_t address;
	uint32_t symbol;   /**< Number in .dynsym; 0: the result of a resolver. */
	uint64_t resolver; /**< Elf address of the ifunc resolver, or 0. */
};

DEFINE_VECTOR(got_slot_vector, struct got_slot)

static int slot_compare(const void *a_pointer, const void *b_pointer)
{
	const struct got_slot *a = a_pointer;
	const struct got_slot *b = b_pointer;

	return a->address < b->address ? -1 : a->address > b->address;
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *header_ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, header_ret))
			continue;
		name = elf_strptr(elf, names, header_ret->sh_name);
		if (name && strcmp(name, wanted) == 0)
			return section;
	}
	return NULL;
}

/** The slots of one relocation section (.rela.plt, .rela.dyn). */
static void read_slots(Elf *elf, const char *section_name, struct got_slot_vector *slots)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, section_name, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || header.sh_type != SHT_RELA || !header.sh_entsize)
		return;

	size_t n_relocations = MIN(data->d_size / header.sh_entsize, (size_t)INT32_MAX);

	for (size_t i = 0; i < n_relocations; i++) {
		struct got_slot slot = { 0 };
		GElf_Rela relocation;

		if (!gelf_getrela(data, (int)i, &relocation))
			break;
		switch (GELF_R_TYPE(relocation.r_info)) {
		case R_X86_64_JUMP_SLOT:
		case R_X86_64_GLOB_DAT:
			slot.symbol = (uint32_t)GELF_R_SYM(relocation.r_info);
			break;
		case R_X86_64_IRELATIVE:
			slot.resolver = (uint64_t)relocation.r_addend;
			break;
		default:
			continue;
		}
		slot.address = relocation.r_offset;
		got_slot_vector_append(slots, slot);
	}
}

/**
 * Where a stub jumps through: `[endbr64] [bnd] jmp *slot(%rip)`.
 * @return the elf address of the slot, or 0 when these bytes are no stub.
 */
static uint64_t stub_slot(const uint8_t *code, size_t size_bytes, uint64_t elf_address)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = 0;
	int32_t displacement;

	if (size_bytes >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at += sizeof(endbr64);
	if (at < size_bytes && code[at] == 0xf2)
		at++;
	if (size_bytes - at < 6 || code[at] != 0xff || code[at + 1] != 0x25)
		return 0;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	return elf_address + at + 6 + (uint64_t)(int64_t)displacement;
}

struct plt_reader {
	struct got_slot_vector slots; /**< Ascending. */
	Elf_Data *symbols;            /**< .dynsym */
	struct symbol_table_builder *builder;
	size_t n_functions; /**< Candidates before the first stub, sorted. */
};

/** The best name of the ifunc whose resolver is at @p address. */
static const char *resolver_name(const struct plt_reader *reader, uint64_t address)
{
	const struct symbol_candidate *candidates = reader->builder->candidates.items;
	size_t low = 0;
	size_t high = reader->n_functions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (candidates[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == reader->n_functions || candidates[low].address != address)
		return NULL;
	return reader->builder->table.pools[candidates[low].pool].text +
	       candidates[low].name_offset;
}

static const char *slot_name(const struct plt_reader *reader, uint64_t slot_address)
{
	const struct symbol_pool_text *strings = &reader->builder->table.pools[SYMBOL_POOL_DYNAMIC];
	struct got_slot key = { .address = slot_address };
	const struct got_slot *slot;
	GElf_Sym symbol;

	if (!reader->slots.count)
		return NULL;
	slot = bsearch(&key, reader->slots.items, reader->slots.count, sizeof(key), slot_compare);
	if (!slot)
		return NULL;
	if (slot->resolver)
		return resolver_name(reader, slot->resolver);
	if (!reader->symbols || !gelf_getsym(reader->symbols, (int)slot->symbol, &symbol) ||
	    symbol.st_name >= strings->size_bytes)
		return NULL;
	return strings->text + symbol.st_name;
}

static void add_stubs(Elf *elf, const char *section_name, const struct plt_reader *reader)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, section_name, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || !data->d_buf || header.sh_type != SHT_PROGBITS)
		return;

	/* Some linkers leave sh_entsize 0; the stubs are 8 bytes only in .plt.got. */
	size_t stub_size = header.sh_entsize == 8 ? 8 : STUB_SIZE_MAX_BYTES;

	for (size_t at = 0; at + stub_size <= data->d_size; at += stub_size) {
		uint64_t elf_address = header.sh_addr + at;
		uint64_t slot =
			stub_slot((const uint8_t *)data->d_buf + at, stub_size, elf_address);
		const char *name = slot ? slot_name(reader, slot) : NULL;

		if (!name || !*name)
			continue;
		symbol_candidate_vector_append(
			&reader->builder->candidates,
			(struct symbol_candidate){
				.address = elf_address,
				.end = elf_address + stub_size,
				.name_offset = symbol_table_make_name(&reader->builder->table, name,
								      "@plt"),
				.pool = SYMBOL_POOL_MADE,
				.binding = SYMBOL_BINDING_LOCAL,
				.is_sized = true,
			});
	}
}

void plt_symbols_add(Elf *elf, struct symbol_table_builder *builder)
{
	struct plt_reader reader = { .builder = builder };
	GElf_Shdr header;
	GElf_Ehdr file_header;
	Elf_Scn *symbols = find_section(elf, ".dynsym", &header);

	if (!gelf_getehdr(elf, &file_header) || file_header.e_machine != EM_X86_64)
		return;
	if (symbols && header.sh_type == SHT_DYNSYM)
		reader.symbols = elf_getdata(symbols, NULL);
	read_slots(elf, ".rela.plt", &reader.slots);
	if (find_section(elf, ".plt.got", &header))
		read_slots(elf, ".rela.dyn", &reader.slots);
	if (reader.slots.count) {
		qsort(reader.slots.items, reader.slots.count, sizeof(*reader.slots.items),
		      slot_compare);
	}
	symbol_table_builder_sort(builder);
	reader.n_functions = builder->candidates.count;
	add_stubs(elf, ".plt", &reader);
	add_stubs(elf, ".plt.sec", &reader);
	add_stubs(elf, ".plt.got", &reader);
	got_slot_vector_deinit(&reader.slots);
}
