#include "object/elf_image_internal.h"

static struct error *skip_padding(struct byte_reader *reader, size_t alignment)
{
	size_t over = reader->position % alignment;

	/* The last note's padding may be cut off. */
	if (over && byte_reader_left(reader) >= alignment - over)
		return byte_reader_skip(reader, alignment - over);
	if (over)
		return byte_reader_skip(reader, byte_reader_left(reader));
	return NULL;
}

static struct error *read_note(struct byte_reader *reader, size_t alignment, uint32_t *type_ret,
			       struct bytes *name_ret, struct bytes *description_ret)
{
	uint32_t name_size_bytes, description_size_bytes;

	RETURN_IF_ERROR(byte_reader_u32(reader, &name_size_bytes));
	RETURN_IF_ERROR(byte_reader_u32(reader, &description_size_bytes));
	RETURN_IF_ERROR(byte_reader_u32(reader, type_ret));
	RETURN_IF_ERROR(byte_reader_bytes(reader, name_size_bytes, name_ret));
	RETURN_IF_ERROR(skip_padding(reader, alignment));
	RETURN_IF_ERROR(byte_reader_bytes(reader, description_size_bytes, description_ret));
	return skip_padding(reader, alignment);
}

static bool is_build_id_note(uint32_t type, struct bytes name, struct bytes description)
{
	return type == NT_GNU_BUILD_ID && name.size == sizeof(ELF_NOTE_GNU) &&
	       memcmp(name.data, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && description.size > 0 &&
	       description.size <= BUILD_ID_SIZE_MAX_BYTES;
}

bool elf_notes_find_build_id(struct bytes notes, bool is_swapped, size_t alignment,
			     struct build_id *ret)
{
	struct byte_reader reader = byte_reader_make(notes, "ELF notes");

	reader.swap = is_swapped;
	while (byte_reader_left(&reader) > 0) {
		_cleanup_error_ struct error *error = NULL;
		struct bytes name, description;
		uint32_t type;

		error = read_note(&reader, alignment, &type, &name, &description);
		if (error)
			return false;
		if (!is_build_id_note(type, name, description))
			continue;
		*ret = (struct build_id){ .size_bytes = (uint8_t)description.size };
		memcpy(ret->bytes, description.data, description.size);
		return true;
	}
	return false;
}
