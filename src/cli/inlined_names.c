#include "cli/inlined_names.h"

#include "base/hash_map.h"
#include "base/memory.h"
#include "base/string_table.h"
#include "object/object.h"
#include "symbols/demangle.h"

#include <inttypes.h>
#include <stdlib.h>

/** Where symbols are, by "PATH\nNAME"; "PATH\n" says that a file's are known. */
DEFINE_HASH_MAP(symbol_place_map, struct string_key, uint64_t, string_key_hash, string_key_equal)

struct inlined_names {
	struct symbol_place_map places;
	struct arena texts;
	struct object_registry *objects;
	struct symbolizer *symbolizer;
	bool has_places;
};

struct inlined_names *inlined_names_create(const char *symfs_path,
					   const struct symbolizer_options *options,
					   bool has_places)
{
	struct inlined_names *names = memory_allocate(1, sizeof(*names));

	names->objects = object_registry_create(symfs_path);
	object_registry_set_trust(names->objects, OBJECTS_BY_PATH);
	names->symbolizer = symbolizer_create(options);
	names->has_places = has_places;
	return names;
}

void inlined_names_destroy(struct inlined_names *names)
{
	if (!names)
		return;
	symbolizer_destroy(names->symbolizer);
	object_registry_destroy(names->objects);
	symbol_place_map_deinit(&names->places);
	arena_deinit(&names->texts);
	free(names);
}

static char *copy_span(struct text_span span)
{
	char *text = memory_allocate(span.length + 1, 1);

	memcpy(text, span.start, span.length);
	return text;
}

/** "NAME" or "NAME:FILE:LINE", without the file's folders. */
static void append_frame(const struct inlined_names *names, const struct symbol_frame *frame,
			 struct byte_vector *ret)
{
	const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;
	_cleanup_free_ char *place = NULL;
	_cleanup_free_ char *full =
		frame->linkage_name ? demangle_with_parameters(frame->linkage_name) : NULL;

	/* A ';' in a name would begin another function. */
	for (const char *letter = full ? full : frame->name; *letter; letter++)
		byte_vector_append(ret, *letter == ';' ? ':' : (uint8_t)*letter);
	if (!names->has_places)
		return;
	place = memory_format_text(":%s:%" PRIu32,
				   slash         ? slash + 1
				   : frame->file ? frame->file
						 : "??",
				   frame->line);
	byte_vector_append_bytes(ret, place, strlen(place));
}

static void note_symbol(struct inlined_names *names, const char *path, const char *name,
			uint64_t elf_address)
{
	_cleanup_free_ char *text = memory_format_text("%s\n%s", path, name);
	struct string_key key = { .text = text, .length = strlen(text) };
	uint64_t *known = symbol_place_map_find(&names->places, key);

	if (known) {
		*known = MIN(*known, elf_address);
		return;
	}
	key.text = arena_duplicate_text(&names->texts, text, key.length);
	*symbol_place_map_insert(&names->places, key, NULL) = elf_address;
}

/** All that nm(1) lists with an address: defined symbols of .symtab, as the linker has them. */
static void note_symbols(struct inlined_names *names, const struct object *object, const char *path)
{
	Elf_Scn *section = NULL;

	note_symbol(names, path, "", 0);
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Sym symbol;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
			const char *name = elf_strptr(object->elf, header.sh_link, symbol.st_name);

			if (name && *name && symbol.st_shndx != SHN_UNDEF)
				note_symbol(names, path, name, symbol.st_value);
		}
	}
}

/** "NAME+0xOFFSET" to an address; false: no symbol of that name. */
static bool find_by_name(struct inlined_names *names, const struct object *object, const char *path,
			 struct text_span function, uint64_t *ret)
{
	const char *end = script_symbol_end(function);
	_cleanup_free_ char *digits = copy_span(text_span_make(end, text_span_end(function)));
	_cleanup_free_ char *name = copy_span(text_span_make(function.start, end));
	_cleanup_free_ char *file = memory_format_text("%s\n", path);
	_cleanup_free_ char *text = memory_format_text("%s\n%s", path, name);
	const uint64_t *place;

	if (!*digits || !*name)
		return false;
	if (!symbol_place_map_find(&names->places,
				   (struct string_key){ .text = file, .length = strlen(file) }))
		note_symbols(names, object, path);
	place = symbol_place_map_find(&names->places,
				      (struct string_key){ .text = text, .length = strlen(text) });
	if (!place)
		return false;
	*ret = *place + strtoull(digits + strlen("+0x"), NULL, 16);
	return true;
}

static bool resolve(struct inlined_names *names, struct object *object, uint64_t address,
		    struct symbol_result *ret)
{
	symbolizer_resolve(names->symbolizer, object, &address, 1, ret);
	return ret->status == SYMBOL_FOUND;
}

bool inlined_names_expand(void *context, const struct script_frame *frame, struct byte_vector *ret)
{
	struct inlined_names *names = context;
	_cleanup_free_ char *path = copy_span(frame->object);
	_cleanup_free_ char *digits = copy_span(frame->address);
	const struct object_identity identity = { .path = path };
	struct symbol_result result = { .status = SYMBOL_NO_TABLE };
	uint64_t address = strtoull(digits, NULL, 16);
	struct object *object;

	if (path[0] != '/')
		return false;
	object = object_registry_find(names->objects, &identity);
	object_open(object, NULL);
	if (object->state != OBJECT_OPEN)
		return false;
	/* The address may be relative to something else; then the symbol says where it is. */
	if (!resolve(names, object, address, &result) &&
	    (!find_by_name(names, object, path, frame->function, &address) ||
	     !resolve(names, object, address, &result)))
		return false;
	for (uint32_t i = result.n_frames; i-- > 0;) {
		append_frame(names, &result.frames[i], ret);
		if (i > 0)
			byte_vector_append(ret, ';');
	}
	return true;
}
