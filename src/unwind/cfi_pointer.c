#include "unwind/cfi_pointer.h"

static struct error *read_signed_leb128(struct byte_reader *reader, uint64_t *ret)
{
	int64_t value;

	RETURN_IF_ERROR(byte_reader_sleb128(reader, &value));
	*ret = (uint64_t)value;
	return NULL;
}

static struct error *read_2(struct byte_reader *reader, bool is_signed, uint64_t *ret)
{
	uint16_t value;

	RETURN_IF_ERROR(byte_reader_u16(reader, &value));
	*ret = is_signed ? (uint64_t)(int16_t)value : value;
	return NULL;
}

static struct error *read_4(struct byte_reader *reader, bool is_signed, uint64_t *ret)
{
	uint32_t value;

	RETURN_IF_ERROR(byte_reader_u32(reader, &value));
	*ret = is_signed ? (uint64_t)(int32_t)value : value;
	return NULL;
}

struct error *cfi_pointer_read_plain(struct byte_reader *reader, uint8_t encoding,
				     uint8_t address_size_bytes, uint64_t *ret)
{
	switch (encoding & CFI_POINTER_FORMAT_MASK) {
	case CFI_POINTER_ABSOLUTE:
		return address_size_bytes == 8 ? byte_reader_u64(reader, ret)
					       : read_4(reader, false, ret);
	case CFI_POINTER_ULEB128:
		return byte_reader_uleb128(reader, ret);
	case CFI_POINTER_SLEB128:
		return read_signed_leb128(reader, ret);
	case CFI_POINTER_UDATA2:
	case CFI_POINTER_SDATA2:
		return read_2(reader, (encoding & 0x08) != 0, ret);
	case CFI_POINTER_UDATA4:
	case CFI_POINTER_SDATA4:
		return read_4(reader, (encoding & 0x08) != 0, ret);
	case CFI_POINTER_UDATA8:
	case CFI_POINTER_SDATA8:
		return byte_reader_u64(reader, ret);
	default:
		return byte_reader_error(reader, "unknown pointer format");
	}
}

struct error *cfi_pointer_read(struct byte_reader *reader, uint8_t encoding,
			       const struct cfi_pointer_context *context, uint64_t *ret)
{
	uint64_t base = 0;
	uint64_t value;

	if (encoding & CFI_POINTER_INDIRECT)
		return byte_reader_error(reader, "indirect pointer");
	switch (encoding & CFI_POINTER_APPLICATION_MASK) {
	case 0:
		break;
	case CFI_POINTER_PC_RELATIVE:
		base = context->section_address + reader->position;
		break;
	case CFI_POINTER_DATA_RELATIVE:
		base = context->data_address;
		break;
	default:
		return byte_reader_error(reader, "pointer with an unknown base");
	}
	RETURN_IF_ERROR(
		cfi_pointer_read_plain(reader, encoding, context->address_size_bytes, &value));
	value += base;
	*ret = context->address_size_bytes == 4 ? (uint32_t)value : value;
	return NULL;
}
