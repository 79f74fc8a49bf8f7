#pragma once

/**
 * ELF files for tests, made piece by piece:
 *
 *     struct elf_builder builder;
 *
 *     elf_builder_init(&builder, ELFCLASS64, ELFDATA2LSB, EM_X86_64);
 *     elf_builder_add_code(&builder, ".text", 0x401000, code);
 *     elf_builder_add_build_id(&builder, "0123456789abcdef");
 *     elf_builder_add_symbol(&builder, "main", 0x401000, 16, STT_FUNC);
 *     elf_builder_write(&builder, "/tmp/x/program");
 *     elf_builder_deinit(&builder);
 *
 * Pieces are laid out in the order they are added. Failing system calls end the test.
 */

#include "base/build_id.h"
#include "base/bytes.h"
#include "base/vector.h"

#include <gelf.h>

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/** Fixed so that runtime and file pages agree on every CPU here. */
#define ELF_BUILDER_PAGE_BYTES 4096

struct elf_builder_section {
	char *name;
	uint32_t type;
	uint64_t flags;
	uint64_t elf_address;
	uint64_t alignment; /**< 0 counts as 1. */
	uint64_t entry_size_bytes;
	uint32_t link, info;
	uint64_t size_bytes; /**< Of SHT_NOBITS; others have that of their content. */
	struct byte_vector content;
	uint64_t file_offset; /**< Set when laid out. */
};

DEFINE_VECTOR(elf_builder_section_vector, struct elf_builder_section)
DEFINE_VECTOR(elf_builder_segment_vector, GElf_Phdr)
DEFINE_VECTOR(elf_builder_symbol_vector, GElf_Sym)

struct elf_builder {
	uint8_t elf_class, data;
	uint16_t machine, type;
	uint64_t entry_elf_address;
	bool is_without_sections; /**< As after `strip --strip-section-headers`. */
	struct elf_builder_section_vector sections;
	struct elf_builder_segment_vector segments;
	struct elf_builder_symbol_vector symbols;
	struct byte_vector symbol_names;
	uint64_t end_offset; /**< Of what is laid out so far. */
	struct byte_vector image;
};

void elf_builder_init(struct elf_builder *builder, uint8_t elf_class, uint8_t data,
		      uint16_t machine);
void elf_builder_deinit(struct elf_builder *builder);

/**
 * A section with a copy of @p content. With SHF_ALLOC its file offset agrees
 * with its address modulo a page, as loading needs it.
 *
 * @return its description, for what is rarely set; valid until the next section.
 */
struct elf_builder_section *elf_builder_add_section(struct elf_builder *builder, const char *name,
						    uint32_t type, uint64_t flags,
						    uint64_t elf_address, struct bytes content);

/** An executable section and its own PT_LOAD. */
void elf_builder_add_code(struct elf_builder *builder, const char *name, uint64_t elf_address,
			  struct bytes content);

void elf_builder_add_segment(struct elf_builder *builder, const GElf_Phdr *header);

/** .note.gnu.build-id and its PT_NOTE. @p hex has two digits a byte. */
void elf_builder_add_build_id(struct elf_builder *builder, const char *hex);

/** The same as a value. */
struct build_id elf_builder_build_id(const char *hex);

/** SHF_COMPRESSED. @p type: ELFCOMPRESS_ZLIB or ELFCOMPRESS_ZSTD. */
void elf_builder_add_compressed(struct elf_builder *builder, const char *name, uint32_t type,
				struct bytes content);

/** The older form; @p name begins with ".zdebug_". */
void elf_builder_add_zdebug(struct elf_builder *builder, const char *name, struct bytes content);

/** .gnu_debuglink. */
void elf_builder_add_debug_link(struct elf_builder *builder, const char *file_name, uint32_t crc);

/** @p type: STT_FUNC, ...; global. Goes into .symtab, which is made when there is any. */
void elf_builder_add_symbol(struct elf_builder *builder, const char *name, uint64_t elf_address,
			    uint64_t size_bytes, uint8_t type);

/** The finished file, owned by the builder. Nothing may be added afterwards. */
struct bytes elf_builder_image(struct elf_builder *builder);

/** The finished file at @p path. */
void elf_builder_write(struct elf_builder *builder, const char *path);

/** Any bytes at @p path. */
void elf_builder_write_bytes(struct bytes bytes, const char *path);

/** The bytes of a string literal or text, without the NUL. */
static inline struct bytes bytes_of_text(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}
