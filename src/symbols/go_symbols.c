#include "symbols/elf_symbols_internal.h"

#include <inttypes.h>

/*
 * Go's runtime carries a table of its functions, for its own tracebacks, that strip(1) cannot
 * take away. Format: src/internal/abi/symtab.go, src/runtime/symtab.go (pcHeader, functab) of the
 * Go tree; its older forms by the same names in older releases.
 */

/** The first word of .gopclntab, by the release that brought the form. */
enum {
	GO_1_2 = 0xfffffffb,
	GO_1_16 = 0xfffffffa,
	GO_1_18 = 0xfffffff0,
	GO_1_20 = 0xfffffff1,
};

/** Magic, two bytes of padding, instruction size, pointer size. */
#define HEADER_SIZE_BYTES 8

/** Where the linker puts the runtime's description of the module, since Go 1.26. */
#define MODULE_SECTION ".go.module"

/** moduledata.text: behind a pointer, six slices, and three pointers. */
#define MODULE_TEXT_OFFSET (8 + 6 * 24 + 3 * 8)

struct go_table {
	struct bytes bytes; /**< The section. */
	uint32_t magic;
	uint8_t pointer_size_bytes;
	uint64_t n_functions;
	uint64_t text_start; /**< What entries are relative to. */
	uint64_t names;      /**< Offset of the names. */
	uint64_t functions; /**< Offset of the entries, and what offsets of functions start from. */
	uint32_t entry_size_bytes; /**< Of each of an entry's two numbers. */
};

static struct error *read_word(struct byte_reader *reader, uint32_t size_bytes, uint64_t *ret)
{
	uint32_t word;

	if (size_bytes == sizeof(*ret))
		return byte_reader_u64(reader, ret);
	RETURN_IF_ERROR(byte_reader_u32(reader, &word));
	*ret = word;
	return NULL;
}

/** The addend of the relocation at @p address; 0: there is none. */
static uint64_t relocated_word(const struct object *object, uint64_t address)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Rela relocation;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; gelf_getrela(data, i, &relocation); i++) {
			if (relocation.r_offset == address)
				return (uint64_t)relocation.r_addend;
		}
	}
	return 0;
}

/** A pointer of the program's data: position-independent programs have it in a relocation. */
static uint64_t word_at(const struct object *object, struct bytes section, uint64_t address,
			uint64_t offset)
{
	struct byte_reader reader = byte_reader_make(section, "Go data");
	_cleanup_error_ struct error *error = byte_reader_seek(&reader, offset);
	uint64_t word = 0;

	if (!error)
		error = byte_reader_u64(&reader, &word);
	return !error && word ? word : relocated_word(object, address + offset);
}

static uint64_t find_text_start(struct object *object)
{
	uint64_t address = 0, text = 0;
	struct bytes module = object_section(object, MODULE_SECTION, &address);

	if (module.size)
		text = word_at(object, module, address, MODULE_TEXT_OFFSET);
	if (!text)
		object_section(object, ".text", &text);
	return text;
}

/** Go 1.18 and later: after two counts and the start of the text, offsets of five tables. */
static struct error *read_offsets(struct object *object, struct byte_reader *reader,
				  struct go_table *table)
{
	uint32_t size_bytes = table->pointer_size_bytes;
	uint64_t unused;

	RETURN_IF_ERROR(read_word(reader, size_bytes, &unused)); /* files */
	if (table->magic != GO_1_16)
		RETURN_IF_ERROR(read_word(reader, size_bytes, &table->text_start));
	RETURN_IF_ERROR(read_word(reader, size_bytes, &table->names));
	for (int i = 0; i < 3; i++) /* compilation units, file names, tables by pc */
		RETURN_IF_ERROR(read_word(reader, size_bytes, &unused));
	RETURN_IF_ERROR(read_word(reader, size_bytes, &table->functions));
	table->entry_size_bytes = sizeof(uint32_t);
	if (table->magic == GO_1_16)
		table->entry_size_bytes = size_bytes;
	else if (!table->text_start)
		table->text_start = find_text_start(object);
	return NULL;
}

static struct error *read_header(struct object *object, struct bytes section, struct go_table *ret)
{
	struct byte_reader reader = byte_reader_make(section, ".gopclntab");
	struct go_table table = { .bytes = section };

	RETURN_IF_ERROR(byte_reader_u32(&reader, &table.magic));
	RETURN_IF_ERROR(byte_reader_skip(&reader, 3));
	RETURN_IF_ERROR(byte_reader_u8(&reader, &table.pointer_size_bytes));
	if (table.pointer_size_bytes != 4 && table.pointer_size_bytes != 8)
		return byte_reader_error(&reader, "impossible size of a pointer");
	RETURN_IF_ERROR(read_word(&reader, table.pointer_size_bytes, &table.n_functions));
	switch (table.magic) {
	case GO_1_2:
		table.functions = reader.position;
		table.entry_size_bytes = table.pointer_size_bytes;
		break;
	case GO_1_16:
	case GO_1_18:
	case GO_1_20:
		RETURN_IF_ERROR(read_offsets(object, &reader, &table));
		break;
	default:
		return byte_reader_error(&reader, "unknown magic number");
	}
	if (table.n_functions > SYMBOL_COUNT_MAX || table.names > section.size)
		return byte_reader_error(&reader, "impossible counts");
	*ret = table;
	return NULL;
}

/** One entry of the function table; the last one only says where the code ends. */
static struct error *read_entry(const struct go_table *table, uint64_t number,
				uint64_t *address_ret, uint64_t *function_ret)
{
	struct byte_reader reader = byte_reader_make(table->bytes, ".gopclntab");
	/* In Go 1.2's form offsets start from the section. */
	uint64_t base = table->magic == GO_1_2 ? 0 : table->functions;

	RETURN_IF_ERROR(
		byte_reader_seek(&reader, table->functions + number * 2 * table->entry_size_bytes));
	RETURN_IF_ERROR(read_word(&reader, table->entry_size_bytes, address_ret));
	RETURN_IF_ERROR(read_word(&reader, table->entry_size_bytes, function_ret));
	*address_ret += table->text_start;
	*function_ret += base;
	return NULL;
}

/** The offset of a function's name: behind its entry address in the function's description. */
static struct error *read_name(const struct go_table *table, uint64_t function, uint32_t *ret)
{
	struct byte_reader reader = byte_reader_make(table->bytes, ".gopclntab");
	bool is_relative = table->magic == GO_1_18 || table->magic == GO_1_20;

	RETURN_IF_ERROR(byte_reader_seek(&reader, function));
	RETURN_IF_ERROR(byte_reader_skip(&reader, is_relative ? sizeof(uint32_t)
							      : table->pointer_size_bytes));
	return byte_reader_u32(&reader, ret);
}

static struct error *add_functions(const struct go_table *table,
				   struct symbol_table_builder *builder)
{
	const struct symbol_pool_text *pool = &builder->table.pools[SYMBOL_POOL_MAIN];
	uint64_t start, end, function, next_function;

	RETURN_IF_ERROR(read_entry(table, 0, &start, &function));
	for (uint64_t i = 0; i < table->n_functions; i++) {
		uint32_t name;

		RETURN_IF_ERROR(read_name(table, function, &name));
		/* Behind the last entry stands where the code ends. */
		RETURN_IF_ERROR(read_entry(table, i + 1, &end, &next_function));
		if (name < pool->size_bytes && pool->text[name] && end > start) {
			symbol_candidate_vector_append(&builder->candidates,
						       (struct symbol_candidate){
							       .address = start,
							       .end = end,
							       .name_offset = name,
							       .pool = SYMBOL_POOL_MAIN,
							       .is_sized = true,
						       });
		}
		start = end;
		function = next_function;
	}
	return NULL;
}

struct error *go_symbols_add(struct object *object, struct symbol_table_builder *builder,
			     bool *is_found_ret)
{
	struct bytes section = object_section(object, ".gopclntab", NULL);
	struct go_table table;

	if (!section.size)
		section = object_section(object, ".data.rel.ro.gopclntab", NULL);
	*is_found_ret = section.size != 0;
	if (!section.size)
		return NULL;
	RETURN_IF_ERROR(read_header(object, section, &table));
	symbol_table_set_pool(&builder->table, SYMBOL_POOL_MAIN,
			      (const char *)section.data + table.names, section.size - table.names);
	if (!table.n_functions)
		return NULL;
	return error_wrap(add_functions(&table, builder), "%s", object->path);
}
