#pragma once

/** ELF files put together in memory, for libdw: sections from anywhere, under any names. */

#include "base/bytes.h"

#include <libelf.h>

/** More sections than these are never put together. */
#define DEBUG_ELF_SECTIONS_MAX 12

struct debug_section {
	const char *name;
	struct bytes content; /**< Empty: the file has no such section. */
};

/**
 * A libelf handle over @p sections, whose contents are borrowed and not copied.
 *
 * @param data_encoding  ELFDATA2LSB or ELFDATA2MSB.
 * @param memory_ret     Free it after elf_end().
 */
Elf *debug_elf_create(const struct debug_section *sections, size_t n_sections,
		      uint8_t data_encoding, void **memory_ret);

/** The same in one run of bytes, to be kept in a file. NULL: too large. Free it. */
uint8_t *debug_elf_write(const struct debug_section *sections, size_t n_sections,
			 uint8_t data_encoding, size_t *size_bytes_ret);
