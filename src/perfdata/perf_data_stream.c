#include "perfdata/perf_data_stream_internal.h"

#include "base/memory.h"

#include <byteswap.h>
#include <inttypes.h>
#include <zstd.h>

/** Decompressed at once: room for the rest of one record and more. */
#define PLAIN_CAPACITY_BYTES ((size_t)256 * 1024)

/**
 * What one compressed record may grow to. perf compresses at most one ring buffer
 * into it; zstd alone would allow some gigabytes.
 */
#define DECOMPRESSED_SIZE_MAX_BYTES ((uint64_t)512 * 1024 * 1024)

/** 128 MiB, the largest window of zstd's normal levels; larger ones are refused. */
#define ZSTD_WINDOW_LOG_MAX 27

struct perf_data_stream {
	struct perf_data_input *inputs;
	size_t n_inputs;
	size_t input_index;
	bool was_cut;
	struct error *cut; /**< The first such end, until it is told. */

	ZSTD_DCtx *zstd; /**< NULL until the first compressed record. */
	struct bytes compressed;
	size_t compressed_position;
	uint64_t compressed_offset;    /**< Of the compressed record in the file. */
	uint64_t n_decompressed_bytes; /**< Out of that record. */
	bool has_more_output;
	uint8_t *plain; /**< Decompressed records; the last may go on in the next chunk. */
	size_t plain_begin, plain_end;
};

struct perf_data_stream *perf_data_stream_create(struct perf_data_input *inputs, size_t n_inputs)
{
	struct perf_data_stream *stream = memory_allocate(1, sizeof(*stream));

	stream->inputs = inputs;
	stream->n_inputs = n_inputs;
	return stream;
}

void perf_data_stream_destroy(struct perf_data_stream *stream)
{
	if (!stream)
		return;
	ZSTD_freeDCtx(stream->zstd);
	free(stream->plain);
	error_destroy(stream->cut);
	free(stream);
}

bool perf_data_stream_was_cut(const struct perf_data_stream *stream)
{
	return stream->was_cut;
}

const char *perf_data_stream_name(const struct perf_data_stream *stream)
{
	return stream->inputs[MIN(stream->input_index, stream->n_inputs - 1)].name;
}

static struct error *stream_error(const struct perf_data_stream *stream, const char *what,
				  uint64_t offset)
{
	return error_new(ERROR_FORMAT, "%s: %s at offset %" PRIu64, perf_data_stream_name(stream),
			 what, offset);
}

/** The input ends inside a record. Others may be whole: it is told at the end of all. */
static void note_cut(struct perf_data_stream *stream, uint64_t offset)
{
	stream->was_cut = true;
	if (!stream->cut)
		stream->cut = stream_error(stream, "the file ends inside the record", offset);
}

static struct error *prepare_zstd(struct perf_data_stream *stream)
{
	if (stream->zstd)
		return NULL;
	stream->zstd = ZSTD_createDCtx();
	if (!stream->zstd)
		return error_new(ERROR_SYSTEM, "cannot set up zstd");
	ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	stream->plain = memory_allocate(1, PLAIN_CAPACITY_BYTES);
	return NULL;
}

static struct byte_reader body_of(const struct perf_data_stream *stream,
				  const struct raw_record *raw)
{
	return (struct byte_reader){
		.bytes = raw->bytes,
		.position = sizeof(struct perf_event_header),
		.origin = raw->offset,
		.source = perf_data_stream_name(stream),
		.swap = stream->inputs[0].is_swapped,
	};
}

/** COMPRESSED: header and zstd bytes. COMPRESSED2: header, u64 size, that many zstd bytes. */
static struct error *begin_compressed(struct perf_data_stream *stream, const struct raw_record *raw)
{
	struct byte_reader reader = body_of(stream, raw);
	uint64_t size_bytes = byte_reader_left(&reader);

	if (raw->type == RECORD_TYPE_COMPRESSED2) {
		RETURN_IF_ERROR(byte_reader_u64(&reader, &size_bytes));
		if (size_bytes > byte_reader_left(&reader))
			return byte_reader_error(&reader, "compressed data longer than its record");
	}
	RETURN_IF_ERROR(byte_reader_bytes(&reader, (size_t)size_bytes, &stream->compressed));
	RETURN_IF_ERROR(prepare_zstd(stream));
	stream->compressed_position = 0;
	stream->compressed_offset = raw->offset;
	stream->n_decompressed_bytes = 0;
	stream->has_more_output = true;
	return NULL;
}

/** Fill the plain buffer as far as it goes. */
static struct error *decompress_more(struct perf_data_stream *stream)
{
	ZSTD_inBuffer input = { stream->compressed.data, stream->compressed.size,
				stream->compressed_position };
	ZSTD_outBuffer output = { stream->plain, PLAIN_CAPACITY_BYTES, 0 };
	size_t left = stream->plain_end - stream->plain_begin;
	size_t result;

	memmove(stream->plain, stream->plain + stream->plain_begin, left);
	output.pos = left;
	result = ZSTD_decompressStream(stream->zstd, &output, &input);
	if (ZSTD_isError(result))
		return error_new(ERROR_FORMAT, "%s: compressed record at offset %" PRIu64 ": %s",
				 perf_data_stream_name(stream), stream->compressed_offset,
				 ZSTD_getErrorName(result));
	if (input.pos == stream->compressed_position && output.pos == left &&
	    input.pos < input.size)
		return stream_error(stream, "compressed record that does not go on",
				    stream->compressed_offset);
	stream->n_decompressed_bytes += output.pos - left;
	if (stream->n_decompressed_bytes > DECOMPRESSED_SIZE_MAX_BYTES)
		return stream_error(stream, "compressed record that grows past 512 MiB",
				    stream->compressed_offset);
	stream->compressed_position = input.pos;
	stream->has_more_output = input.pos < input.size || output.pos == output.size;
	stream->plain_begin = 0;
	stream->plain_end = output.pos;
	return NULL;
}

/** The first eight of @p bytes, in our order. */
static struct perf_event_header header_of(const struct perf_data_stream *stream,
					  const uint8_t *bytes)
{
	struct perf_event_header header;

	memcpy(&header, bytes, sizeof(header));
	if (stream->inputs[0].is_swapped) {
		header.type = bswap_32(header.type);
		header.misc = bswap_16(header.misc);
		header.size = bswap_16(header.size);
	}
	return header;
}

static struct error *check_size(const struct perf_data_stream *stream,
				const struct perf_event_header *header, uint64_t offset)
{
	if (header->size >= sizeof(*header))
		return NULL;
	return error_new(ERROR_FORMAT,
			 "%s: record of type %u with the impossible size %u at offset %" PRIu64,
			 perf_data_stream_name(stream), header->type, header->size, offset);
}

/** A whole record out of the plain buffer, if there is one. */
static struct error *take_plain(struct perf_data_stream *stream, struct raw_record *ret,
				bool *found_ret)
{
	size_t left = stream->plain_end - stream->plain_begin;
	struct perf_event_header header;
	const uint8_t *begin;

	*found_ret = false;
	if (left < sizeof(header))
		return NULL;
	begin = stream->plain + stream->plain_begin;
	header = header_of(stream, begin);
	RETURN_IF_ERROR(check_size(stream, &header, stream->compressed_offset));
	if (left < header.size)
		return NULL;
	stream->plain_begin += header.size;
	*ret = (struct raw_record){
		.bytes = { .data = begin, .size = header.size },
		.type = header.type,
		.offset = stream->compressed_offset,
	};
	*found_ret = true;
	return NULL;
}

/** Bytes that follow a record without being part of it; no other record has any. */
static struct error *skip_payload(struct perf_data_stream *stream, const struct raw_record *raw)
{
	struct byte_reader reader = body_of(stream, raw);
	uint64_t size_bytes;
	bool is_whole;

	if (raw->type == RECORD_TYPE_TRACING_DATA) {
		uint32_t tracing_size_bytes;

		RETURN_IF_ERROR(byte_reader_u32(&reader, &tracing_size_bytes));
		size_bytes = ((uint64_t)tracing_size_bytes + 7) & ~UINT64_C(7);
	} else {
		RETURN_IF_ERROR(byte_reader_u64(&reader, &size_bytes));
	}
	RETURN_IF_ERROR(
		perf_data_input_skip(&stream->inputs[stream->input_index], size_bytes, &is_whole));
	if (!is_whole)
		note_cut(stream, raw->offset);
	return NULL;
}

/** One record of the input. Size 0 in @p ret->bytes: the input is at its end. */
static struct error *read_input(struct perf_data_stream *stream, struct raw_record *ret)
{
	struct perf_data_input *input = &stream->inputs[stream->input_index];
	uint64_t offset = perf_data_input_offset(input);
	struct perf_event_header header;
	struct bytes bytes;

	*ret = (struct raw_record){ .offset = offset, .is_stable = input->mapping.data != NULL };
	RETURN_IF_ERROR(perf_data_input_peek(input, sizeof(header), &bytes));
	if (bytes.size == 0)
		return NULL;
	if (bytes.size < sizeof(header)) {
		note_cut(stream, offset);
		return NULL;
	}
	header = header_of(stream, bytes.data);
	RETURN_IF_ERROR(check_size(stream, &header, offset));
	RETURN_IF_ERROR(perf_data_input_peek(input, header.size, &bytes));
	if (bytes.size < header.size) {
		note_cut(stream, offset);
		return NULL;
	}
	ret->bytes = bytes;
	ret->type = header.type;
	return NULL;
}

/** On to the next input; what is left over of a record cannot go on there. */
static void finish_input(struct perf_data_stream *stream)
{
	bool has_rest = stream->plain_begin < stream->plain_end;
	uint64_t offset = stream->compressed_offset;

	stream->plain_begin = 0;
	stream->plain_end = 0;
	if (stream->zstd)
		ZSTD_DCtx_reset(stream->zstd, ZSTD_reset_session_only);
	if (has_rest)
		note_cut(stream, offset);
	stream->input_index++;
}

struct error *perf_data_stream_next(struct perf_data_stream *stream, struct raw_record *ret,
				    bool *is_end_ret)
{
	*is_end_ret = false;
	while (stream->input_index < stream->n_inputs) {
		struct raw_record raw;
		bool found;

		RETURN_IF_ERROR(take_plain(stream, ret, &found));
		if (found)
			return NULL;
		if (stream->has_more_output) {
			RETURN_IF_ERROR(decompress_more(stream));
			continue;
		}
		RETURN_IF_ERROR(read_input(stream, &raw));
		if (raw.bytes.size == 0) {
			finish_input(stream);
			continue;
		}
		perf_data_input_advance(&stream->inputs[stream->input_index], raw.bytes.size);
		if (raw.type == RECORD_TYPE_COMPRESSED || raw.type == RECORD_TYPE_COMPRESSED2) {
			RETURN_IF_ERROR(begin_compressed(stream, &raw));
		} else if (raw.type == RECORD_TYPE_TRACING_DATA ||
			   raw.type == RECORD_TYPE_AUXTRACE) {
			RETURN_IF_ERROR(skip_payload(stream, &raw));
		} else {
			*ret = raw;
			return NULL;
		}
	}
	if (stream->cut) {
		struct error *cut = stream->cut;

		stream->cut = NULL;
		return cut;
	}
	*is_end_ret = true;
	return NULL;
}
