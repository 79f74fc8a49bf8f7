#include "unwind/object_table.h"

#include "unwind/cfi_pointer.h"
#include "unwind/unwind_table_file.h"

#include <inttypes.h>

/** .eh_frame (or its stand-in) and .debug_frame. */
#define SECTIONS_MAX 2

/** Smaller tables are made as fast as they are loaded. */
#define KEPT_ROWS_MIN 8192

/** LSB 5.0 core, ".eh_frame_hdr": version, three encodings, then the pointer to .eh_frame. */
#define EH_FRAME_HEADER_VERSION 1

static void find_code_range(const struct object *object, uint64_t *start_ret, uint64_t *end_ret)
{
	uint64_t start = UINT64_MAX;
	uint64_t end = 0;

	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];

		if (!segment->is_executable)
			continue;
		start = MIN(start, segment->elf_address);
		end = MAX(end, segment->elf_address + segment->memory_size_bytes);
	}
	*start_ret = MIN(start, end);
	*end_ret = end;
}

static bool find_program_header(const struct object *object, uint32_t type, GElf_Phdr *ret)
{
	size_t n_headers;

	if (elf_getphdrnum(object->elf, &n_headers) != 0)
		return false;
	for (size_t i = 0; i < n_headers; i++) {
		if (gelf_getphdr(object->elf, (int)i, ret) && ret->p_type == type)
			return true;
	}
	return false;
}

static struct error *read_eh_frame_header(struct byte_reader *reader, uint64_t header_address,
					  uint8_t address_size_bytes, uint64_t *ret)
{
	const struct cfi_pointer_context context = {
		.section_address = header_address,
		.data_address = header_address,
		.address_size_bytes = address_size_bytes,
	};
	struct bytes encodings;

	RETURN_IF_ERROR(byte_reader_bytes(reader, 4, &encodings));
	if (encodings.data[0] != EH_FRAME_HEADER_VERSION)
		return byte_reader_error(reader, "unknown version of .eh_frame_hdr");
	return cfi_pointer_read(reader, encodings.data[1], &context, ret);
}

static bool find_eh_frame_by_header(const struct object *object, struct cfi_section *ret)
{
	struct byte_reader reader;
	GElf_Phdr header;

	if (!find_program_header(object, PT_GNU_EH_FRAME, &header))
		return false;
	reader = byte_reader_make(object_bytes_at(object, header.p_vaddr), ".eh_frame_hdr");
	*ret = (struct cfi_section){ .name = ".eh_frame", .ends_at_terminator = true };

	_cleanup_error_ struct error *error = read_eh_frame_header(
		&reader, header.p_vaddr, object->architecture->is_64_bit ? 8 : 4, &ret->address);

	if (error)
		return false;
	ret->bytes = object_bytes_at(object, ret->address);
	return ret->bytes.size > 0;
}

static bool find_section(struct object *object, const char *name, struct cfi_section *ret)
{
	*ret = (struct cfi_section){ .name = name };
	ret->bytes = object_section(object, name, &ret->address);
	return ret->bytes.size > 0;
}

static size_t find_sections(struct object *object, struct cfi_section sections[SECTIONS_MAX])
{
	struct object *debug_file;
	size_t n_sections = 0;

	if (find_section(object, ".eh_frame", &sections[n_sections]) ||
	    find_eh_frame_by_header(object, &sections[n_sections]))
		n_sections++;
	if (find_section(object, ".debug_frame", &sections[n_sections]))
		sections[n_sections++].is_debug_frame = true;
	if (n_sections)
		return n_sections;
	/* Opening it costs, and it would add little to an .eh_frame. */
	debug_file = object_debug_file(object);
	if (debug_file && find_section(debug_file, ".debug_frame", &sections[n_sections]))
		sections[n_sections++].is_debug_frame = true;
	return n_sections;
}

/** @param sections  Filled; input_ret borrows it. */
static void find_input(struct object *object, struct cfi_section sections[SECTIONS_MAX],
		       struct unwind_table_input *ret)
{
	*ret = (struct unwind_table_input){
		.architecture = object->architecture,
		.name = object->path,
		.sections = sections,
	};
	find_code_range(object, &ret->code_start, &ret->code_end);
	ret->n_sections = find_sections(object, sections);
}

struct error *object_table_create(struct object *object, struct unwind_table **ret)
{
	struct cfi_section sections[SECTIONS_MAX];
	struct unwind_table_input input;

	find_input(object, sections, &input);
	return unwind_table_create(&input, ret);
}

static int fde_compare(const void *a_pointer, const void *b_pointer)
{
	const struct cfi_fde *a = a_pointer, *b = b_pointer;

	return a->start < b->start ? -1 : a->start > b->start;
}

void object_functions_read(struct object *object, struct cfi_fde_vector *ret)
{
	struct cfi_section sections[SECTIONS_MAX];
	size_t n_sections = object->architecture ? find_sections(object, sections) : 0;

	for (size_t i = 0; i < n_sections; i++) {
		struct cfi *cfi = cfi_create(object->architecture, &sections[i]);
		size_t n_bad;

		/* What is damaged is told where stacks are unwound. */
		error_destroy(cfi_read_fdes(cfi, ret, &n_bad));
		cfi_destroy(cfi);
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), fde_compare);
}

static struct cache_key key_of(const char *fingerprint)
{
	return (struct cache_key){
		.kind = "unwind",
		.version = UNWIND_TABLE_FILE_VERSION,
		.identity = fingerprint,
	};
}

struct unwind_table *object_table_load(struct object *object, struct cache *cache)
{
	_cleanup_free_ char *fingerprint = cache ? object_fingerprint(object) : NULL;
	struct cfi_section sections[SECTIONS_MAX];
	struct unwind_table_input input;
	struct unwind_table *table;
	struct cached cached;
	struct cache_key key;
	struct error *error;

	if (!fingerprint)
		return NULL;
	key = key_of(fingerprint);
	if (!cache_load(cache, &key, &cached))
		return NULL;
	find_input(object, sections, &input);
	error = unwind_table_read(&cached, &input, &table);
	if (!error)
		return table;
	error_destroy(error);
	cache_note_damage(cache);
	return NULL;
}

void object_table_keep(struct object *object, const struct unwind_table *table, struct cache *cache)
{
	_cleanup_free_ char *fingerprint = cache ? object_fingerprint(object) : NULL;
	struct byte_vector content = { 0 };
	struct cache_key key;

	if (!fingerprint || unwind_table_statistics(table).n_rows < KEPT_ROWS_MIN)
		return;
	key = key_of(fingerprint);
	unwind_table_write(table, &content);
	cache_store(cache, &key, object->path, (struct bytes){ content.items, content.count });
	byte_vector_deinit(&content);
}
