#include "symbols/debug_unit_internal.h"

#include <string.h>

/** The sections that are read, when they have to be decompressed first. */
static const char *const section_names[] = {
	".debug_info",        ".debug_abbrev",     ".debug_line",     ".debug_str",
	".debug_line_str",    ".debug_ranges",     ".debug_rnglists", ".debug_addr",
	".debug_str_offsets", ".gnu_debugaltlink",
};

/** The null section, ours, and the section names. */
#define N_SECTIONS (ARRAY_SIZE(section_names) + 2)

/** Room for section_names with their NULs. */
#define NAMES_SIZE_BYTES 256

/** Of unpacked sections in the cache: change it with section_names. */
#define UNPACKED_VERSION 1

/** All sections together, decompressed. */
#define UNPACKED_SIZE_MAX_BYTES (UINT64_C(8) << 30)

/** What kind of debug sections an ELF file has. */
struct debug_sections {
	bool has_info;
	bool has_compressed;
};

static struct debug_sections look_at_sections(Elf *elf)
{
	struct debug_sections found = { 0 };
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return found;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name)
			continue;
		if (strcmp(name, ".debug_info") == 0 || strcmp(name, ".zdebug_info") == 0)
			found.has_info = true;
		if (strncmp(name, ".zdebug_", strlen(".zdebug_")) == 0 ||
		    (strncmp(name, ".debug_", strlen(".debug_")) == 0 &&
		     header.sh_flags & SHF_COMPRESSED))
			found.has_compressed = true;
	}
	return found;
}

/** The layout of an unpacked file: header, section headers, section names, contents. */
struct unpacked_file {
	Elf64_Ehdr header;
	Elf64_Shdr sections[N_SECTIONS];
	char names[NAMES_SIZE_BYTES];
};

static void describe_file(struct unpacked_file *file, const struct object *object)
{
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = object->image.data[EI_DATA];
	file->header.e_ident[EI_VERSION] = EV_CURRENT;
	file->header.e_type = ET_EXEC;
	file->header.e_machine = EM_X86_64;
	file->header.e_version = EV_CURRENT;
	file->header.e_ehsize = sizeof(file->header);
	file->header.e_shoff = offsetof(struct unpacked_file, sections);
	file->header.e_shentsize = sizeof(file->sections[0]);
	file->header.e_shnum = N_SECTIONS;
	file->header.e_shstrndx = N_SECTIONS - 1;
	file->sections[N_SECTIONS - 1] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct unpacked_file, names),
		.sh_size = sizeof(file->names),
		.sh_addralign = 1,
	};
}

/** Lay the contents out behind the headers; the whole size, or 0: too large. */
static uint64_t place_sections(struct unpacked_file *file, const struct bytes *contents)
{
	uint64_t end = sizeof(*file);
	size_t names_end = 1;

	for (size_t i = 0; i < ARRAY_SIZE(section_names); i++) {
		Elf64_Shdr *section = &file->sections[i + 1];

		section->sh_name = (Elf64_Word)names_end;
		memcpy(file->names + names_end, section_names[i], strlen(section_names[i]) + 1);
		names_end += strlen(section_names[i]) + 1;
		section->sh_type = contents[i].size ? SHT_PROGBITS : SHT_NULL;
		section->sh_offset = end;
		section->sh_size = contents[i].size;
		section->sh_addralign = 1;
		end += contents[i].size;
		if (end > UNPACKED_SIZE_MAX_BYTES)
			return 0;
	}
	return end;
}

/**
 * An ELF file in memory with the debug sections decompressed by object_section():
 * libdw 0.188 reads no zstd, and libelf would decompress in place, in an image
 * that is mapped read-only.
 */
static struct error *unpack(struct object *object, void **file_ret, size_t *size_bytes_ret)
{
	struct bytes contents[ARRAY_SIZE(section_names)];
	struct unpacked_file *file;
	uint64_t size_bytes;
	uint8_t *all;

	for (size_t i = 0; i < ARRAY_SIZE(section_names); i++)
		contents[i] = object_section(object, section_names[i], NULL);
	file = memory_allocate(1, sizeof(*file));
	describe_file(file, object);
	size_bytes = place_sections(file, contents);
	all = size_bytes ? malloc(size_bytes) : NULL;
	if (!all) {
		free(file);
		return error_new(ERROR_UNSUPPORTED, "%s: its debug sections are too large",
				 object->path);
	}
	memcpy(all, file, sizeof(*file));
	for (size_t i = 0; i < ARRAY_SIZE(section_names); i++) {
		if (contents[i].size) {
			memcpy(all + file->sections[i + 1].sh_offset, contents[i].data,
			       contents[i].size);
		}
	}
	free(file);
	*file_ret = all;
	*size_bytes_ret = size_bytes;
	return NULL;
}

static struct cache_key unpacked_key(const char *identity)
{
	return (struct cache_key){
		.kind = "debug",
		.version = UNPACKED_VERSION,
		.identity = identity,
	};
}

/** What an earlier run unpacked, or else unpack it. */
static struct error *find_unpacked(struct object *object, struct cache *cache,
				   struct debug_image *image)
{
	char *identity = cache ? object_fingerprint(object) : NULL;

	if (identity) {
		const struct cache_key key = unpacked_key(identity);

		if (cache_load(cache, &key, &image->cached)) {
			free(identity);
			image->elf = elf_memory((char *)image->cached.content.data,
						image->cached.content.size);
			return NULL;
		}
	}
	image->identity = identity;
	RETURN_IF_ERROR(unpack(object, &image->unpacked, &image->unpacked_size_bytes));
	image->elf = elf_memory(image->unpacked, image->unpacked_size_bytes);
	return NULL;
}

void debug_image_keep(const struct debug_image *image, const char *label, struct cache *cache)
{
	struct cache_key key;

	if (!image->unpacked || !image->identity)
		return;
	key = unpacked_key(image->identity);
	cache_store(cache, &key, label,
		    (struct bytes){ image->unpacked, image->unpacked_size_bytes });
}

struct error *debug_image_open(struct object *object, struct cache *cache, struct debug_image *ret)
{
	struct debug_sections sections = look_at_sections(object->elf);
	struct debug_image image = { 0 };

	*ret = image;
	if (!sections.has_info)
		return NULL;
	/* A handle of its own: libdw changes sections that others read through object->elf. */
	if (sections.has_compressed) {
		struct error *error = find_unpacked(object, cache, &image);

		if (error) {
			debug_image_deinit(&image);
			return error;
		}
	} else {
		image.elf = elf_memory((char *)object->image.data, object->image.size);
	}
	if (image.elf)
		image.dwarf = dwarf_begin_elf(image.elf, DWARF_C_READ, NULL);
	if (!image.dwarf) {
		struct error *error = error_new(ERROR_FORMAT, "%s: debug information: %s",
						object->path, dwarf_errmsg(-1));

		debug_image_deinit(&image);
		return error;
	}
	*ret = image;
	return NULL;
}

void debug_image_deinit(struct debug_image *image)
{
	dwarf_end(image->dwarf);
	elf_end(image->elf);
	free(image->unpacked);
	free(image->identity);
	cached_release(&image->cached);
	*image = (struct debug_image){ 0 };
}
