#pragma once

/** Shared by the files of record/. */

#include "record/record.h"

/** The fields at the front of a sample, one 8-byte word each, in the kernel's order. */
#define SAMPLE_FIXED_FIELDS                                                                        \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |             \
	 PERF_SAMPLE_PERIOD)

/** Where the parts that record_encode_sample() replaces are, as offsets in the record. */
struct sample_parts {
	size_t callchain_begin, callchain_end; /**< Equal when there is none. */
	size_t user_begin, user_end;           /**< REGS_USER and STACK_USER. */
};

/** The sample_id trailer: one 8-byte word for each of these, in this order. */
#define TRAILER_FIELDS                                                                             \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |             \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER)

/** First type that perf itself adds: these have no trailer. */
#define FIRST_PERF_TYPE 64

/** PERF_SAMPLE_BRANCH_COUNTERS, kernel 6.8; one more word per branch after the entries. */
#define BRANCH_COUNTERS (UINT64_C(1) << 19)

/** PERF_FORMAT_LOST, kernel 6.0. */
#define READ_FORMAT_LOST (UINT64_C(1) << 4)

/** Where a sample has its event id, from the record's start; 0: it has none. */
size_t sample_id_offset(uint64_t sample_type);

/** Bytes that @p fields take up when each is one 8-byte word. */
static inline size_t fields_size_bytes(uint64_t fields)
{
	return (size_t)__builtin_popcountll(fields) * sizeof(uint64_t);
}

/** Loads that advance; the caller has checked that the bytes are there. */
static inline uint64_t load_u64(const uint8_t **cursor)
{
	uint64_t value;

	memcpy(&value, *cursor, sizeof(value));
	*cursor += sizeof(value);
	return value;
}

static inline uint32_t load_u32(const uint8_t **cursor)
{
	uint32_t value;

	memcpy(&value, *cursor, sizeof(value));
	*cursor += sizeof(value);
	return value;
}

/** byte_reader_u64() and byte_reader_bytes() inlined: they run several times a sample. */
static inline struct error *take_u64(struct byte_reader *reader, uint64_t *ret)
{
	if (__builtin_expect(byte_reader_left(reader) < sizeof(*ret), 0))
		return byte_reader_past_end(reader, sizeof(*ret));
	memcpy(ret, reader->bytes.data + reader->position, sizeof(*ret));
	reader->position += sizeof(*ret);
	return NULL;
}

static inline struct error *take_bytes(struct byte_reader *reader, size_t size_bytes,
				       struct bytes *ret)
{
	if (__builtin_expect(byte_reader_left(reader) < size_bytes, 0))
		return byte_reader_past_end(reader, size_bytes);
	*ret = (struct bytes){ .data = reader->bytes.data + reader->position, .size = size_bytes };
	reader->position += size_bytes;
	return NULL;
}

/**
 * Take a PERF_RECORD_SAMPLE apart.
 *
 * @param reader     Over the whole record, positioned after its header.
 * @param ret        The fields of the sample are set, others left alone.
 * @param parts_ret  May be NULL.
 */
struct error *sample_decode(const struct record_layout *layout, struct byte_reader *reader,
			    struct record *ret, struct sample_parts *parts_ret) MUST_CHECK;
