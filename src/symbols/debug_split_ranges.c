#include "symbols/debug_split_internal.h"

#include <dwarf.h>
#include <inttypes.h>

/** Size of an address: split DWARF of 32-bit programs is not read. */
#define ADDRESS_SIZE_BYTES 8

/** unit_length, version, address size, segment size, offset count (DWARF 5 section 7.28). */
#define LISTS_HEADER_SIZE_BYTES    12
#define LISTS_HEADER_64_SIZE_BYTES 20

/** A unit_length of this says that the next 8 bytes are it, and that offsets have 8 bytes. */
#define LENGTH_IS_64_BIT UINT32_MAX

struct range_walk {
	const struct debug_split *split;
	debug_range_handler *handler;
	void *context;
	uint64_t base; /**< What offsets start from. */
};

static struct error *address_at(const struct debug_split *split, uint64_t index, uint64_t *ret)
{
	struct byte_reader reader = byte_reader_make(split->addresses, ".debug_addr");

	if (index > split->addresses.size / ADDRESS_SIZE_BYTES)
		return error_new(ERROR_FORMAT, ".debug_addr: no address %" PRIu64, index);
	RETURN_IF_ERROR(byte_reader_seek(&reader, index * ADDRESS_SIZE_BYTES));
	return byte_reader_u64(&reader, ret);
}

static struct error *read_indexed(struct range_walk *walk, struct byte_reader *reader,
				  uint64_t *ret)
{
	uint64_t index;

	RETURN_IF_ERROR(byte_reader_uleb128(reader, &index));
	return address_at(walk->split, index, ret);
}

/** The operands of one entry; @p is_range_ret false: it was another base, in walk->base. */
static struct error *read_entry(struct range_walk *walk, struct byte_reader *reader, uint8_t kind,
				uint64_t *start_ret, uint64_t *end_ret, bool *is_range_ret)
{
	uint64_t start = 0, end = 0;

	*is_range_ret = true;
	switch (kind) {
	case DW_RLE_base_addressx:
		*is_range_ret = false;
		return read_indexed(walk, reader, &walk->base);
	case DW_RLE_base_address:
		*is_range_ret = false;
		return byte_reader_u64(reader, &walk->base);
	case DW_RLE_startx_endx:
		RETURN_IF_ERROR(read_indexed(walk, reader, &start));
		RETURN_IF_ERROR(read_indexed(walk, reader, &end));
		break;
	case DW_RLE_startx_length:
		RETURN_IF_ERROR(read_indexed(walk, reader, &start));
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &end));
		end += start;
		break;
	case DW_RLE_offset_pair:
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &start));
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &end));
		start += walk->base;
		end += walk->base;
		break;
	case DW_RLE_start_end:
		RETURN_IF_ERROR(byte_reader_u64(reader, &start));
		RETURN_IF_ERROR(byte_reader_u64(reader, &end));
		break;
	case DW_RLE_start_length:
		RETURN_IF_ERROR(byte_reader_u64(reader, &start));
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &end));
		end += start;
		break;
	default:
		return byte_reader_error(reader, "unknown kind of range");
	}
	*start_ret = start;
	*end_ret = end;
	return NULL;
}

/** DWARF 5 section 2.17.3. */
static struct error *walk_list(struct range_walk *walk, struct byte_reader *reader)
{
	for (;;) {
		uint64_t start = 0, end = 0;
		bool is_range;
		uint8_t kind;

		RETURN_IF_ERROR(byte_reader_u8(reader, &kind));
		if (kind == DW_RLE_end_of_list)
			return NULL;
		RETURN_IF_ERROR(read_entry(walk, reader, kind, &start, &end, &is_range));
		if (is_range && !walk->handler(walk->context, start, end))
			return NULL;
	}
}

/** DWARF 4 section 2.17.3: pairs; one that begins with all ones sets the base. */
static struct error *walk_pairs(struct range_walk *walk, struct byte_reader *reader)
{
	for (;;) {
		uint64_t start, end;

		RETURN_IF_ERROR(byte_reader_u64(reader, &start));
		RETURN_IF_ERROR(byte_reader_u64(reader, &end));
		if (!start && !end)
			return NULL;
		if (start == UINT64_MAX)
			walk->base = end;
		else if (!walk->handler(walk->context, walk->base + start, walk->base + end))
			return NULL;
	}
}

/** Go to list @p index of the unit's table. */
static struct error *seek_list(struct byte_reader *reader, uint64_t index)
{
	size_t table = LISTS_HEADER_SIZE_BYTES;
	uint32_t length, offset;
	uint64_t offset_64;

	RETURN_IF_ERROR(byte_reader_u32(reader, &length));
	if (length == LENGTH_IS_64_BIT)
		table = LISTS_HEADER_64_SIZE_BYTES;
	if (index > reader->bytes.size / sizeof(offset))
		return byte_reader_error(reader, "no such list");
	if (length == LENGTH_IS_64_BIT) {
		RETURN_IF_ERROR(byte_reader_seek(reader, table + index * sizeof(offset_64)));
		RETURN_IF_ERROR(byte_reader_u64(reader, &offset_64));
	} else {
		RETURN_IF_ERROR(byte_reader_seek(reader, table + index * sizeof(offset)));
		RETURN_IF_ERROR(byte_reader_u32(reader, &offset));
		offset_64 = offset;
	}
	return byte_reader_seek(reader,
				offset_64 > reader->bytes.size ? SIZE_MAX : table + offset_64);
}

struct error *debug_split_ranges(const struct debug_split *split, Dwarf_Die *die,
				 debug_range_handler *handler, void *context, bool *is_listed_ret)
{
	struct range_walk walk = {
		.split = split, .handler = handler, .context = context, .base = split->base_address
	};
	struct byte_reader reader;
	Dwarf_Attribute attribute;
	Dwarf_Half version = 0;
	Dwarf_Word value;

	*is_listed_ret = dwarf_attr(die, DW_AT_ranges, &attribute);
	if (!*is_listed_ret)
		return NULL;
	dwarf_cu_info(die->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL);
	if (dwarf_formudata(&attribute, &value) != 0)
		return error_new(ERROR_FORMAT, "ranges of an unknown form");
	reader = version < 5 ? byte_reader_make(split->ranges, ".debug_ranges")
			     : byte_reader_make(split->sections.range_lists, ".debug_rnglists");
	if (dwarf_whatform(&attribute) == DW_FORM_rnglistx)
		RETURN_IF_ERROR(seek_list(&reader, value));
	else
		RETURN_IF_ERROR(byte_reader_seek(&reader, value));
	return version < 5 ? walk_pairs(&walk, &reader) : walk_list(&walk, &reader);
}
