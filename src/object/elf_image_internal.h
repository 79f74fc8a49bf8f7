#pragma once

/**
 * One ELF file in memory, its headers checked: the part of object/ that meets
 * foreign bytes first. Private to object/.
 */

#include "base/file_mapping.h"
#include "object/object.h"

/** Larger files are refused. The largest known (debug files of browsers) are below 8 GiB. */
#define ELF_IMAGE_SIZE_MAX_BYTES (UINT64_C(64) << 30)

/** e_phnum, PN_XNUM included. Linkers write about a dozen; the kernel loads at most 64 KiB of them.
 */
#define ELF_IMAGE_PROGRAM_HEADERS_MAX 65536

/** PT_LOAD among them: every address conversion walks these. */
#define ELF_IMAGE_SEGMENTS_MAX 4096

/** e_shnum, extended numbering included. */
#define ELF_IMAGE_SECTIONS_MAX 1000000

/** A section header as it was in the file: libdw rewrites those of compressed sections in place. */
struct elf_section {
	const char *name; /**< In the image, NUL-terminated; "" when the name is damaged. */
	uint32_t type;
	uint64_t flags;
	uint64_t elf_address;
	uint64_t alignment;
	struct bytes
		stored; /**< As stored; empty for SHT_NOBITS and for ranges outside the file. */

	/* Set at first use by object_section(). */
	bool is_decompressed;
	struct bytes decompressed; /**< On the heap; empty when damaged. */
};

DEFINE_VECTOR(elf_section_vector, struct elf_section)

/** Four 64-bit numbers in hexadecimal. */
#define ELF_IMAGE_STAMP_SIZE_BYTES 72

struct elf_image {
	struct bytes bytes;
	struct file_mapping mapping; /**< Of the bytes; none: they are on the heap. */
	/** Of the file: device, inode, time of last change; "": the bytes are of no file. */
	char stamp[ELF_IMAGE_STAMP_SIZE_BYTES];
	bool is_64_bit;
	bool is_swapped;  /**< The other byte order than ours. */
	uint16_t machine; /**< EM_*. */
	uint64_t entry_elf_address;
	Elf *elf;
	struct build_id build_id;
	struct object_segment_vector segments; /**< Ascending by file offset. */
	struct elf_section_vector sections;    /**< By section index. */
};

enum elf_image_use {
	/** The program was loaded from it: a segment outside the file means it is damaged. */
	ELF_IMAGE_LOADED,
	/** A separate debug file: its segments were emptied and mean nothing here (objcopy(1),
	 *  --only-keep-debug). */
	ELF_IMAGE_DEBUG,
};

/**
 * Map the file at @p path and check its headers.
 *
 * @return a system error when it cannot be read, ERROR_FORMAT when it is not
 *         ELF or damaged, ERROR_UNSUPPORTED when it is no regular file or too large.
 */
struct error *elf_image_open(const char *path, enum elf_image_use use,
			     struct elf_image *ret) MUST_CHECK;

/** The same for bytes on the heap, which the image takes over, also on failure. */
struct error *elf_image_adopt(uint8_t *bytes, size_t size_bytes, enum elf_image_use use,
			      struct elf_image *ret) MUST_CHECK;

/** Fine on an all-zero struct. */
void elf_image_deinit(struct elf_image *image);

/** NULL when there is no section of that name. The first of several. */
struct elf_section *elf_image_find_section(struct elf_image *image, const char *name);

bool elf_image_has_debug_information(struct elf_image *image);

/** A copy of a stripped program lies where its debug file might: it tells nothing new. */
bool elf_image_has_names(struct elf_image *image);

/**
 * NT_GNU_BUILD_ID in a run of notes (elf(5), "Notes"). False: not there, or longer
 * than BUILD_ID_SIZE_MAX_BYTES.
 *
 * @param alignment  Of names and descriptors: 8 when the segment or section says so, else 4.
 */
bool elf_notes_find_build_id(struct bytes notes, bool is_swapped, size_t alignment,
			     struct build_id *ret);
