#pragma once

/**
 * The records of a perf.data file in file order, decompressed, still as bytes.
 * Several inputs (the files of a perf.data folder) are read one after another.
 */

#include "perfdata/perf_data_input_internal.h"
#include "record/record.h"

struct perf_data_stream;

/** One record's bytes. */
struct raw_record {
	struct bytes bytes; /**< Of the other byte order if the inputs are. */
	uint32_t type;
	uint64_t offset; /**< In the file; of the compressed record that held it, if one did. */
	bool is_stable;  /**< The bytes stay until the stream is destroyed. */
};

/** @param inputs  Borrowed; each positioned at its first record. */
struct perf_data_stream *perf_data_stream_create(struct perf_data_input *inputs, size_t n_inputs);
void perf_data_stream_destroy(struct perf_data_stream *stream);

/**
 * The next record, valid until the next call. TRACING_DATA and AUXTRACE are
 * left out with the payload that follows them; COMPRESSED records are replaced by
 * what they hold.
 *
 * @param is_end_ret  No more; @p ret is left alone.
 * @return ERROR_FORMAT with the offset; the stream cannot go on after it. That an input ended
 *         inside a record (a recorder was killed, a file or pipe cut) comes after what the
 *         others have.
 */
struct error *perf_data_stream_next(struct perf_data_stream *stream, struct raw_record *ret,
				    bool *is_end_ret) MUST_CHECK;

/** The input ended inside a record. */
bool perf_data_stream_was_cut(const struct perf_data_stream *stream);

/** Name of the input being read, for messages. */
const char *perf_data_stream_name(const struct perf_data_stream *stream);
