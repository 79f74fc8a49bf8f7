#include "check/command_file_internal.h"

#include "arch/architecture.h"

#include <string.h>

/*
 * .eh_frame_hdr: version, three encodings, the address of .eh_frame, the number
 * of entries, then (function, FDE) pairs in ascending order.
 * Source: Linux Standard Base Core 5.0, section 10.6.2; encodings in 10.5.1.
 */
#define HEADER_VERSION          1
#define ENCODING_UDATA4         0x03
#define ENCODING_SDATA4         0x0b
#define ENCODING_FORMAT_MASK    0x0f
#define ENCODING_DATAREL_SDATA4 0x3b
#define ENTRY_SIZE_BYTES        8

/** How far into a function a compiler may have moved the setting of the frame pointer. */
#define PROLOGUE_SIZE_MAX_BYTES 32

/** The search table; false: there is none of the usual kind. */
static bool read_table(struct object *object, struct byte_reader *table_ret,
		       uint64_t *header_address_ret, uint32_t *n_entries_ret)
{
	struct bytes header = object_section(object, ".eh_frame_hdr", header_address_ret);
	struct byte_reader reader = byte_reader_make(header, ".eh_frame_hdr");
	_cleanup_error_ struct error *error = NULL;
	uint8_t version = 0, frame_encoding = 0, count_encoding = 0, table_encoding = 0;
	uint32_t n_entries = 0;

	error = byte_reader_u8(&reader, &version);
	if (!error)
		error = byte_reader_u8(&reader, &frame_encoding);
	if (!error)
		error = byte_reader_u8(&reader, &count_encoding);
	if (!error)
		error = byte_reader_u8(&reader, &table_encoding);
	if (!error)
		error = byte_reader_skip(&reader, sizeof(uint32_t));
	if (!error)
		error = byte_reader_u32(&reader, &n_entries);
	if (error || version != HEADER_VERSION || table_encoding != ENCODING_DATAREL_SDATA4 ||
	    count_encoding != ENCODING_UDATA4 ||
	    (frame_encoding & ENCODING_FORMAT_MASK) != ENCODING_SDATA4)
		return false;
	*table_ret = reader;
	*n_entries_ret =
		(uint32_t)MIN((size_t)n_entries, byte_reader_left(&reader) / ENTRY_SIZE_BYTES);
	return *n_entries_ret > 0;
}

/** push %rbp and, soon after, mov %rsp,%rbp in either of its two forms. */
static bool keeps_frame_pointer_x86_64(struct bytes code)
{
	static const uint8_t moves[][3] = { { 0x48, 0x89, 0xe5 }, { 0x48, 0x8b, 0xec } };
	size_t size = MIN(code.size, (size_t)PROLOGUE_SIZE_MAX_BYTES);
	const uint8_t *push = memchr(code.data, 0x55, size);

	for (size_t i = 0; push && i < ARRAY_SIZE(moves); i++)
		if (memmem(push + 1, size - (size_t)(push + 1 - code.data), moves[i],
			   sizeof(moves[i])))
			return true;
	return false;
}

/** stp x29, x30, [sp, #-N]! */
static bool keeps_frame_pointer_aarch64(struct bytes code)
{
	size_t size = MIN(code.size, (size_t)PROLOGUE_SIZE_MAX_BYTES);

	for (size_t i = 0; i + 4 <= size; i += 4) {
		uint32_t instruction = (uint32_t)code.data[i] | (uint32_t)code.data[i + 1] << 8 |
				       (uint32_t)code.data[i + 2] << 16 |
				       (uint32_t)code.data[i + 3] << 24;

		if ((instruction & 0xffc07fff) == 0xa9807bfd)
			return true;
	}
	return false;
}

typedef bool (*keeps_frame_pointer)(struct bytes code);

static keeps_frame_pointer test_for(const struct object *object)
{
	if (!object->architecture)
		return NULL;
	switch (object->architecture->elf_machine) {
	case EM_X86_64:
		return keeps_frame_pointer_x86_64;
	case EM_AARCH64:
		return keeps_frame_pointer_aarch64;
	default:
		return NULL;
	}
}

/** Address of the function of entry @p index. */
static struct error *read_entry(struct byte_reader table, uint64_t header_address, uint32_t index,
				uint64_t *ret)
{
	uint32_t offset;

	RETURN_IF_ERROR(byte_reader_skip(&table, (size_t)index * ENTRY_SIZE_BYTES));
	RETURN_IF_ERROR(byte_reader_u32(&table, &offset));
	*ret = header_address + (uint64_t)(int64_t)(int32_t)offset;
	return NULL;
}

bool frame_pointer_count_of(struct object *object, struct frame_pointer_count *ret)
{
	keeps_frame_pointer keeps = test_for(object);
	struct frame_pointer_count count = { 0 };
	uint64_t header_address = 0;
	struct byte_reader table;
	uint32_t n_entries, step;

	if (!keeps || !read_table(object, &table, &header_address, &n_entries))
		return false;
	step = (n_entries + FRAME_POINTER_FUNCTIONS_MAX - 1) / FRAME_POINTER_FUNCTIONS_MAX;
	for (uint32_t i = 0; i < n_entries; i += step) {
		uint64_t function_address = 0;
		_cleanup_error_ struct error *error =
			read_entry(table, header_address, i, &function_address);
		struct bytes code = { 0 };

		if (!error)
			code = object_bytes_at(object, function_address);
		if (!code.size)
			continue;
		count.n_functions++;
		count.n_keeping += keeps(code);
	}
	if (!count.n_functions)
		return false;
	*ret = count;
	return true;
}
