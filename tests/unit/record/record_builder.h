#pragma once

/**
 * Makes kernel event bytes for tests: several records one after another, as in
 * a ring. The bytes are 8-byte aligned and valid until the next append.
 *
 *     struct record_builder builder = { 0 };
 *     record_builder_begin(&builder, PERF_RECORD_COMM, 0);
 *     record_builder_u32(&builder, pid);
 *     record_builder_u32(&builder, tid);
 *     record_builder_text(&builder, "sh");
 *     record_builder_trailer(&builder, &layout, &values);
 *     struct bytes bytes = record_builder_end(&builder);
 */

#include "base/vector.h"
#include "record/record.h"

struct record_builder {
	struct byte_vector bytes;
	size_t record_begin; /**< Of the record being made, or the last one. */
};

void record_builder_deinit(struct record_builder *builder);

void record_builder_begin(struct record_builder *builder, uint32_t type, uint16_t misc);
void record_builder_u8(struct record_builder *builder, uint8_t value);
void record_builder_u16(struct record_builder *builder, uint16_t value);
void record_builder_u32(struct record_builder *builder, uint32_t value);
void record_builder_u64(struct record_builder *builder, uint64_t value);
void record_builder_bytes(struct record_builder *builder, const void *bytes, size_t size_bytes);

/** NUL-terminated and padded with zeros to 8 bytes, as the kernel does. */
void record_builder_text(struct record_builder *builder, const char *text);

/** Zeros up to the next multiple of 8 in the record. */
void record_builder_pad(struct record_builder *builder);

/** The sample_id trailer, when @p layout has one: pid, tid, time_ns, cpu and id of @p values. */
void record_builder_trailer(struct record_builder *builder, const struct record_layout *layout,
			    const struct record *values);

/** Set the size; the bytes of this record alone. */
struct bytes record_builder_end(struct record_builder *builder);

/** All records so far. */
struct bytes record_builder_all(const struct record_builder *builder);

/** A whole sample with the fields of @p values that @p layout has. */
struct bytes record_builder_sample(struct record_builder *builder,
				   const struct record_layout *layout, const struct record *values);

/**
 * The values of a user-side sample with all that can be in one: four registers of the mask 0x8181,
 * two branches without flags. What it points to is static.
 */
struct record record_builder_example(uint64_t id);

/** A whole MMAP2: with a build id when the mapping has one. */
struct bytes record_builder_mmap2(struct record_builder *builder,
				  const struct record_layout *layout, const struct record *values);

/** A whole COMM. */
struct bytes record_builder_comm(struct record_builder *builder, const struct record_layout *layout,
				 const struct record *values);

/** A whole FORK or EXIT (values->type). */
struct bytes record_builder_task(struct record_builder *builder, const struct record_layout *layout,
				 const struct record *values);

/** A record of perf's own without a body. */
struct bytes record_builder_finished_round(struct record_builder *builder);
