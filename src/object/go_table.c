#include "object/go_table.h"

#include "object/object.h"

/** The first word of .gopclntab, by the release that brought the form. */
enum {
	GO_1_2 = 0xfffffffb,
	GO_1_16 = 0xfffffffa,
	GO_1_18 = 0xfffffff0,
	GO_1_20 = 0xfffffff1,
};

/** More functions than any program has. */
#define FUNCTIONS_MAX (UINT32_C(1) << 26)

/** Where the linker puts the runtime's description of the module, since Go 1.26. */
#define MODULE_SECTION ".go.module"

/** moduledata.text: behind a pointer, six slices, and three pointers. */
#define MODULE_TEXT_OFFSET (8 + 6 * 24 + 3 * 8)

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
	if (table.n_functions > FUNCTIONS_MAX || table.names > section.size)
		return byte_reader_error(&reader, "impossible counts");
	*ret = table;
	return NULL;
}

struct error *go_table_find(struct object *object, struct go_table *ret, bool *is_found_ret)
{
	struct bytes section = object_section(object, ".gopclntab", NULL);

	if (!section.size)
		section = object_section(object, ".data.rel.ro.gopclntab", NULL);
	*is_found_ret = section.size != 0;
	return section.size ? read_header(object, section, ret) : NULL;
}

/** One entry of the function table; the last one only says where the code ends. */
static struct error *read_entry(const struct go_table *table, uint64_t number,
				uint64_t *address_ret, uint64_t *description_ret)
{
	struct byte_reader reader = byte_reader_make(table->bytes, ".gopclntab");
	/* In Go 1.2's form offsets start from the section. */
	uint64_t base = table->magic == GO_1_2 ? 0 : table->functions;

	RETURN_IF_ERROR(
		byte_reader_seek(&reader, table->functions + number * 2 * table->entry_size_bytes));
	RETURN_IF_ERROR(read_word(&reader, table->entry_size_bytes, address_ret));
	RETURN_IF_ERROR(read_word(&reader, table->entry_size_bytes, description_ret));
	*address_ret += table->text_start;
	*description_ret += base;
	return NULL;
}

/**
 * What stands in a function's description (_func in src/runtime/runtime2.go): its entry address,
 * the name's offset, numbers, and behind these its kind and its flags.
 */
static struct error *read_description(const struct go_table *table, uint64_t description,
				      struct go_function *ret)
{
	struct byte_reader reader = byte_reader_make(table->bytes, ".gopclntab");
	const bool is_relative = table->magic == GO_1_18 || table->magic == GO_1_20;
	/* Go 1.20 brought the number of the line where the function starts. */
	const size_t n_numbers = table->magic == GO_1_20 ? 8 : 7;

	RETURN_IF_ERROR(byte_reader_seek(&reader, description));
	RETURN_IF_ERROR(byte_reader_skip(&reader, is_relative ? sizeof(uint32_t)
							      : table->pointer_size_bytes));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &ret->name));
	ret->flags = 0;
	if (!is_relative)
		return NULL;
	RETURN_IF_ERROR(byte_reader_skip(&reader, n_numbers * sizeof(uint32_t) + 1));
	return byte_reader_u8(&reader, &ret->flags);
}

struct error *go_table_each(const struct go_table *table, go_function_callback *callback,
			    void *context)
{
	struct go_function function = { 0 };
	uint64_t description, next;

	if (!table->n_functions)
		return NULL;
	RETURN_IF_ERROR(read_entry(table, 0, &function.start, &description));
	for (uint64_t i = 0; i < table->n_functions; i++) {
		RETURN_IF_ERROR(read_description(table, description, &function));
		/* Behind the last entry stands where the code ends. */
		RETURN_IF_ERROR(read_entry(table, i + 1, &function.end, &next));
		callback(context, &function);
		function.start = function.end;
		description = next;
	}
	return NULL;
}
