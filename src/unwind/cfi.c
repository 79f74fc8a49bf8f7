#include "unwind/cfi.h"

#include "unwind/cfi_internal.h"

/** A length of this value announces the 64-bit format: DWARF 5 section 7.4. */
#define LENGTH_64_BIT UINT32_C(0xffffffff)

/** Every compilation unit may bring one; the biggest programs have some 100,000 units. */
#define CIES_MAX 4000000

/** The frame around a CIE or an FDE. */
struct entry {
	size_t id_position;
	size_t end;
	uint64_t id; /**< As read: a CIE mark or, in an FDE, where its CIE is. */
	bool is_64_bit_format;
	bool is_terminator;
};

struct cfi *cfi_create(const struct architecture *architecture, const struct cfi_section *section)
{
	struct cfi *cfi = memory_allocate(1, sizeof(*cfi));

	cfi->architecture = architecture;
	cfi->section = *section;
	return cfi;
}

void cfi_destroy(struct cfi *cfi)
{
	if (!cfi)
		return;
	cfi_cie_vector_deinit(&cfi->cies);
	cfi_cie_map_deinit(&cfi->cie_by_offset);
	cfi_registers_pool_deinit(&cfi->registers);
	free(cfi);
}

/* On success the reader stands behind the id. */
static struct error *read_entry(const struct cfi *cfi, struct byte_reader *reader,
				struct entry *ret)
{
	struct entry entry = { 0 };
	uint32_t short_value;
	uint64_t length;

	RETURN_IF_ERROR(byte_reader_u32(reader, &short_value));
	length = short_value;
	if (short_value == LENGTH_64_BIT) {
		entry.is_64_bit_format = true;
		RETURN_IF_ERROR(byte_reader_u64(reader, &length));
	}
	if (length > byte_reader_left(reader))
		return byte_reader_error(reader, "entry longer than its section");
	entry.id_position = reader->position;
	entry.end = reader->position + (size_t)length;
	entry.is_terminator = !length;
	if (entry.is_terminator) {
		*ret = entry;
		return NULL;
	}
	/* The id of .eh_frame has 4 bytes in either format (LSB). */
	if (entry.is_64_bit_format && cfi->section.is_debug_frame) {
		RETURN_IF_ERROR(byte_reader_u64(reader, &entry.id));
	} else {
		RETURN_IF_ERROR(byte_reader_u32(reader, &short_value));
		entry.id = short_value;
	}
	if (reader->position > entry.end)
		return byte_reader_error(reader, "entry too short");
	*ret = entry;
	return NULL;
}

static bool entry_is_cie(const struct cfi *cfi, const struct entry *entry)
{
	if (!cfi->section.is_debug_frame)
		return entry->id == 0;
	return entry->id == (entry->is_64_bit_format ? UINT64_MAX : UINT32_MAX);
}

/* The data that the letters after 'z' announce; LSB "Augmentation String". */
static struct error *read_augmentation(struct cfi_cie *cie, const char *letters,
				       struct byte_reader *reader)
{
	uint8_t encoding;
	uint64_t personality;

	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			RETURN_IF_ERROR(byte_reader_u8(reader, &cie->pointer_encoding));
			break;
		case 'L':
			RETURN_IF_ERROR(byte_reader_u8(reader, &encoding));
			break;
		case 'P':
			RETURN_IF_ERROR(byte_reader_u8(reader, &encoding));
			RETURN_IF_ERROR(cfi_pointer_read_plain(
				reader, encoding, cie->address_size_bytes, &personality));
			break;
		case 'S':
			cie->is_signal_frame = true;
			break;
		case 'B': /* Return addresses signed with key B (aarch64): no data. */
		case 'G': /* Stack tagged (aarch64): no data. */
			break;
		default:
			return byte_reader_error(reader, "unknown augmentation");
		}
	}
	return NULL;
}

static struct error *read_version_4_header(const struct cfi_cie *cie, struct byte_reader *reader)
{
	uint8_t address_size_bytes;
	uint8_t segment_size_bytes;

	RETURN_IF_ERROR(byte_reader_u8(reader, &address_size_bytes));
	RETURN_IF_ERROR(byte_reader_u8(reader, &segment_size_bytes));
	if (address_size_bytes != cie->address_size_bytes || segment_size_bytes)
		return byte_reader_error(reader, "CIE with an unknown address size");
	return NULL;
}

static struct error *read_return_address_column(const struct cfi *cfi, uint8_t version,
						struct byte_reader *reader)
{
	uint64_t column;
	uint8_t byte;

	if (version == 1) {
		RETURN_IF_ERROR(byte_reader_u8(reader, &byte));
		column = byte;
	} else {
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &column));
	}
	if (column != cfi->architecture->return_address_register)
		return byte_reader_error(reader, "CIE with an unusual return address register");
	return NULL;
}

/* @p reader covers the CIE and stands behind its id. */
static struct error *read_cie(struct cfi *cfi, struct byte_reader *reader, struct cfi_cie *cie)
{
	const char *augmentation;
	struct bytes data;
	uint64_t size_bytes;
	uint8_t version;

	RETURN_IF_ERROR(byte_reader_u8(reader, &version));
	if (version != 1 && version != 3 && version != 4)
		return byte_reader_error(reader, "CIE of an unknown version");
	RETURN_IF_ERROR(byte_reader_text(reader, &augmentation));
	if (version == 4)
		RETURN_IF_ERROR(read_version_4_header(cie, reader));
	RETURN_IF_ERROR(byte_reader_uleb128(reader, &cie->code_alignment));
	RETURN_IF_ERROR(byte_reader_sleb128(reader, &cie->data_alignment));
	RETURN_IF_ERROR(read_return_address_column(cfi, version, reader));
	if (*augmentation == 'z') {
		cie->has_augmentation_size = true;
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &size_bytes));
		if (size_bytes > byte_reader_left(reader))
			return byte_reader_error(reader, "augmentation longer than its CIE");
		RETURN_IF_ERROR(byte_reader_bytes(reader, (size_t)size_bytes, &data));

		struct byte_reader data_reader = cfi_reader(cfi, data);

		RETURN_IF_ERROR(read_augmentation(cie, augmentation + 1, &data_reader));
	} else if (*augmentation) {
		return byte_reader_error(reader, "unknown augmentation");
	}
	RETURN_IF_ERROR(byte_reader_bytes(reader, byte_reader_left(reader), &cie->instructions));
	return cfi_run_initial(cfi, cie);
}

/* The CIE at @p offset of the section, read at first need. */
static struct error *find_cie(struct cfi *cfi, uint64_t offset, uint32_t *index_ret)
{
	const uint32_t *known = cfi_cie_map_find(&cfi->cie_by_offset, offset);
	struct byte_reader reader = cfi_reader(cfi, cfi->section.bytes);
	struct entry entry;
	struct cfi_cie *cie;

	if (known) {
		*index_ret = *known;
		return NULL;
	}
	if (offset >= reader.bytes.size || cfi->cies.count >= CIES_MAX)
		return byte_reader_error(&reader, "FDE without a CIE");
	RETURN_IF_ERROR(byte_reader_seek(&reader, (size_t)offset));
	RETURN_IF_ERROR(read_entry(cfi, &reader, &entry));
	if (entry.is_terminator || !entry_is_cie(cfi, &entry))
		return byte_reader_error(&reader, "FDE without a CIE");

	*cfi_cie_map_insert(&cfi->cie_by_offset, offset, NULL) = (uint32_t)cfi->cies.count;
	*index_ret = (uint32_t)cfi->cies.count;
	cie = cfi_cie_vector_append_new(&cfi->cies);
	cie->address_size_bytes = cfi->architecture->is_64_bit ? 8 : 4;
	reader.bytes.size = entry.end;

	/* Its FDEs are then bad one by one, and counted; the others stand. */
	struct error *error = read_cie(cfi, &reader, cie);

	cie->is_unusable = error != NULL;
	error_destroy(error);
	return NULL;
}

static struct error *read_fde_body(struct cfi *cfi, struct byte_reader *reader, struct cfi_fde *ret)
{
	const struct cfi_cie *cie = &cfi->cies.items[ret->cie_index];
	const struct cfi_pointer_context context = {
		.section_address = cfi->section.address,
		.address_size_bytes = cie->address_size_bytes,
	};
	uint64_t size_bytes;
	uint64_t augmentation_size_bytes;

	if (cie->is_unusable)
		return byte_reader_error(reader, "FDE of an unusable CIE");
	RETURN_IF_ERROR(cfi_pointer_read(reader, cie->pointer_encoding, &context, &ret->start));
	RETURN_IF_ERROR(cfi_pointer_read_plain(reader, cie->pointer_encoding,
					       cie->address_size_bytes, &size_bytes));
	if (__builtin_add_overflow(ret->start, size_bytes, &ret->end))
		return byte_reader_error(reader, "FDE beyond the address space");
	if (cie->has_augmentation_size) {
		RETURN_IF_ERROR(byte_reader_uleb128(reader, &augmentation_size_bytes));
		if (augmentation_size_bytes > byte_reader_left(reader))
			return byte_reader_error(reader, "augmentation longer than its FDE");
		RETURN_IF_ERROR(byte_reader_skip(reader, (size_t)augmentation_size_bytes));
	}
	return byte_reader_bytes(reader, byte_reader_left(reader), &ret->instructions);
}

/* @p reader stands behind the id of @p entry and is taken to the entry's end. */
static struct error *read_fde(struct cfi *cfi, struct byte_reader *reader,
			      const struct entry *entry, struct cfi_fde *ret)
{
	struct byte_reader body = *reader;
	uint64_t cie_offset = entry->id;

	reader->position = entry->end;
	body.bytes.size = entry->end;
	/* In .eh_frame it counts back from its own place: LSB "CIE Pointer". */
	if (!cfi->section.is_debug_frame) {
		if (entry->id > entry->id_position)
			return byte_reader_error(&body, "FDE without a CIE");
		cie_offset = entry->id_position - entry->id;
	}
	RETURN_IF_ERROR(find_cie(cfi, cie_offset, &ret->cie_index));
	return read_fde_body(cfi, &body, ret);
}

struct error *cfi_read_fdes(struct cfi *cfi, struct cfi_fde_vector *fdes_ret, size_t *n_bad_ret)
{
	struct byte_reader reader = cfi_reader(cfi, cfi->section.bytes);

	while (byte_reader_left(&reader)) {
		struct cfi_fde fde = { 0 };
		struct entry entry;

		RETURN_IF_ERROR(read_entry(cfi, &reader, &entry));
		/* Linkers leave zero words between parts, so only a lone run ends at one. */
		if (entry.is_terminator) {
			if (cfi->section.ends_at_terminator)
				break;
			continue;
		}
		if (entry_is_cie(cfi, &entry)) {
			reader.position = entry.end;
			continue;
		}

		_cleanup_error_ struct error *error = read_fde(cfi, &reader, &entry, &fde);

		if (error)
			(*n_bad_ret)++;
		else
			cfi_fde_vector_append(fdes_ret, fde);
	}
	return NULL;
}

bool cfi_is_signal_frame(const struct cfi *cfi, const struct cfi_fde *fde)
{
	return cfi->cies.items[fde->cie_index].is_signal_frame;
}
