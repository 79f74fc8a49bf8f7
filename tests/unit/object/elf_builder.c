#include "elf_builder.h"

#include <assert.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

void elf_builder_init(struct elf_builder *builder, uint8_t elf_class, uint8_t data,
		      uint16_t machine)
{
	*builder = (struct elf_builder){
		.elf_class = elf_class,
		.data = data,
		.machine = machine,
		.type = ET_DYN,
		/* Room for the headers, so that content never moves. */
		.end_offset = ELF_BUILDER_PAGE_BYTES,
	};
	/* Index 0 is the section, the symbol and the name that is none. */
	elf_builder_section_vector_append_new(&builder->sections)->name = memory_duplicate_text("");
	elf_builder_symbol_vector_append_new(&builder->symbols);
	byte_vector_append(&builder->symbol_names, 0);
}

void elf_builder_deinit(struct elf_builder *builder)
{
	for (size_t i = 0; i < builder->sections.count; i++) {
		free(builder->sections.items[i].name);
		byte_vector_deinit(&builder->sections.items[i].content);
	}
	elf_builder_section_vector_deinit(&builder->sections);
	elf_builder_segment_vector_deinit(&builder->segments);
	elf_builder_symbol_vector_deinit(&builder->symbols);
	byte_vector_deinit(&builder->symbol_names);
	byte_vector_deinit(&builder->image);
}

/** Append @p value in the file's byte order. */
static void append_number(const struct elf_builder *builder, struct byte_vector *vector,
			  uint64_t value, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		size_t place = builder->data == ELFDATA2LSB ? i : size_bytes - 1 - i;

		byte_vector_append(vector, (uint8_t)(value >> (8 * place)));
	}
}

struct elf_builder_section *elf_builder_add_section(struct elf_builder *builder, const char *name,
						    uint32_t type, uint64_t flags,
						    uint64_t elf_address, struct bytes content)
{
	struct elf_builder_section *section =
		elf_builder_section_vector_append_new(&builder->sections);
	uint64_t modulus = flags & SHF_ALLOC ? ELF_BUILDER_PAGE_BYTES : 16;
	uint64_t wanted = flags & SHF_ALLOC ? elf_address % ELF_BUILDER_PAGE_BYTES : 0;

	while (builder->end_offset % modulus != wanted)
		builder->end_offset++;
	section->name = memory_duplicate_text(name);
	section->type = type;
	section->flags = flags;
	section->elf_address = elf_address;
	section->size_bytes = content.size;
	section->file_offset = builder->end_offset;
	byte_vector_append_bytes(&section->content, content.data, content.size);
	if (type != SHT_NOBITS)
		builder->end_offset += content.size;
	return section;
}

void elf_builder_add_segment(struct elf_builder *builder, const GElf_Phdr *header)
{
	elf_builder_segment_vector_append(&builder->segments, *header);
}

void elf_builder_add_code(struct elf_builder *builder, const char *name, uint64_t elf_address,
			  struct bytes content)
{
	const struct elf_builder_section *section = elf_builder_add_section(
		builder, name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, elf_address, content);

	elf_builder_add_segment(builder, &(GElf_Phdr){
						 .p_type = PT_LOAD,
						 .p_flags = PF_R | PF_X,
						 .p_offset = section->file_offset,
						 .p_vaddr = elf_address,
						 .p_paddr = elf_address,
						 .p_filesz = content.size,
						 .p_memsz = content.size,
						 .p_align = ELF_BUILDER_PAGE_BYTES,
					 });
}

void elf_builder_add_build_id(struct elf_builder *builder, const char *hex)
{
	const struct elf_builder_section *section;
	struct byte_vector note = { 0 };
	size_t size_bytes = strlen(hex) / 2;

	append_number(builder, &note, sizeof(ELF_NOTE_GNU), 4);
	append_number(builder, &note, size_bytes, 4);
	append_number(builder, &note, NT_GNU_BUILD_ID, 4);
	byte_vector_append_bytes(&note, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU));
	for (size_t i = 0; i < size_bytes; i++) {
		char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		byte_vector_append(&note, (uint8_t)strtoul(digits, NULL, 16));
	}
	while (note.count % 4)
		byte_vector_append(&note, 0);
	section = elf_builder_add_section(builder, ".note.gnu.build-id", SHT_NOTE, 0, 0,
					  (struct bytes){ note.items, note.count });
	elf_builder_add_segment(builder, &(GElf_Phdr){
						 .p_type = PT_NOTE,
						 .p_flags = PF_R,
						 .p_offset = section->file_offset,
						 .p_filesz = note.count,
						 .p_memsz = note.count,
						 .p_align = 4,
					 });
	byte_vector_deinit(&note);
}

struct build_id elf_builder_build_id(const char *hex)
{
	struct build_id build_id = { .size_bytes = (uint8_t)(strlen(hex) / 2) };

	for (size_t i = 0; i < build_id.size_bytes; i++) {
		char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		build_id.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return build_id;
}

static void append_packed(struct byte_vector *vector, uint32_t type, struct bytes content)
{
	size_t bound = type == ELFCOMPRESS_ZSTD ? ZSTD_compressBound(content.size)
						: compressBound(content.size);
	uint8_t *packed = memory_allocate(bound, 1);
	uLongf packed_size = bound;

	if (type == ELFCOMPRESS_ZSTD)
		packed_size = ZSTD_compress(packed, bound, content.data, content.size, 3);
	else
		assert(compress(packed, &packed_size, content.data, content.size) == Z_OK);
	assert(packed_size <= bound);
	byte_vector_append_bytes(vector, packed, packed_size);
	free(packed);
}

void elf_builder_add_compressed(struct elf_builder *builder, const char *name, uint32_t type,
				struct bytes content)
{
	size_t word = builder->elf_class == ELFCLASS64 ? 8 : 4;
	struct byte_vector stored = { 0 };

	append_number(builder, &stored, type, 4);
	if (word == 8)
		append_number(builder, &stored, 0, 4);
	append_number(builder, &stored, content.size, word);
	append_number(builder, &stored, 1, word);
	append_packed(&stored, type, content);
	elf_builder_add_section(builder, name, SHT_PROGBITS, SHF_COMPRESSED, 0,
				(struct bytes){ stored.items, stored.count });
	byte_vector_deinit(&stored);
}

void elf_builder_add_zdebug(struct elf_builder *builder, const char *name, struct bytes content)
{
	struct byte_vector stored = { 0 };

	byte_vector_append_bytes(&stored, "ZLIB", 4);
	for (int shift = 56; shift >= 0; shift -= 8)
		byte_vector_append(&stored, (uint8_t)((uint64_t)content.size >> shift));
	append_packed(&stored, ELFCOMPRESS_ZLIB, content);
	elf_builder_add_section(builder, name, SHT_PROGBITS, 0, 0,
				(struct bytes){ stored.items, stored.count });
	byte_vector_deinit(&stored);
}

void elf_builder_add_debug_link(struct elf_builder *builder, const char *file_name, uint32_t crc)
{
	struct byte_vector link = { 0 };

	byte_vector_append_bytes(&link, file_name, strlen(file_name) + 1);
	while (link.count % 4)
		byte_vector_append(&link, 0);
	append_number(builder, &link, crc, 4);
	elf_builder_add_section(builder, ".gnu_debuglink", SHT_PROGBITS, 0, 0,
				(struct bytes){ link.items, link.count });
	byte_vector_deinit(&link);
}

void elf_builder_add_symbol(struct elf_builder *builder, const char *name, uint64_t elf_address,
			    uint64_t size_bytes, uint8_t type)
{
	GElf_Sym *symbol = elf_builder_symbol_vector_append_new(&builder->symbols);

	symbol->st_name = (uint32_t)builder->symbol_names.count;
	symbol->st_value = elf_address;
	symbol->st_size = size_bytes;
	symbol->st_info = GELF_ST_INFO(STB_GLOBAL, type);
	symbol->st_shndx = 1;
	byte_vector_append_bytes(&builder->symbol_names, name, strlen(name) + 1);
}

static void append_symbol(struct elf_builder *builder, struct byte_vector *table,
			  const GElf_Sym *symbol)
{
	append_number(builder, table, symbol->st_name, 4);
	if (builder->elf_class == ELFCLASS64) {
		append_number(builder, table, symbol->st_info, 1);
		append_number(builder, table, symbol->st_other, 1);
		append_number(builder, table, symbol->st_shndx, 2);
		append_number(builder, table, symbol->st_value, 8);
		append_number(builder, table, symbol->st_size, 8);
		return;
	}
	append_number(builder, table, symbol->st_value, 4);
	append_number(builder, table, symbol->st_size, 4);
	append_number(builder, table, symbol->st_info, 1);
	append_number(builder, table, symbol->st_other, 1);
	append_number(builder, table, symbol->st_shndx, 2);
}

static void add_symbol_table(struct elf_builder *builder)
{
	struct byte_vector table = { 0 };
	struct elf_builder_section *section;

	if (builder->symbols.count == 1)
		return;
	for (size_t i = 0; i < builder->symbols.count; i++)
		append_symbol(builder, &table, &builder->symbols.items[i]);
	section = elf_builder_add_section(builder, ".symtab", SHT_SYMTAB, 0, 0,
					  (struct bytes){ table.items, table.count });
	section->alignment = 8;
	section->entry_size_bytes = table.count / builder->symbols.count;
	section->link = (uint32_t)builder->sections.count;
	section->info = 1;
	elf_builder_add_section(
		builder, ".strtab", SHT_STRTAB, 0, 0,
		(struct bytes){ builder->symbol_names.items, builder->symbol_names.count });
	byte_vector_deinit(&table);
}

static void append_elf_header(struct elf_builder *builder)
{
	bool is_64_bit = builder->elf_class == ELFCLASS64;
	size_t word = is_64_bit ? 8 : 4;
	size_t header_size = is_64_bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	size_t n_sections = builder->is_without_sections ? 0 : builder->sections.count;
	uint8_t identification[EI_NIDENT] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, builder->elf_class, builder->data, EV_CURRENT
	};
	struct byte_vector *image = &builder->image;

	byte_vector_append_bytes(image, identification, sizeof(identification));
	append_number(builder, image, builder->type, 2);
	append_number(builder, image, builder->machine, 2);
	append_number(builder, image, EV_CURRENT, 4);
	append_number(builder, image, builder->entry_elf_address, word);
	append_number(builder, image, builder->segments.count ? header_size : 0, word);
	append_number(builder, image, n_sections ? builder->end_offset : 0, word);
	append_number(builder, image, 0, 4);
	append_number(builder, image, header_size, 2);
	append_number(builder, image, is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	append_number(builder, image, builder->segments.count, 2);
	append_number(builder, image, is_64_bit ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
	append_number(builder, image, n_sections, 2);
	append_number(builder, image, n_sections ? n_sections - 1 : 0, 2);
}

static void append_program_header(struct elf_builder *builder, const GElf_Phdr *header)
{
	bool is_64_bit = builder->elf_class == ELFCLASS64;
	size_t word = is_64_bit ? 8 : 4;
	struct byte_vector *image = &builder->image;

	append_number(builder, image, header->p_type, 4);
	if (is_64_bit)
		append_number(builder, image, header->p_flags, 4);
	append_number(builder, image, header->p_offset, word);
	append_number(builder, image, header->p_vaddr, word);
	append_number(builder, image, header->p_paddr, word);
	append_number(builder, image, header->p_filesz, word);
	append_number(builder, image, header->p_memsz, word);
	if (!is_64_bit)
		append_number(builder, image, header->p_flags, 4);
	append_number(builder, image, header->p_align, word);
}

static void append_section_header(struct elf_builder *builder,
				  const struct elf_builder_section *section, uint32_t name_offset)
{
	size_t word = builder->elf_class == ELFCLASS64 ? 8 : 4;
	struct byte_vector *image = &builder->image;
	bool is_null = section->type == SHT_NULL;

	append_number(builder, image, name_offset, 4);
	append_number(builder, image, section->type, 4);
	append_number(builder, image, section->flags, word);
	append_number(builder, image, section->elf_address, word);
	append_number(builder, image, is_null ? 0 : section->file_offset, word);
	append_number(builder, image, section->size_bytes, word);
	append_number(builder, image, section->link, 4);
	append_number(builder, image, section->info, 4);
	append_number(builder, image, is_null ? 0 : MAX(section->alignment, UINT64_C(1)), word);
	append_number(builder, image, section->entry_size_bytes, word);
}

/** @return the offset of each section's name, by index; free with free(). */
static uint32_t *add_section_names(struct elf_builder *builder)
{
	struct byte_vector names = { 0 };
	uint32_t *offsets = memory_allocate(builder->sections.count + 1, sizeof(*offsets));

	for (size_t i = 0; i < builder->sections.count; i++) {
		const char *name = builder->sections.items[i].name;

		offsets[i] = (uint32_t)names.count;
		byte_vector_append_bytes(&names, name, strlen(name) + 1);
	}
	offsets[builder->sections.count] = (uint32_t)names.count;
	byte_vector_append_bytes(&names, ".shstrtab", sizeof(".shstrtab"));
	elf_builder_add_section(builder, ".shstrtab", SHT_STRTAB, 0, 0,
				(struct bytes){ names.items, names.count });
	byte_vector_deinit(&names);
	return offsets;
}

static void pad_image(struct elf_builder *builder, uint64_t offset)
{
	while (builder->image.count < offset)
		byte_vector_append(&builder->image, 0);
}

struct bytes elf_builder_image(struct elf_builder *builder)
{
	struct byte_vector *image = &builder->image;
	uint32_t *name_offsets;

	if (image->count)
		return (struct bytes){ image->items, image->count };
	add_symbol_table(builder);
	name_offsets = add_section_names(builder);
	builder->end_offset = (builder->end_offset + 15) / 16 * 16;

	append_elf_header(builder);
	for (size_t i = 0; i < builder->segments.count; i++)
		append_program_header(builder, &builder->segments.items[i]);
	assert(image->count <= ELF_BUILDER_PAGE_BYTES);
	for (size_t i = 1; i < builder->sections.count; i++) {
		const struct elf_builder_section *section = &builder->sections.items[i];

		pad_image(builder, section->file_offset);
		if (section->type != SHT_NOBITS)
			byte_vector_append_bytes(image, section->content.items,
						 section->content.count);
	}
	pad_image(builder, builder->end_offset);
	for (size_t i = 0; i < builder->sections.count && !builder->is_without_sections; i++)
		append_section_header(builder, &builder->sections.items[i], name_offsets[i]);
	free(name_offsets);
	return (struct bytes){ image->items, image->count };
}

void elf_builder_write_bytes(struct bytes bytes, const char *path)
{
	FILE *file = fopen(path, "we");

	assert(file);
	assert(fwrite(bytes.data, 1, bytes.size, file) == bytes.size);
	assert(fclose(file) == 0);
}

void elf_builder_write(struct elf_builder *builder, const char *path)
{
	elf_builder_write_bytes(elf_builder_image(builder), path);
}
