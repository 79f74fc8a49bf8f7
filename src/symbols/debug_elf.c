#include "symbols/debug_elf_internal.h"

#include "base/memory.h"

/** Room for the names of DEBUG_ELF_SECTIONS_MAX sections with their NULs. */
#define NAMES_SIZE_BYTES 512

/** All sections together. */
#define ELF_SIZE_MAX_BYTES (UINT64_C(8) << 30)

/** Header, section headers, section names; the null section and that of the names count too. */
struct file_head {
	Elf64_Ehdr header;
	Elf64_Shdr sections[DEBUG_ELF_SECTIONS_MAX + 2];
	char names[NAMES_SIZE_BYTES];
};

static void describe_file(struct file_head *head, size_t n_sections, uint8_t data_encoding)
{
	memcpy(head->header.e_ident, ELFMAG, SELFMAG);
	head->header.e_ident[EI_CLASS] = ELFCLASS64;
	head->header.e_ident[EI_DATA] = data_encoding;
	head->header.e_ident[EI_VERSION] = EV_CURRENT;
	head->header.e_type = ET_EXEC;
	head->header.e_machine = EM_X86_64;
	head->header.e_version = EV_CURRENT;
	head->header.e_ehsize = sizeof(head->header);
	head->header.e_shoff = offsetof(struct file_head, sections);
	head->header.e_shentsize = sizeof(head->sections[0]);
	head->header.e_shnum = (Elf64_Half)(n_sections + 2);
	head->header.e_shstrndx = (Elf64_Half)(n_sections + 1);
	head->sections[n_sections + 1] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct file_head, names),
		.sh_size = sizeof(head->names),
		.sh_addralign = 1,
	};
}

/** @return the size of the file, contents behind each other; 0: too large. */
static uint64_t place_sections(struct file_head *head, const struct debug_section *sections,
			       size_t n_sections)
{
	uint64_t end = sizeof(*head);
	size_t names_end = 1;

	for (size_t i = 0; i < n_sections; i++) {
		Elf64_Shdr *section = &head->sections[i + 1];
		size_t name_size_bytes = strlen(sections[i].name) + 1;

		section->sh_name = (Elf64_Word)names_end;
		memcpy(head->names + names_end, sections[i].name, name_size_bytes);
		names_end += name_size_bytes;
		section->sh_type = sections[i].content.size ? SHT_PROGBITS : SHT_NULL;
		section->sh_offset = end;
		section->sh_size = sections[i].content.size;
		section->sh_addralign = 1;
		if (sections[i].content.size > ELF_SIZE_MAX_BYTES - end)
			return 0;
		end += sections[i].content.size;
	}
	return end;
}

/**
 * Let libelf's descriptor of a section show bytes elsewhere. elf_getdata(3) hands out the
 * descriptors to be changed; there are two, and libdw reads either.
 */
static void point_section(Elf_Scn *section, struct bytes content)
{
	Elf_Data *raw = elf_rawdata(section, NULL);
	Elf_Data *cooked = elf_getdata(section, NULL);

	if (!raw || !cooked)
		return;
	raw->d_buf = cooked->d_buf = (void *)content.data;
	raw->d_size = cooked->d_size = content.size;
}

Elf *debug_elf_create(const struct debug_section *sections, size_t n_sections,
		      uint8_t data_encoding, void **memory_ret)
{
	struct file_head *head = memory_allocate(1, sizeof(*head));
	Elf *elf;

	describe_file(head, n_sections, data_encoding);
	place_sections(head, sections, n_sections);
	/* A byte each: any byte inside this file will do until the sections are pointed. */
	for (size_t i = 0; i < n_sections; i++) {
		head->sections[i + 1].sh_offset = 0;
		head->sections[i + 1].sh_size = sections[i].content.size ? 1 : 0;
	}
	elf = elf_memory((char *)head, sizeof(*head));
	for (size_t i = 0; elf && i < n_sections; i++) {
		if (sections[i].content.size)
			point_section(elf_getscn(elf, i + 1), sections[i].content);
	}
	*memory_ret = head;
	return elf;
}

uint8_t *debug_elf_write(const struct debug_section *sections, size_t n_sections,
			 uint8_t data_encoding, size_t *size_bytes_ret)
{
	struct file_head head = { 0 };
	uint64_t size_bytes;
	uint8_t *file;

	describe_file(&head, n_sections, data_encoding);
	size_bytes = place_sections(&head, sections, n_sections);
	/* Not memory_allocate(): what is too large for this machine is not kept. */
	file = size_bytes ? malloc(size_bytes) : NULL;
	if (!file)
		return NULL;
	memcpy(file, &head, sizeof(head));
	for (size_t i = 0; i < n_sections; i++) {
		if (sections[i].content.size)
			memcpy(file + head.sections[i + 1].sh_offset, sections[i].content.data,
			       sections[i].content.size);
	}
	*size_bytes_ret = size_bytes;
	return file;
}
