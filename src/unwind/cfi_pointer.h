#pragma once

/** Encoded pointers of .eh_frame: LSB 5.0 core, "DWARF Exception Header Encoding". */

#include "base/bytes.h"

/** Values of an encoding byte: format in the low half, application in the high half. */
enum cfi_pointer_encoding {
	CFI_POINTER_ABSOLUTE = 0x00, /**< Of the size of an address. */
	CFI_POINTER_ULEB128 = 0x01,
	CFI_POINTER_UDATA2 = 0x02,
	CFI_POINTER_UDATA4 = 0x03,
	CFI_POINTER_UDATA8 = 0x04,
	CFI_POINTER_SLEB128 = 0x09,
	CFI_POINTER_SDATA2 = 0x0a,
	CFI_POINTER_SDATA4 = 0x0b,
	CFI_POINTER_SDATA8 = 0x0c,
	CFI_POINTER_FORMAT_MASK = 0x0f,

	CFI_POINTER_PC_RELATIVE = 0x10,   /**< To the pointer's own address. */
	CFI_POINTER_DATA_RELATIVE = 0x30, /**< In .eh_frame_hdr: to the header's start. */
	CFI_POINTER_APPLICATION_MASK = 0x70,

	CFI_POINTER_INDIRECT = 0x80,
	CFI_POINTER_OMITTED = 0xff,
};

struct cfi_pointer_context {
	uint64_t section_address;   /**< Elf address of the reader's first byte. */
	uint64_t data_address;      /**< What DATA_RELATIVE counts from. */
	uint8_t address_size_bytes; /**< 4 or 8. */
};

/** Read the number alone, without its application: lengths, and pointers to skip. */
struct error *cfi_pointer_read_plain(struct byte_reader *reader, uint8_t encoding,
				     uint8_t address_size_bytes, uint64_t *ret) MUST_CHECK;

/** Read a pointer and apply its base. Indirect, text- and function-relative ones are errors. */
struct error *cfi_pointer_read(struct byte_reader *reader, uint8_t encoding,
			       const struct cfi_pointer_context *context, uint64_t *ret) MUST_CHECK;
