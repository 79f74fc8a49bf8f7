#include "object/object_internal.h"

#include "base/text.h"

#include <zlib.h>
#include <zstd.h>

/** A section may not become larger than this. Debug sections of browsers reach 2 GiB. */
#define SECTION_DECOMPRESSED_MAX_BYTES (UINT64_C(8) << 30)

/** Growth no honest encoder passes: deflate ends at 1032, a zstd block makes 128 KiB of 4 bytes. */
#define SECTION_GROWTH_MAX 32768

/** gABI; missing in the <elf.h> of glibc 2.36. */
#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/** Elf32_Chdr or Elf64_Chdr (gABI, "Compression Header"). */
static struct error *read_compression_header(const struct elf_image *image,
					     struct byte_reader *reader, uint32_t *type_ret,
					     uint64_t *size_bytes_ret)
{
	uint32_t size_32;

	RETURN_IF_ERROR(byte_reader_u32(reader, type_ret));
	if (image->is_64_bit) {
		RETURN_IF_ERROR(byte_reader_skip(reader, sizeof(uint32_t)));
		RETURN_IF_ERROR(byte_reader_u64(reader, size_bytes_ret));
		return byte_reader_skip(reader, sizeof(uint64_t));
	}
	RETURN_IF_ERROR(byte_reader_u32(reader, &size_32));
	*size_bytes_ret = size_32;
	return byte_reader_skip(reader, sizeof(uint32_t));
}

static bool inflate_bytes(struct bytes packed, uint8_t *out, size_t size_bytes)
{
	uLongf n_written = size_bytes;

	return uncompress(out, &n_written, packed.data, packed.size) == Z_OK &&
	       n_written == size_bytes;
}

/** @p size_bytes bytes on the heap, or empty when @p packed does not hold exactly these. */
static struct bytes decompress(uint32_t type, struct bytes packed, uint64_t size_bytes)
{
	bool is_whole = false;
	uint8_t *out;

	if (!size_bytes || size_bytes > SECTION_DECOMPRESSED_MAX_BYTES ||
	    size_bytes / SECTION_GROWTH_MAX > packed.size)
		return (struct bytes){ 0 };
	/* Not memory_allocate(): a section too large for this machine is a loss, not the end. */
	out = malloc(size_bytes);
	if (!out)
		return (struct bytes){ 0 };
	if (type == ELFCOMPRESS_ZLIB)
		is_whole = inflate_bytes(packed, out, size_bytes);
	else if (type == ELFCOMPRESS_ZSTD)
		is_whole = ZSTD_decompress(out, size_bytes, packed.data, packed.size) == size_bytes;
	if (!is_whole) {
		free(out);
		return (struct bytes){ 0 };
	}
	return (struct bytes){ out, size_bytes };
}

static struct bytes decompress_flagged(const struct elf_image *image,
				       const struct elf_section *section)
{
	struct byte_reader reader = byte_reader_make(section->stored, "compressed section");
	_cleanup_error_ struct error *error = NULL;
	struct bytes packed;
	uint64_t size_bytes;
	uint32_t type;

	reader.swap = image->is_swapped;
	error = read_compression_header(image, &reader, &type, &size_bytes);
	if (error)
		return (struct bytes){ 0 };
	packed = (struct bytes){ reader.bytes.data + reader.position, byte_reader_left(&reader) };
	return decompress(type, packed, size_bytes);
}

/** The older .zdebug_*: "ZLIB", the size as 8 bytes big-endian, a zlib stream. */
static struct bytes decompress_zdebug(const struct elf_section *section)
{
	static const char magic[] = { 'Z', 'L', 'I', 'B' };
	const uint8_t *data = section->stored.data;
	size_t header_size_bytes = sizeof(magic) + sizeof(uint64_t);
	uint64_t size_bytes = 0;

	if (section->stored.size < header_size_bytes || memcmp(data, magic, sizeof(magic)) != 0)
		return (struct bytes){ 0 };
	for (size_t i = sizeof(magic); i < header_size_bytes; i++)
		size_bytes = size_bytes << 8 | data[i];
	return decompress(ELFCOMPRESS_ZLIB,
			  (struct bytes){ data + header_size_bytes,
					  section->stored.size - header_size_bytes },
			  size_bytes);
}

static struct bytes section_bytes(const struct elf_image *image, struct elf_section *section,
				  bool is_zdebug)
{
	if (!is_zdebug && !(section->flags & SHF_COMPRESSED))
		return section->stored;
	if (!section->is_decompressed) {
		section->is_decompressed = true;
		section->decompressed =
			is_zdebug ? decompress_zdebug(section) : decompress_flagged(image, section);
	}
	return section->decompressed;
}

/** ".debug_info" under its older name ".zdebug_info". */
static struct elf_section *find_zdebug(struct elf_image *image, const char *name)
{
	_cleanup_free_ char *old_name = NULL;

	if (!text_begins_with(name, ".debug_"))
		return NULL;
	old_name = memory_format_text(".z%s", name + 1);
	return elf_image_find_section(image, old_name);
}

struct bytes object_section(struct object *object, const char *name, uint64_t *elf_address_ret)
{
	struct elf_section *section;
	struct elf_image *image;
	bool is_zdebug = false;

	if (!object->store)
		return (struct bytes){ 0 };
	image = &object->store->image;
	section = elf_image_find_section(image, name);
	if (!section) {
		section = find_zdebug(image, name);
		is_zdebug = true;
	}
	if (!section)
		return (struct bytes){ 0 };
	if (elf_address_ret)
		*elf_address_ret = section->elf_address;
	return section_bytes(image, section, is_zdebug);
}
