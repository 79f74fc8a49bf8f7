#include "object/elf_image_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error *format_error(const char *what)
{
	return error_new(ERROR_FORMAT, "damaged ELF file: %s", what);
}

/** Whether @p count entries of @p entry_size_bytes at @p offset lie inside the file. */
static bool is_table_inside(const struct elf_image *image, uint64_t offset, uint64_t count,
			    uint64_t entry_size_bytes)
{
	uint64_t size_bytes = image->bytes.size;

	return offset <= size_bytes && count <= (size_bytes - offset) / entry_size_bytes;
}

/** The part of [offset, offset + size) that is inside the file. */
static struct bytes bytes_inside(const struct elf_image *image, uint64_t offset,
				 uint64_t size_bytes)
{
	if (offset > image->bytes.size || size_bytes > image->bytes.size - offset)
		return (struct bytes){ 0 };
	return (struct bytes){ image->bytes.data + offset, size_bytes };
}

static struct error *check_identification(struct elf_image *image)
{
	const uint8_t *identification = image->bytes.data;
	uint8_t host_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	size_t header_size_bytes;

	if (image->bytes.size < EI_NIDENT || memcmp(identification, ELFMAG, SELFMAG) != 0)
		return error_new(ERROR_FORMAT, "not an ELF file");
	if (identification[EI_CLASS] != ELFCLASS32 && identification[EI_CLASS] != ELFCLASS64)
		return format_error("unknown class");
	if (identification[EI_DATA] != ELFDATA2LSB && identification[EI_DATA] != ELFDATA2MSB)
		return format_error("unknown byte order");
	if (identification[EI_VERSION] != EV_CURRENT)
		return format_error("unknown version");
	image->is_64_bit = identification[EI_CLASS] == ELFCLASS64;
	image->is_swapped = identification[EI_DATA] != host_order;
	header_size_bytes = image->is_64_bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	if (image->bytes.size < header_size_bytes)
		return format_error("ends inside its header");
	return NULL;
}

/** Tables that lie outside the file are how a truncated file shows. */
static struct error *check_tables(const struct elf_image *image, const GElf_Ehdr *header)
{
	size_t program_entry = image->is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t section_entry = image->is_64_bit ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	if (header->e_phnum && header->e_phentsize != program_entry)
		return format_error("program headers of a strange size");
	if (header->e_phnum && !is_table_inside(image, header->e_phoff, 1, program_entry))
		return format_error("program headers outside the file (truncated?)");
	if (header->e_shoff && header->e_shentsize != section_entry)
		return format_error("section headers of a strange size");
	if (header->e_shoff && !is_table_inside(image, header->e_shoff, 1, section_entry))
		return format_error("section headers outside the file (truncated?)");
	return NULL;
}

static struct error *add_segment(struct elf_image *image, const GElf_Phdr *header,
				 enum elf_image_use use)
{
	struct object_segment segment = {
		.file_offset = header->p_offset,
		.file_size_bytes = header->p_filesz,
		.elf_address = header->p_vaddr,
		.memory_size_bytes = header->p_memsz,
		.is_executable = header->p_flags & PF_X,
	};
	bool is_inside = is_table_inside(image, header->p_offset, header->p_filesz, 1);
	size_t position = image->segments.count;

	if (!is_inside && use == ELF_IMAGE_LOADED)
		return format_error("a segment outside the file (truncated?)");
	if (!is_inside)
		segment.file_offset = segment.file_size_bytes = 0;
	if (header->p_vaddr + header->p_memsz < header->p_vaddr)
		return format_error("a segment past the end of the address space");
	if (segment.memory_size_bytes < segment.file_size_bytes)
		return format_error("a segment larger in the file than in memory");
	if (image->segments.count == ELF_IMAGE_SEGMENTS_MAX)
		return format_error("too many segments");

	object_segment_vector_append(&image->segments, segment);
	while (position > 0 &&
	       image->segments.items[position - 1].file_offset > segment.file_offset) {
		image->segments.items[position] = image->segments.items[position - 1];
		position--;
	}
	image->segments.items[position] = segment;
	return NULL;
}

static struct error *read_segments(struct elf_image *image, const GElf_Ehdr *header,
				   enum elf_image_use use)
{
	size_t entry = image->is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t n_headers;

	if (elf_getphdrnum(image->elf, &n_headers) != 0)
		return format_error(elf_errmsg(-1));
	if (n_headers > ELF_IMAGE_PROGRAM_HEADERS_MAX)
		return format_error("too many program headers");
	if (!is_table_inside(image, header->e_phoff, n_headers, entry))
		return format_error("program headers outside the file (truncated?)");

	for (size_t i = 0; i < n_headers; i++) {
		GElf_Phdr program_header;

		if (!gelf_getphdr(image->elf, (int)i, &program_header))
			return format_error(elf_errmsg(-1));
		if (program_header.p_type == PT_LOAD)
			RETURN_IF_ERROR(add_segment(image, &program_header, use));
	}
	return NULL;
}

/** Text at @p offset of a string table, or "" when it is not inside or not ended. */
static const char *text_inside(struct bytes strings, uint64_t offset)
{
	if (offset >= strings.size || !memchr(strings.data + offset, 0, strings.size - offset))
		return "";
	return (const char *)strings.data + offset;
}

static struct error *read_sections(struct elf_image *image, const GElf_Ehdr *header)
{
	size_t entry = image->is_64_bit ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	struct bytes names = { 0 };
	size_t n_sections, names_index;
	GElf_Shdr section_header;

	if (!header->e_shoff)
		return NULL;
	if (elf_getshdrnum(image->elf, &n_sections) != 0 ||
	    elf_getshdrstrndx(image->elf, &names_index) != 0)
		return format_error(elf_errmsg(-1));
	if (n_sections > ELF_IMAGE_SECTIONS_MAX)
		return format_error("too many sections");
	if (!is_table_inside(image, header->e_shoff, n_sections, entry))
		return format_error("section headers outside the file (truncated?)");

	if (names_index != SHN_UNDEF) {
		if (!gelf_getshdr(elf_getscn(image->elf, names_index), &section_header))
			return format_error("no section of section names");
		names = bytes_inside(image, section_header.sh_offset, section_header.sh_size);
	}
	elf_section_vector_reserve(&image->sections, n_sections);
	for (size_t i = 0; i < n_sections; i++) {
		struct elf_section *section;

		if (!gelf_getshdr(elf_getscn(image->elf, i), &section_header))
			return format_error(elf_errmsg(-1));
		section = elf_section_vector_append_new(&image->sections);
		section->name = text_inside(names, section_header.sh_name);
		section->type = section_header.sh_type;
		section->flags = section_header.sh_flags;
		section->elf_address = section_header.sh_addr;
		section->alignment = section_header.sh_addralign;
		if (section->type != SHT_NOBITS && section->type != SHT_NULL)
			section->stored = bytes_inside(image, section_header.sh_offset,
						       section_header.sh_size);
	}
	return NULL;
}

/** Debug files keep their sections but not their segments; stripped-bare files the reverse. */
static void read_build_id(struct elf_image *image)
{
	size_t n_headers = 0;

	for (size_t i = 0; i < image->sections.count; i++) {
		const struct elf_section *section = &image->sections.items[i];

		if (section->type == SHT_NOTE &&
		    elf_notes_find_build_id(section->stored, image->is_swapped,
					    section->alignment == 8 ? 8 : 4, &image->build_id))
			return;
	}
	if (elf_getphdrnum(image->elf, &n_headers) != 0)
		return;
	for (size_t i = 0; i < n_headers; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(image->elf, (int)i, &header) && header.p_type == PT_NOTE &&
		    elf_notes_find_build_id(bytes_inside(image, header.p_offset, header.p_filesz),
					    image->is_swapped, header.p_align == 8 ? 8 : 4,
					    &image->build_id))
			return;
	}
}

static struct error *read_headers(struct elf_image *image, enum elf_image_use use)
{
	GElf_Ehdr header;

	RETURN_IF_ERROR(check_identification(image));
	elf_version(EV_CURRENT);
	image->elf = elf_memory((char *)image->bytes.data, image->bytes.size);
	if (!image->elf)
		return format_error(elf_errmsg(-1));
	if (elf_kind(image->elf) != ELF_K_ELF || !gelf_getehdr(image->elf, &header))
		return format_error("header cannot be read");
	image->machine = header.e_machine;
	image->entry_elf_address = header.e_entry;
	RETURN_IF_ERROR(check_tables(image, &header));
	RETURN_IF_ERROR(read_segments(image, &header, use));
	RETURN_IF_ERROR(read_sections(image, &header));
	read_build_id(image);
	return NULL;
}

static struct error *finish(struct elf_image *image, enum elf_image_use use, struct elf_image *ret)
{
	struct error *error = read_headers(image, use);

	if (error)
		elf_image_deinit(image);
	else
		*ret = *image;
	return error;
}

struct error *elf_image_open(const char *path, enum elf_image_use use, struct elf_image *ret)
{
	struct elf_image image = { 0 };
	/* Not to wait for a writer when the path has become a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct error *error = NULL;
	struct stat status;

	if (fd < 0)
		return error_from_errno(errno, "open %s", path);
	if (fstat(fd, &status) != 0)
		error = error_from_errno(errno, "stat %s", path);
	else if (!S_ISREG(status.st_mode))
		error = error_new(ERROR_UNSUPPORTED, "not a regular file");
	else if (status.st_size == 0)
		error = error_new(ERROR_FORMAT, "not an ELF file (empty)");
	else if ((uint64_t)status.st_size > ELF_IMAGE_SIZE_MAX_BYTES)
		error = error_new(ERROR_UNSUPPORTED, "larger than any file this program reads");
	else
		/* Libelf and libdw change section headers in place. */
		error = error_wrap(file_mapping_open(fd, (size_t)status.st_size,
						     FILE_MAPPING_CHANGE, &image.mapping),
				   "%s", path);
	close(fd);
	if (error)
		return error;
	snprintf(image.stamp, sizeof(image.stamp), "%jx %jx %jx.%lx", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino, (uintmax_t)status.st_mtim.tv_sec,
		 (unsigned long)status.st_mtim.tv_nsec);
	image.bytes = (struct bytes){ image.mapping.data, image.mapping.size_bytes };
	return finish(&image, use, ret);
}

struct error *elf_image_adopt(uint8_t *bytes, size_t size_bytes, enum elf_image_use use,
			      struct elf_image *ret)
{
	struct elf_image image = { .bytes = { bytes, size_bytes } };

	return finish(&image, use, ret);
}

void elf_image_deinit(struct elf_image *image)
{
	elf_end(image->elf);
	for (size_t i = 0; i < image->sections.count; i++)
		free((void *)image->sections.items[i].decompressed.data);
	elf_section_vector_deinit(&image->sections);
	object_segment_vector_deinit(&image->segments);
	if (image->mapping.data)
		file_mapping_close(&image->mapping);
	else
		free((void *)image->bytes.data);
	*image = (struct elf_image){ 0 };
}

struct elf_section *elf_image_find_section(struct elf_image *image, const char *name)
{
	for (size_t i = 0; i < image->sections.count; i++)
		if (strcmp(image->sections.items[i].name, name) == 0)
			return &image->sections.items[i];
	return NULL;
}

/** Without decompressing it. */
static bool has_section(struct elf_image *image, const char *name, const char *old_name)
{
	const struct elf_section *section = elf_image_find_section(image, name);

	if (!section)
		section = elf_image_find_section(image, old_name);
	return section && section->stored.size;
}

bool elf_image_has_debug_information(struct elf_image *image)
{
	return has_section(image, ".debug_info", ".zdebug_info");
}

bool elf_image_has_names(struct elf_image *image)
{
	return elf_image_has_debug_information(image) || has_section(image, ".symtab", ".symtab");
}
