#pragma once

/** Call frame information made by hand, for tests. */

#include "base/vector.h"
#include "unwind/cfi.h"

/** Where the section under construction is, and where the code is. */
#define TEST_SECTION_ADDRESS UINT64_C(0x500000)
#define TEST_CODE_ADDRESS    UINT64_C(0x400000)

/** DWARF numbers of x86-64. */
enum {
	TEST_RAX = 0,
	TEST_RDX = 1,
	TEST_RBX = 3,
	TEST_RDI = 5,
	TEST_RBP = 6,
	TEST_RSP = 7,
	TEST_R8 = 8,
	TEST_R10 = 10,
	TEST_R12 = 12,
	TEST_RIP = 16,
};

struct cfi_builder {
	struct byte_vector bytes;
	size_t cie_position;
	bool is_debug_frame;
	bool is_64_bit_format;
};

static inline void cfi_builder_u32(struct cfi_builder *builder, uint32_t value)
{
	byte_vector_append_bytes(&builder->bytes, &value, sizeof(value));
}

static inline void cfi_builder_u64(struct cfi_builder *builder, uint64_t value)
{
	byte_vector_append_bytes(&builder->bytes, &value, sizeof(value));
}

/** Begin an entry; returns the position of its content, for cfi_builder_end(). */
static inline size_t cfi_builder_begin(struct cfi_builder *builder)
{
	if (builder->is_64_bit_format) {
		cfi_builder_u32(builder, UINT32_MAX);
		cfi_builder_u64(builder, 0);
	} else {
		cfi_builder_u32(builder, 0);
	}
	return builder->bytes.count;
}

static inline void cfi_builder_end(struct cfi_builder *builder, size_t content_position)
{
	uint64_t length = builder->bytes.count - content_position;

	if (builder->is_64_bit_format)
		memcpy(builder->bytes.items + content_position - 8, &length, 8);
	else
		memcpy(builder->bytes.items + content_position - 4, &length, 4);
}

/** @param augmentation  Its data, after the letters, is @p data. */
static inline void cfi_builder_cie(struct cfi_builder *builder, uint8_t version,
				   const char *augmentation, struct bytes data,
				   struct bytes instructions)
{
	size_t content;

	builder->cie_position = builder->bytes.count;
	content = cfi_builder_begin(builder);
	if (!builder->is_debug_frame)
		cfi_builder_u32(builder, 0);
	else if (builder->is_64_bit_format)
		cfi_builder_u64(builder, UINT64_MAX);
	else
		cfi_builder_u32(builder, UINT32_MAX);
	byte_vector_append(&builder->bytes, version);
	byte_vector_append_bytes(&builder->bytes, augmentation, strlen(augmentation) + 1);
	if (version == 4)
		byte_vector_append_bytes(&builder->bytes, (uint8_t[]){ 8, 0 }, 2);
	byte_vector_append(&builder->bytes, 1);    /* code alignment */
	byte_vector_append(&builder->bytes, 0x78); /* data alignment: -8 */
	byte_vector_append(&builder->bytes, TEST_RIP);
	if (*augmentation == 'z')
		byte_vector_append(&builder->bytes, (uint8_t)data.size);
	byte_vector_append_bytes(&builder->bytes, data.data, data.size);
	byte_vector_append_bytes(&builder->bytes, instructions.data, instructions.size);
	cfi_builder_end(builder, content);
}

/** The CIE of every compiler: CFA = rsp + 8, return address at CFA - 8, pcrel sdata4. */
static inline void cfi_builder_usual_cie(struct cfi_builder *builder)
{
	static const uint8_t data[] = { 0x1b };
	static const uint8_t instructions[] = { 0x0c, TEST_RSP, 8, 0x80 | TEST_RIP, 1 };

	if (builder->is_debug_frame)
		cfi_builder_cie(builder, 4, "", (struct bytes){ 0 },
				(struct bytes){ instructions, sizeof(instructions) });
	else
		cfi_builder_cie(builder, 1, "zR", (struct bytes){ data, sizeof(data) },
				(struct bytes){ instructions, sizeof(instructions) });
}

/** An FDE of the last CIE, if that is a usual one. */
static inline void cfi_builder_fde(struct cfi_builder *builder, uint64_t start, uint64_t size_bytes,
				   struct bytes instructions)
{
	size_t content = cfi_builder_begin(builder);
	size_t position = builder->bytes.count;

	if (!builder->is_debug_frame) {
		cfi_builder_u32(builder, (uint32_t)(position - builder->cie_position));
		cfi_builder_u32(builder,
				(uint32_t)(start - (TEST_SECTION_ADDRESS + builder->bytes.count)));
		cfi_builder_u32(builder, (uint32_t)size_bytes);
		byte_vector_append(&builder->bytes, 0);
	} else {
		if (builder->is_64_bit_format)
			cfi_builder_u64(builder, builder->cie_position);
		else
			cfi_builder_u32(builder, (uint32_t)builder->cie_position);
		cfi_builder_u64(builder, start);
		cfi_builder_u64(builder, size_bytes);
	}
	byte_vector_append_bytes(&builder->bytes, instructions.data, instructions.size);
	cfi_builder_end(builder, content);
}

/** FDE with its instructions as arguments. */
#define CFI_BUILDER_FDE(builder, start, size_bytes, ...)                                           \
	cfi_builder_fde(builder, start, size_bytes,                                                \
			(struct bytes){ (const uint8_t[]){ __VA_ARGS__ },                          \
					sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static inline struct cfi_section cfi_builder_section(const struct cfi_builder *builder)
{
	return (struct cfi_section){
		.name = builder->is_debug_frame ? ".debug_frame" : ".eh_frame",
		.bytes = { builder->bytes.items, builder->bytes.count },
		.address = TEST_SECTION_ADDRESS,
		.is_debug_frame = builder->is_debug_frame,
	};
}

static inline void cfi_builder_deinit(struct cfi_builder *builder)
{
	byte_vector_deinit(&builder->bytes);
}
