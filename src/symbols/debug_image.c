#include "symbols/debug_unit_internal.h"

#include "base/text.h"
#include "symbols/debug_elf_internal.h"

#include <string.h>

/** The sections that are read, when they have to be decompressed first. */
static const char *const section_names[] = {
	".debug_info",        ".debug_abbrev",     ".debug_line",     ".debug_str",
	".debug_line_str",    ".debug_ranges",     ".debug_rnglists", ".debug_addr",
	".debug_str_offsets", ".gnu_debugaltlink",
};

/** Of unpacked sections in the cache: change it with section_names. */
#define UNPACKED_VERSION 1

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
		if (text_begins_with(name, ".zdebug_") ||
		    (text_begins_with(name, ".debug_") && header.sh_flags & SHF_COMPRESSED))
			found.has_compressed = true;
	}
	return found;
}

/**
 * libdw 0.188 reads no zstd, and libelf would decompress in place, in an image that is mapped
 * read-only: object_section() decompresses.
 */
static void list_unpacked(struct object *object,
			  struct debug_section sections[ARRAY_SIZE(section_names)])
{
	for (size_t i = 0; i < ARRAY_SIZE(section_names); i++) {
		sections[i] = (struct debug_section){
			.name = section_names[i],
			.content = object_section(object, section_names[i], NULL),
		};
	}
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
static void open_unpacked(struct object *object, struct cache *cache, struct debug_image *image)
{
	struct debug_section sections[ARRAY_SIZE(section_names)];
	char *identity = cache ? object_fingerprint(object) : NULL;

	if (identity) {
		const struct cache_key key = unpacked_key(identity);

		if (cache_load(cache, &key, &image->cached)) {
			free(identity);
			image->elf = elf_memory((char *)image->cached.content.data,
						image->cached.content.size);
			return;
		}
	}
	image->identity = identity;
	list_unpacked(object, sections);
	image->elf = debug_elf_create(sections, ARRAY_SIZE(sections), object->image.data[EI_DATA],
				      &image->elf_memory);
}

void debug_image_keep(const struct debug_image *image, const char *label, struct cache *cache)
{
	struct debug_section sections[ARRAY_SIZE(section_names)];
	struct cache_key key;
	size_t size_bytes;
	uint8_t *file;

	if (!image->identity)
		return;
	key = unpacked_key(image->identity);
	list_unpacked(image->object, sections);
	file = debug_elf_write(sections, ARRAY_SIZE(sections), image->object->image.data[EI_DATA],
			       &size_bytes);
	if (file)
		cache_store(cache, &key, label, (struct bytes){ file, size_bytes });
	free(file);
}

/** dwz(1) moves what several files have in common into one more. */
static void open_alternate(struct debug_image *image, struct cache *cache)
{
	_cleanup_error_ struct error *error = NULL;
	bool is_named;

	image->alternate_file = object_open_alternate(image->object, &is_named);
	if (!is_named)
		return;
	image->misses_alternate = true;
	if (!image->alternate_file)
		return;
	image->alternate = memory_allocate(1, sizeof(*image->alternate));
	error = debug_image_open(image->alternate_file, cache, image->alternate);
	if (error || !image->alternate->dwarf)
		return;
	dwarf_setalt(image->dwarf, image->alternate->dwarf);
	image->misses_alternate = false;
}

struct error *debug_image_open(struct object *object, struct cache *cache, struct debug_image *ret)
{
	struct debug_sections sections = look_at_sections(object->elf);
	struct debug_image image = { .object = object };

	*ret = (struct debug_image){ 0 };
	if (!sections.has_info)
		return NULL;
	/* A handle of its own: libdw changes sections that others read through object->elf. */
	if (sections.has_compressed)
		open_unpacked(object, cache, &image);
	else
		image.elf = elf_memory((char *)object->image.data, object->image.size);
	if (image.elf)
		image.dwarf = dwarf_begin_elf(image.elf, DWARF_C_READ, NULL);
	if (!image.dwarf) {
		struct error *error = error_new(ERROR_FORMAT, "%s: debug information: %s",
						object->path, dwarf_errmsg(-1));

		debug_image_deinit(&image);
		return error;
	}
	/* Libdw would exit with a message and a status of its own. */
	dwarf_new_oom_handler(image.dwarf, memory_exhausted);
	open_alternate(&image, cache);
	*ret = image;
	return NULL;
}

void debug_image_deinit(struct debug_image *image)
{
	dwarf_end(image->dwarf);
	elf_end(image->elf);
	free(image->elf_memory);
	free(image->identity);
	cached_release(&image->cached);
	if (image->alternate)
		debug_image_deinit(image->alternate);
	free(image->alternate);
	object_close_companion(image->alternate_file);
	*image = (struct debug_image){ 0 };
}
