#include "symbols/debug_package_internal.h"

/** A power of two of slots, two thirds full; no program has this many units. */
#define SLOTS_MAX   (UINT32_C(1) << 24)
#define COLUMNS_MAX 16

/** DW_SECT_*; the same in both versions, but for the range lists, which are new in 5. */
enum {
	SECTION_INFO = 1,
	SECTION_ABBREVIATIONS = 3,
	SECTION_TEXT_OFFSETS = 6,
	SECTION_RANGE_LISTS = 8,
};

struct package_index {
	struct byte_reader reader;
	uint32_t version, n_columns, n_units, n_slots;
	size_t identifiers, rows, columns, offsets, sizes; /**< Positions of the tables. */
};

void split_sections_read(struct object *object, struct split_sections *ret)
{
	*ret = (struct split_sections){
		.info = object_section(object, ".debug_info.dwo", NULL),
		.abbreviations = object_section(object, ".debug_abbrev.dwo", NULL),
		.texts = object_section(object, ".debug_str.dwo", NULL),
		.text_offsets = object_section(object, ".debug_str_offsets.dwo", NULL),
		.range_lists = object_section(object, ".debug_rnglists.dwo", NULL),
	};
}

static struct error *read_index(struct bytes bytes, struct package_index *ret)
{
	struct package_index index = { .reader = byte_reader_make(bytes, ".debug_cu_index") };
	size_t row_size_bytes;

	RETURN_IF_ERROR(byte_reader_u32(&index.reader, &index.version));
	index.version &= 0xffff; /* Version 5 has 16 bits of it and 16 of padding. */
	RETURN_IF_ERROR(byte_reader_u32(&index.reader, &index.n_columns));
	RETURN_IF_ERROR(byte_reader_u32(&index.reader, &index.n_units));
	RETURN_IF_ERROR(byte_reader_u32(&index.reader, &index.n_slots));
	if (index.version != 2 && index.version != 5)
		return byte_reader_error(&index.reader, "unknown version");
	if (!index.n_slots || index.n_slots & (index.n_slots - 1) || index.n_slots > SLOTS_MAX ||
	    index.n_units > index.n_slots || !index.n_columns || index.n_columns > COLUMNS_MAX)
		return byte_reader_error(&index.reader, "impossible counts");
	row_size_bytes = index.n_columns * sizeof(uint32_t);
	index.identifiers = index.reader.position;
	index.rows = index.identifiers + index.n_slots * sizeof(uint64_t);
	index.columns = index.rows + index.n_slots * sizeof(uint32_t);
	index.offsets = index.columns + row_size_bytes;
	index.sizes = index.offsets + index.n_units * row_size_bytes;
	RETURN_IF_ERROR(
		byte_reader_seek(&index.reader, index.sizes + index.n_units * row_size_bytes));
	*ret = index;
	return NULL;
}

static struct error *number_at(struct package_index *index, size_t table, size_t number,
			       uint32_t *ret)
{
	RETURN_IF_ERROR(byte_reader_seek(&index->reader, table + number * sizeof(*ret)));
	return byte_reader_u32(&index->reader, ret);
}

/** The row of @p dwo_id, from 1; 0: it has none. The hash table is DWARF's. */
static struct error *find_row(struct package_index *index, uint64_t dwo_id, uint32_t *ret)
{
	uint32_t mask = index->n_slots - 1;
	uint32_t slot = (uint32_t)dwo_id & mask;
	uint32_t step = ((uint32_t)(dwo_id >> 32) & mask) | 1;

	*ret = 0;
	for (uint32_t n_tried = 0; n_tried < index->n_slots; n_tried++) {
		uint64_t identifier;
		uint32_t row;

		RETURN_IF_ERROR(number_at(index, index->rows, slot, &row));
		RETURN_IF_ERROR(byte_reader_seek(&index->reader,
						 index->identifiers + slot * sizeof(identifier)));
		RETURN_IF_ERROR(byte_reader_u64(&index->reader, &identifier));
		if (!row)
			return NULL;
		if (identifier == dwo_id) {
			*ret = row;
			return NULL;
		}
		slot = (slot + step) & mask;
	}
	return NULL;
}

static struct bytes *section_of(struct split_sections *sections, uint32_t version, uint32_t kind)
{
	switch (kind) {
	case SECTION_INFO:
		return &sections->info;
	case SECTION_ABBREVIATIONS:
		return &sections->abbreviations;
	case SECTION_TEXT_OFFSETS:
		return &sections->text_offsets;
	case SECTION_RANGE_LISTS:
		return version == 5 ? &sections->range_lists : NULL;
	default:
		return NULL;
	}
}

static struct error *narrow_column(struct package_index *index, uint32_t row, uint32_t column,
				   struct split_sections *sections)
{
	uint32_t kind, offset, size_bytes;
	struct bytes *section;
	size_t cell = (size_t)(row - 1) * index->n_columns + column;

	RETURN_IF_ERROR(number_at(index, index->columns, column, &kind));
	RETURN_IF_ERROR(number_at(index, index->offsets, cell, &offset));
	RETURN_IF_ERROR(number_at(index, index->sizes, cell, &size_bytes));
	section = section_of(sections, index->version, kind);
	if (!section)
		return NULL;
	if (offset > section->size || size_bytes > section->size - offset)
		return byte_reader_error(&index->reader, "a part outside its section");
	*section = (struct bytes){ section->data + offset, size_bytes };
	return NULL;
}

struct error *split_sections_narrow(struct split_sections *sections, struct bytes bytes,
				    uint64_t dwo_id)
{
	struct split_sections narrowed = *sections;
	struct package_index index;
	uint32_t row;

	RETURN_IF_ERROR(read_index(bytes, &index));
	RETURN_IF_ERROR(find_row(&index, dwo_id, &row));
	if (!row)
		return error_new(ERROR_NOT_FOUND, "not in the package");
	if (row > index.n_units)
		return byte_reader_error(&index.reader, "a row that is not there");
	for (uint32_t column = 0; column < index.n_columns; column++)
		RETURN_IF_ERROR(narrow_column(&index, row, column, &narrowed));
	*sections = narrowed;
	return NULL;
}
