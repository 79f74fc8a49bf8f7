#include "perfdata/perf_data_compressor_internal.h"

#include "record/record.h"

#include <assert.h>
#include <zstd.h>

/** HEADER_COMPRESSED: the layout's version, and PERF_COMP_ZSTD. */
#define COMPRESSED_VERSION 1
#define COMPRESSED_ZSTD    1

/** What the size of a record leaves after its header. */
#define BODY_SIZE_MAX_BYTES (UINT16_MAX - sizeof(struct perf_event_header))

struct perf_data_compressor {
	ZSTD_CCtx *zstd;
	unsigned int level;
	struct byte_vector gathered; /**< Whole records. */
	uint64_t n_plain_bytes, n_compressed_bytes;
};

struct error *perf_data_compressor_create(unsigned int level, struct perf_data_compressor **ret)
{
	struct perf_data_compressor *compressor = memory_allocate(1, sizeof(*compressor));

	assert(level >= 1);
	compressor->level = level;
	compressor->zstd = ZSTD_createCCtx();
	if (!compressor->zstd || ZSTD_isError(ZSTD_CCtx_setParameter(
					 compressor->zstd, ZSTD_c_compressionLevel, (int)level))) {
		perf_data_compressor_destroy(compressor);
		return error_new(ERROR_SYSTEM, "cannot set up zstd");
	}
	byte_vector_reserve(&compressor->gathered, PERF_DATA_CHUNK_SIZE_MAX_BYTES);
	*ret = compressor;
	return NULL;
}

void perf_data_compressor_destroy(struct perf_data_compressor *compressor)
{
	if (!compressor)
		return;
	ZSTD_freeCCtx(compressor->zstd);
	byte_vector_deinit(&compressor->gathered);
	free(compressor);
}

/** One record with as much of the chunk as fits. @p left_ret 0: the chunk is out. */
static struct error *append_record(struct perf_data_compressor *compressor, ZSTD_inBuffer *chunk,
				   struct byte_vector *out, size_t *left_ret)
{
	struct perf_event_header header = { .type = RECORD_TYPE_COMPRESSED };
	const size_t begin = out->count;
	ZSTD_outBuffer body;
	size_t left;

	byte_vector_reserve(out, begin + UINT16_MAX);
	body = (ZSTD_outBuffer){ out->items + begin + sizeof(header), BODY_SIZE_MAX_BYTES, 0 };
	left = ZSTD_compressStream2(compressor->zstd, &body, chunk, ZSTD_e_flush);
	if (ZSTD_isError(left))
		return error_new(ERROR_SYSTEM, "zstd: %s", ZSTD_getErrorName(left));
	header.size = (uint16_t)(sizeof(header) + body.pos);
	memcpy(out->items + begin, &header, sizeof(header));
	out->count = begin + header.size;
	compressor->n_compressed_bytes += header.size;
	*left_ret = left;
	return NULL;
}

struct error *perf_data_compressor_flush(struct perf_data_compressor *compressor,
					 struct byte_vector *out)
{
	ZSTD_inBuffer chunk = { compressor->gathered.items, compressor->gathered.count, 0 };
	size_t left = chunk.size;

	while (left > 0)
		RETURN_IF_ERROR(append_record(compressor, &chunk, out, &left));
	compressor->n_plain_bytes += chunk.size;
	byte_vector_clear(&compressor->gathered);
	return NULL;
}

struct error *perf_data_compressor_append(struct perf_data_compressor *compressor,
					  struct bytes record, struct byte_vector *out)
{
	assert(record.size <= PERF_DATA_CHUNK_SIZE_MAX_BYTES);
	if (compressor->gathered.count + record.size > PERF_DATA_CHUNK_SIZE_MAX_BYTES)
		RETURN_IF_ERROR(perf_data_compressor_flush(compressor, out));
	byte_vector_append_bytes(&compressor->gathered, record.data, record.size);
	return NULL;
}

void perf_data_compressor_describe(const struct perf_data_compressor *compressor,
				   struct byte_vector *out)
{
	const uint64_t ratio = compressor->n_plain_bytes / MAX(compressor->n_compressed_bytes, 1u);
	const uint32_t body[] = {
		COMPRESSED_VERSION,
		COMPRESSED_ZSTD,
		compressor->level,
		(uint32_t)ratio,
		PERF_DATA_CHUNK_SIZE_MAX_BYTES,
	};

	byte_vector_append_bytes(out, body, sizeof(body));
}
