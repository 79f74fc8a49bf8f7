#pragma once

/**
 * Whole records in, COMPRESSED records out: one zstd stream over all of them, flushed at the
 * end of each chunk, so that what is out can be read whatever happens afterwards.
 *
 * Source: PERF_RECORD_COMPRESSED and HEADER_COMPRESSED in
 * tools/perf/Documentation/perf.data-file-format.txt of the kernel. perf gives each record
 * room for comp_mmap_len decompressed bytes and what was left over of the one before.
 */

#include "base/bytes.h"
#include "base/vector.h"

/** Decompressed bytes of a chunk at most; the comp_mmap_len that the header tells. */
#define PERF_DATA_CHUNK_SIZE_MAX_BYTES ((size_t)256 * 1024)

struct perf_data_compressor;

/** @param level  1 to 22, as zstd has them. */
struct error *perf_data_compressor_create(unsigned int level,
					  struct perf_data_compressor **ret) MUST_CHECK;
void perf_data_compressor_destroy(struct perf_data_compressor *compressor);

/** Gather one whole record; a chunk that is full goes to @p out, after what is there. */
struct error *perf_data_compressor_append(struct perf_data_compressor *compressor,
					  struct bytes record, struct byte_vector *out) MUST_CHECK;

/** Bring out all that was gathered. */
struct error *perf_data_compressor_flush(struct perf_data_compressor *compressor,
					 struct byte_vector *out) MUST_CHECK;

/** The body of HEADER_COMPRESSED, with the ratio reached so far. */
void perf_data_compressor_describe(const struct perf_data_compressor *compressor,
				   struct byte_vector *out);
